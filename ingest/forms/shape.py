"""Shape of a text: the kinds of its characters."""

from __future__ import annotations

from itertools import groupby


def shape_of(text: str) -> str:
    """Kinds of a text's characters, each run once: "1" for digits, "a" for letters.

    >>> shape_of("INV-2041")
    'a-1'
    """
    kinds = ("1" if c.isdigit() else "a" if c.isalpha() else c for c in text)
    return "".join(kind for kind, _ in groupby(kinds))
