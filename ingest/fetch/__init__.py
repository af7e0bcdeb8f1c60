"""Fetching of files by URL, within limits and from public addresses."""
