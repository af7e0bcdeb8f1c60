"""Partial note: a sentence that names the shards that did not answer."""

from __future__ import annotations

from collections.abc import Sequence


def partial_note(shards: Sequence[str]) -> str:
    """Sentence about shards of the library that could not be read.

    >>> partial_note(["001"])
    'Partial: shard 001 of the library cannot be read, and was not searched.'
    """
    one = len(shards) == 1
    names = shards[0] if one else f"{', '.join(shards[:-1])} and {shards[-1]}"
    kind, verb = ("shard", "was") if one else ("shards", "were")
    return f"Partial: {kind} {names} of the library cannot be read, and {verb} not searched."
