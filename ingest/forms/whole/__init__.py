"""Whole forms: dates, amounts, identifiers and such, each in one normal form."""
