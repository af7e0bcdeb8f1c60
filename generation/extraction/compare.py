"""Tell what differs between two readings, word by word with a place on both sides, without a language model.

The differences are those of `difflib` over printed words; what it says fits the
ready schema `comparison`. Knows nothing of pixels: how alike two pictures are
is handed in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from generation.answer import Usage
from generation.extraction.record import Field, Record
from generation.extraction.schema import Schema, ready_schemas
from generation.prompt import Evidence
from generation.text.quote import quote_boxes

MODEL = "extractive"
NOTE = (
    "No language model was used: words are compared as they were read,"
    " and two pictures by small grey versions of them."
)
KINDS = {"replace": "changed", "delete": "removed", "insert": "added"}
MANY_WORDS = 5_000
"""From here on difflib passes over the commonest words when it looks for what is the same: else it is slow."""
CONTEXT = 3
"""Words before a difference that say where it is."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two pictures are: the correlation (-1..1) of small grey versions, `same` where it says so.

    `sizes` are width and height in pixels.
    """

    correlation: float
    sizes: tuple[tuple[int, int], tuple[int, int]]
    same: bool


@dataclass(frozen=True, slots=True)
class _Placed:
    """A printed word: the `at`th of its page."""

    text: str
    page: Evidence
    at: int


def comparison_schema(a: Sequence[Evidence], b: Sequence[Evidence]) -> Schema:
    """The ready schema, which says by label what A and B are: for a language model."""
    schema = dict(ready_schemas()["comparison"])
    sides = (", ".join(f"[{page.label}]" for page in side) for side in (a, b))
    schema["description"] = "What differs between A, which is {}, and B, which is {}.".format(
        *sides
    )
    return schema


def compare(a: Sequence[Evidence], b: Sequence[Evidence], alike: Likeness | None = None) -> Record:
    """What differs in words from `a` to `b`, in reading order, then whether their pictures do.

    Fields lead to the words on either side; a difference that runs over several
    pages leads to the first of them.

    Args:
        alike: of their pictures, where each is one.
    """
    left, right = _words(a), _words(b)
    matcher = SequenceMatcher(
        None,
        [_spell(word) for word in left],
        [_spell(word) for word in right],
        autojunk=len(right) > MANY_WORDS,
    )
    differences: list[dict[str, Any]] = []
    fields: list[Field] = []
    for kind, a1, a2, b1, b2 in matcher.get_opcodes():
        if kind == "equal":
            continue
        sides = {"in_a": left[a1:a2], "in_b": right[b1:b2]}
        pointer = f"/differences/{len(differences)}"
        fields += [_field(f"{pointer}/{key}", some) for key, some in sides.items() if some]
        texts = {key: _text(some) or None for key, some in sides.items()}
        differences.append({"what": _place(left[:a1]), **texts, "kind": KINDS[kind]})
    if alike and not alike.same:
        what = f"the pictures: they correlate at {alike.correlation:.2f}"
        differences.append({"what": what, "in_a": None, "in_b": None, "kind": "changed"})
    data: Mapping[str, Any] = {
        "same": not differences,
        "summary": _sum_up(len(fields), differences, alike),
        "differences": differences,
    }
    return Record(dict(data), tuple(fields), (), MODEL, Usage(MODEL), 0, NOTE)


def _words(pages: Sequence[Evidence]) -> list[_Placed]:
    return [_Placed(word.text, page, at) for page in pages for at, word in enumerate(page.words)]


def _spell(word: _Placed) -> str:
    return unicodedata.normalize("NFKC", word.text)


def _text(words: Sequence[_Placed]) -> str:
    return " ".join(word.text for word in words)


def _field(pointer: str, words: Sequence[_Placed]) -> Field:
    page = words[0].page
    end = max(word.at for word in words if word.page is page) + 1
    boxes = quote_boxes(page.words, (words[0].at, end))
    text = _text(words)
    return Field(pointer, text, page.page, text, boxes, printed=True, verified=True)


def _place(before: Sequence[_Placed]) -> str:
    return f'words after "{_text(before[-CONTEXT:])}"' if before else "words at the start"


def _sum_up(found: int, differences: Sequence[Mapping[str, Any]], alike: Likeness | None) -> str:
    of_words = sum(bool(one["in_a"] or one["in_b"]) for one in differences)
    said = f"{of_words} differences in words" if found else "No difference in words"
    if alike is None:
        return f"{said}."
    (width, height), (width2, height2) = alike.sizes
    return (
        f"{said}. The pictures, {width} x {height} and {width2} x {height2} pixels,"
        f" {'are nearly the same' if alike.same else 'differ'}"
        f" (correlation {alike.correlation:.2f})."
    )
