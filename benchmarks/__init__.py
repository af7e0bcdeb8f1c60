"""Benchmarks: the measurements that the documentation quotes."""
