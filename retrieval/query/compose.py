"""Questions made of several texts and pictures, added and taken away: `2:golden retriever + ./pool.jpg - fruit`.

In a space that texts and pictures share, sums of unit vectors find what is like
all of them, and differences what is like the first but not the second.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.error import InvalidInputError

_WEIGHTED = re.compile(r"(\d+(?:\.\d+)?):(.+)", re.DOTALL)
SIGNS = {"+": 1.0, "-": -1.0}


class InvalidQuery(InvalidInputError):
    """The parts of a question do not add up."""

    code = "invalid-query"


@dataclass(frozen=True, slots=True)
class QueryPart:
    """A text, or the path of a picture, and what it counts; less than nothing takes it away."""

    weight: float
    value: str


def split_query(words: Sequence[str]) -> list[QueryPart]:
    """Parts of a question as a command line gives it: `+` and `-` stand alone between them.

    Words without a sign between them are one text. `N:` before a part weighs it.

    Raises:
        InvalidQuery: a sign has nothing after it, or all parts weigh nothing.
    """
    parts: list[QueryPart] = []
    sign, held = 1.0, list[str]()

    def close() -> None:
        text = " ".join(held).strip()
        if not text:
            raise InvalidQuery(
                "A + or - has nothing to add or take away.",
                hint='Write it like: "golden retriever" + ./pool.jpg - fruit.',
            )
        weighted = _WEIGHTED.fullmatch(text)
        weight, value = (float(weighted[1]), weighted[2]) if weighted else (1.0, text)
        parts.append(QueryPart(sign * weight, value.strip()))

    for i, word in enumerate(words):
        if word in SIGNS:
            if held or i:
                close()
            sign, held = SIGNS[word], []
        else:
            held.append(word)
    close()
    if not any(part.weight for part in parts):
        raise InvalidQuery("Every part weighs nothing.", hint="Give one of them a weight.")
    return parts


def is_composed(words: Sequence[str]) -> bool:
    """Whether a command line's words are more than one plain text."""
    return any(word in SIGNS for word in words) or bool(
        len(words) == 1 and _WEIGHTED.fullmatch(words[0]) and not words[0][-1].isdigit()
    )


def is_image(value: str) -> bool:
    """Whether a part names a file: by how it starts, or by its ending."""
    return value.startswith(("./", "../", "/", "~/")) or bool(
        re.search(r"\.(jpe?g|png|webp|tiff?|gif|bmp)$", value, re.IGNORECASE)
    )
