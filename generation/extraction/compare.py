"""Page comparison: word differences with boxes, without a language model.

The differences are those of `difflib` over printed words; the record fits the
ready schema `comparison`. The similarity of two images is an argument.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generation.answer import Usage
from generation.extraction.align import align
from generation.extraction.record import Field, Record
from generation.extraction.schema import Schema, ready_schemas
from generation.prompt import Evidence
from generation.text.quote import quote_boxes

MODEL = "extractive"
NOTE = (
    "No language model was used: words are compared as they were read,"
    " and two images by small grey versions of them."
)
KINDS = {"replace": "changed", "delete": "removed", "insert": "added"}
COARSE = (
    "There are too many repeated words to compare each: some differences are larger than need be."
)
CONTEXT = 3
"""Words before a difference that are given as its place."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Similarity of two images: the correlation (-1..1) of small grey versions.

    `same` is True where they count as the same; `sizes` are width and height in pixels.
    """

    correlation: float
    sizes: tuple[tuple[int, int], tuple[int, int]]
    same: bool


@dataclass(frozen=True, slots=True)
class _PlacedWord:
    """Printed word, with its page and its index there."""

    text: str
    page: Evidence
    at: int


def comparison_schema(a: Sequence[Evidence], b: Sequence[Evidence]) -> Schema:
    """Ready schema of a comparison, with the labels of A and B, for a language model."""
    schema = dict(ready_schemas()["comparison"])
    sides = (", ".join(f"[{page.label}]" for page in side) for side in (a, b))
    schema["description"] = "What differs between A, which is {}, and B, which is {}.".format(
        *sides
    )
    return schema


def compare(a: Sequence[Evidence], b: Sequence[Evidence], alike: Likeness | None = None) -> Record:
    """Compare the words of `a` and `b`, in reading order, then their images.

    Fields have the boxes of the words on either side; for a difference over
    several pages, those on the first.

    Args:
        alike: the similarity of their images, where each is one.
    """
    left, right = _words(a), _words(b)
    opcodes, exact = align(*([_normalize(word) for word in side] for side in (left, right)))
    differences: list[dict[str, Any]] = []
    fields: list[Field] = []
    for kind, a1, a2, b1, b2 in opcodes:
        if kind == "equal":
            continue
        sides = {"in_a": left[a1:a2], "in_b": right[b1:b2]}
        pointer = f"/differences/{len(differences)}"
        fields += [_field(f"{pointer}/{key}", some) for key, some in sides.items() if some]
        texts = {key: _text(some) or None for key, some in sides.items()}
        differences.append(
            {"what": _location(left[max(a1 - CONTEXT, 0) : a1]), **texts, "kind": KINDS[kind]}
        )
    if alike and not alike.same:
        what = f"the images: they correlate at {alike.correlation:.2f}"
        differences.append({"what": what, "in_a": None, "in_b": None, "kind": "changed"})
    data: Mapping[str, Any] = {
        "same": not differences,
        "summary": _summarize(len(fields), differences, alike),
        "differences": differences,
    }
    note = NOTE if exact else f"{NOTE} {COARSE}"
    return Record(dict(data), tuple(fields), (), MODEL, Usage(MODEL), 0, note)


def _words(pages: Sequence[Evidence]) -> list[_PlacedWord]:
    return [
        _PlacedWord(word.text, page, at) for page in pages for at, word in enumerate(page.words)
    ]


def _normalize(word: _PlacedWord) -> str:
    return unicodedata.normalize("NFKC", word.text)


def _text(words: Sequence[_PlacedWord]) -> str:
    return " ".join(word.text for word in words)


def _field(pointer: str, words: Sequence[_PlacedWord]) -> Field:
    page = words[0].page
    end = max(word.at for word in words if word.page is page) + 1
    boxes = quote_boxes(page.words, (words[0].at, end))
    text = _text(words)
    return Field(pointer, text, page.page, text, boxes, printed=True, verified=True)


def _location(before: Sequence[_PlacedWord]) -> str:
    return f'words after "{_text(before)}"' if before else "words at the start"


def _summarize(found: int, differences: Sequence[Mapping[str, Any]], alike: Likeness | None) -> str:
    of_words = sum(bool(one["in_a"] or one["in_b"]) for one in differences)
    words = f"{of_words} differences in words" if found else "No difference in words"
    if alike is None:
        return f"{words}."
    (width, height), (width2, height2) = alike.sizes
    return (
        f"{words}. The images, {width} x {height} and {width2} x {height2} pixels,"
        f" {'are nearly the same' if alike.same else 'differ'}"
        f" (correlation {alike.correlation:.2f})."
    )
