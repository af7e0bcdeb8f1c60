"""Pages in; a cited answer out. Knows no index and no HTTP."""

__pageglass__ = "generation"
"""Marks this package as pageglass's own: other distributions ship one of the same name."""
