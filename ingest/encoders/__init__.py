"""Encoders of pages and queries to vectors, one file each.

`load.load_encoder` has one `case` for each.
"""
