"""Ingest layer: files to pages, words, vectors and indexes.

Knows no queries, no language models and no environment."""

__pageglass__ = "ingest"
"""Marks this package as pageglass's own: other distributions ship one of the same name."""
