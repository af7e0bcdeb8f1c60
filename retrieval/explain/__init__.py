"""Explanations of a score: matching regions, token similarities and heat maps."""
