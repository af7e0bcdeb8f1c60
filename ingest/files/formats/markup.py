"""HTML as it is laid out: without the pictures that it does not carry itself."""

from __future__ import annotations

import re
from html import escape, unescape

_IMAGE = re.compile(r"<img\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)
_ATTRIBUTE = r"\b{}\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))"
_SOURCE = re.compile(_ATTRIBUTE.format("src"), re.IGNORECASE)
_ALT = re.compile(_ATTRIBUTE.format("alt"), re.IGNORECASE)


def drop_outside_pictures(html: str) -> tuple[str, bool]:
    """HTML without pictures from elsewhere, and whether there were any.

    >>> drop_outside_pictures('<p><img src="http://example.org/a.png" alt="a boat"></p>')
    ('<p>a boat</p>', True)
    """
    dropped = False

    def keep(found: re.Match[str]) -> str:
        nonlocal dropped
        if _value(_SOURCE, found[1]).lstrip()[:5].lower() == "data:":
            return found[0]
        dropped = True
        return escape(_value(_ALT, found[1]))

    return _IMAGE.sub(keep, html), dropped


def _value(pattern: re.Pattern[str], attributes: str) -> str:
    found = pattern.search(attributes)
    return unescape(next((each for each in found.groups() if each), "")) if found else ""
