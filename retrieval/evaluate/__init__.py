"""Retrieval evaluation: datasets, metrics, intervals and comparisons.

Measures how well a home finds what labelled questions ask for.
"""
