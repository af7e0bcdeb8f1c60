"""Caches in memory, bounded in bytes."""
