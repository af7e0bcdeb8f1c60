"""Spelling: letters to words as printed, without marks and line-end hyphens."""
