"""Scores of passages: terms, cosines, forms, definitions and authors."""
