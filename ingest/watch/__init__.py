"""Watched folders: when an ingest of them is due, without half-written files."""
