"""Reading order: pieces of lines in columns, rows and directions of print."""
