"""Measurements that the documentation quotes, each runnable by itself."""
