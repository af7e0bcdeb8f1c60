"""Inverted lists of an index: pages by the clusters of their centroids."""
