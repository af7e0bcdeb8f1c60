"""Readers of formats other than PDFs and photos, and how each is recognised."""
