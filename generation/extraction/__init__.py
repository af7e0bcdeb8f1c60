"""Structured extraction: pages into records that fit a JSON Schema."""
