"""What a question names: a page, a figure or table, a document."""
