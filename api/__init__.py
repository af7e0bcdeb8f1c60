"""Interfaces: command line, HTTP, MCP and Python, with their settings."""

__pageglass__ = "api"
"""Marks this package as pageglass's own: other distributions ship one of the same name."""
