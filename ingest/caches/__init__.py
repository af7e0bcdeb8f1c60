"""Caches: in memory, bounded in bytes, and in the user's cache folder."""
