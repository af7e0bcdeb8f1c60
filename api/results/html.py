"""HTML for notebooks: escaped text, embedded images, tables and cards."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

THUMBNAIL = 240
"""Pixels of a thumbnail's longer side."""
_CARD = "border:1px solid #8884;border-radius:6px;padding:8px;max-width:260px;font-size:13px"
_GRID = "display:flex;flex-wrap:wrap;gap:10px;align-items:flex-start"
_CELL = "text-align:left;vertical-align:top;padding:2px 12px 2px 0"


def escape(text: str) -> str:
    """Text as HTML in which nothing is markup.

    Control characters become spaces; lines end in `<br>`.
    """
    lines = text.split("\n")
    return "<br>".join(
        html.escape("".join(c if c.isprintable() else " " for c in line)) for line in lines
    )


def image(picture: Image.Image, alt: str, longest: int = THUMBNAIL) -> str:
    """An `<img>` with the pixels embedded as WebP.

    The image is scaled so that its longer side is at most `longest` pixels.
    """
    small = picture.convert("RGB")
    small.thumbnail((longest, longest))
    data = io.BytesIO()
    small.save(data, "WEBP", quality=80)
    encoded = base64.b64encode(data.getvalue()).decode("ascii")
    return (
        f'<img src="data:image/webp;base64,{encoded}" alt="{escape(alt)}"'
        f' width="{small.width}" height="{small.height}" style="border:1px solid #8884">'
    )


def card(*parts: str) -> str:
    """A box around parts, each a line of HTML of its own; empty ones are left out."""
    inside = "".join(f"<div>{part}</div>" for part in parts if part)
    return f'<div style="{_CARD}">{inside}</div>'


def grid(cards: Iterable[str], title: str = "") -> str:
    """Cards side by side, as many in a row as fit, under a title of plain text."""
    head = f"<div><b>{escape(title)}</b></div>" if title else ""
    return f'{head}<div style="{_GRID}">{"".join(cards)}</div>'


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of plain text, all of it escaped."""
    head = "".join(f'<th style="{_CELL}">{escape(cell)}</th>' for cell in heads)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
