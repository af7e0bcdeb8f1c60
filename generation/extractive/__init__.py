"""Extractive answers: kinds of question, units of pages, scores, quotes."""
