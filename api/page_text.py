"""Text of a page: words in reading order, as text, Markdown, or with boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Literal

from ingest.box import union_box
from ingest.page import Page, Word, shown_words
from ingest.reading.line import split_lines

TextFormat = Literal["text", "markdown", "json"]
_MARKUP = re.compile(r"([\\`*_\[\]<>|#])")


def page_text(words: Sequence[Word]) -> str:
    """Words that a page shows, a printed line a line, a blank line between blocks."""
    return "\n\n".join("\n".join(_lines(block)) for block in _blocks(words))


def page_markdown(words: Sequence[Word]) -> str:
    """Words that a page shows as Markdown: headings, list items, rows of tables."""
    parts: list[tuple[str, str]] = []
    for block in _blocks(words):
        text = _MARKUP.sub(r"\\\1", " ".join(_lines(block)))
        role = block[0].role
        mark = {"heading": "## ", "item": "- ", "row": "| ", "note": "> "}.get(role, "")
        parts.append((role, f"{mark}{text}{' |' if role == 'row' else ''}"))
    text = ""
    for at, (kind, part) in enumerate(parts):
        joined = at and kind == parts[at - 1][0] and kind in {"item", "row"}
        text += ("\n" if joined else "\n\n" if at else "") + part
    return text


def page_fields(page: Page, words: Sequence[Word]) -> dict[str, Any]:
    """Page as JSON: its blocks in reading order, each with its lines, words and boxes."""
    from api.schemas.pages import page_fields as address

    blocks = [
        {
            "role": block[0].role,
            "box": list(union_box([word.box for word in block])),
            "text": " ".join(_lines(block)),
            "words": [{"text": word.text, "box": list(word.box)} for word in block],
        }
        for block in _blocks(words)
    ]
    return {**address(page), "text": page_text(words), "blocks": blocks}


def _blocks(words: Sequence[Word]) -> Iterator[list[Word]]:
    for _, block in groupby(shown_words(words), key=lambda word: (word.block, word.role)):
        yield list(block)


def _lines(words: Sequence[Word]) -> list[str]:
    if words[0].role == "row":  # whole, also where cells have several lines
        return [" ".join(word.text for word in words)]
    return [
        " ".join(word.text for word in words[line.start : line.end]) for line in split_lines(words)
    ]


def render_text(page: Page, words: Sequence[Word], form: TextFormat) -> str | dict[str, Any]:
    """Text of a page in a format."""
    match form:
        case "json":
            return page_fields(page, words)
        case "markdown":
            return page_markdown(words)
    return page_text(words)
