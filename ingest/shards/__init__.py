"""A library in shards: several homes below one, written and read as one."""
