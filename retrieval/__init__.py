"""A question in; ranked pages and regions out. Knows no language models and no HTTP."""

__pageglass__ = "retrieval"
"""Marks this package as pageglass's own: other distributions ship one of the same name."""
