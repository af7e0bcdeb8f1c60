"""Files in; pages, words, vectors and an index out. Knows no queries, no language models, no environment."""

__pageglass__ = "ingest"
"""Marks this package as pageglass's own: other distributions ship one of the same name."""
