"""Glossaries of financial ratios and their line items, as data."""
