"""Extractive answers: a question's kind, units of the pages, their scores, the quotes."""
