"""Shards: libraries that are searched together, as one."""
