"""Vocabulary of a library: its words with their vectors, to translate questions."""
