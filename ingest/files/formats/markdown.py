"""Markdown as HTML: CommonMark with tables, and the front matter apart."""

from __future__ import annotations

import re
from html import escape

from markdown_it import MarkdownIt

_FRONT = re.compile(r"\A---[ \t]*\n(.{0,20000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^title:[ \t]*[\"']?(.{1,300}?)[\"']?[ \t]*$", re.MULTILINE | re.IGNORECASE)


def markdown_to_html(text: str) -> str:
    """HTML of a Markdown text, with the title of its front matter.

    >>> markdown_to_html("# Tides")
    '<html><head><title></title></head><body><h1>Tides</h1>\\n</body></html>'
    """
    title = ""
    if front := _FRONT.match(text):
        found = _TITLE.search(front[1])
        title = found[1] if found else ""
        text = text[front.end() :]
    body = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text)
    return f"<html><head><title>{escape(title)}</title></head><body>{body}</body></html>"


def front_matter(text: str) -> list[str]:
    """What a Markdown text says of itself before it begins, for search.

    >>> front_matter("---\\ntags: [tides]\\n---\\nText")
    ['tags: [tides]']
    """
    front = _FRONT.match(text)
    return [front[1]] if front else []
