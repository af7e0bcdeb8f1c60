"""Catalog of encoders: what can be named, with families and sizes."""
