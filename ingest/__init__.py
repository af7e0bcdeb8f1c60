"""Files in; pages, words, vectors and an index out. Knows no queries, no language models, no environment."""
