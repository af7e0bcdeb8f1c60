"""Retrieval layer: a query to ranked pages and regions.

The layer uses no language model and no HTTP.
"""

__pageglass__ = "retrieval"
"""Marks this package as pageglass's own: other distributions ship one of the same name."""
