"""Retrieval-augmented generation: from a question to evidence to a checked answer."""
