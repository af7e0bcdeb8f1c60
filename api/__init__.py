"""People in; everything below out. The only folder that reads the environment, prints or speaks HTTP."""

__pageglass__ = "api"
"""Marks this package as pageglass's own: other distributions ship one of the same name."""
