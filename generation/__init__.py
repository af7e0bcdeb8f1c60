"""Answer generation: evidence pages to a cited, verified answer."""

__pageglass__ = "generation"
"""Marks this package as pageglass's own: other distributions ship one of the same name."""
