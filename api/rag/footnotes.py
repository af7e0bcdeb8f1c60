"""Footnotes: citations as Markdown below an answer, for text-only clients."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote, urlencode

from api.rag.citation_note import citation_note
from api.rag.neutral_markdown import escape_markdown
from generation.answer import Citation

RULE = "\n\n---\n"
_NOTES = re.compile(r"\n\n---\n(?:\n(?:\[\d+\] \[|> Not checked: )[^\n]*)+\n*\Z")


def write_footnotes(citations: Sequence[Citation], base: str, warning: str = "") -> str:
    """Footnotes in Markdown, one line a citation: label, page as a link, quote.

    Args:
        base: the server's address, as clients reach it, with a slash at its end.
        warning: why the answer is not grounded; it comes last.
    """
    lines = [_footnote(citation, base) for citation in citations]
    if warning:
        lines.append(f"> Not checked: {escape_markdown(warning)}")
    return RULE + "".join(f"\n{line}" for line in lines) if lines else ""


def without_footnotes(text: str) -> str:
    """Text with its footnotes removed."""
    return _NOTES.sub("", text)


def page_link(citation: Citation, base: str) -> str:
    """URL of the cited page's image with its boxes marked."""
    path = f"v1/pages/{quote(citation.page.key)}/image"
    if not citation.boxes:
        return base + path
    boxes = (",".join(f"{edge:.4f}" for edge in box) for box in citation.boxes)
    return f"{base}{path}?{urlencode({'highlight': ';'.join(boxes)}, safe=',;')}"


def _footnote(citation: Citation, base: str) -> str:
    where = escape_markdown(str(citation.page))
    quoted = f': "{escape_markdown(citation.quote)}"' if citation.quote else ""
    return f"[{citation.label}] [{where}]({page_link(citation, base)}){quoted}{citation_note(citation)}"
