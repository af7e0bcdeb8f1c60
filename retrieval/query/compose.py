"""Composed queries: weighted sums of texts and images.

An example is "2:retriever + ./pool.jpg - fruit".

In a space that texts and images share, a sum of unit vectors finds what is similar
to all of them, a difference what is similar to the first and not the second.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.error import InvalidInputError

_WEIGHTED = re.compile(r"(\d+(?:\.\d+)?):(.+)", re.DOTALL)
SIGNS = {"+": 1.0, "-": -1.0}


class InvalidQuery(InvalidInputError):
    """The parts of a composed query cannot be parsed, or all have weight 0."""

    code = "invalid-query"


@dataclass(frozen=True, slots=True)
class QueryPart:
    """A text, or the path of an image, and its weight; negative to subtract it."""

    weight: float
    value: str


def split_query(words: Sequence[str]) -> list[QueryPart]:
    """Split a composed query into parts at words that are `+` or `-`.

    Words without a sign between them are one text. `N:` before a part is its
    weight.

    Raises:
        InvalidQuery: a sign has no part after it, or all weights are 0.

    >>> split_query("2:golden retriever - fruit".split())
    [QueryPart(weight=2.0, value='golden retriever'), QueryPart(weight=-1.0, value='fruit')]
    """
    parts: list[QueryPart] = []
    sign, waiting = 1.0, list[str]()

    def close() -> None:
        text = " ".join(waiting).strip()
        if not text:
            raise InvalidQuery(
                "A + or - has nothing to add or subtract.",
                hint='Write it like: "golden retriever" + ./pool.jpg - fruit.',
            )
        weighted = _WEIGHTED.fullmatch(text)
        weight, value = (float(weighted[1]), weighted[2]) if weighted else (1.0, text)
        parts.append(QueryPart(sign * weight, value.strip()))

    for i, word in enumerate(words):
        if word in SIGNS:
            if waiting or i:
                close()
            sign, waiting = SIGNS[word], []
        else:
            waiting.append(word)
    close()
    if not any(part.weight for part in parts):
        raise InvalidQuery("Every part has weight 0.", hint="Give one of them another weight.")
    return parts


def is_composed(words: Sequence[str]) -> bool:
    """Whether words are a composed query, not one plain text."""
    return any(word in SIGNS for word in words) or bool(
        len(words) == 1 and _WEIGHTED.fullmatch(words[0]) and not words[0][-1].isdigit()
    )


def is_image(value: str) -> bool:
    """Whether a part is the path of an image: by its first characters or its suffix."""
    return value.startswith(("./", "../", "/", "~/")) or bool(
        re.search(r"\.(jpe?g|png|webp|tiff?|gif|bmp)$", value, re.IGNORECASE)
    )
