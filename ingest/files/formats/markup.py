"""HTML as it is laid out: no outside pictures, values of fields."""

from __future__ import annotations

import re
from html import escape, unescape

_IMAGE = re.compile(r"<img\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)
_ATTRIBUTE = r"\b{}\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))"
_SOURCE = re.compile(_ATTRIBUTE.format("src"), re.IGNORECASE)
_ALT = re.compile(_ATTRIBUTE.format("alt"), re.IGNORECASE)

_INPUT = re.compile(r"<input\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)
_TYPE = re.compile(_ATTRIBUTE.format("type"), re.IGNORECASE)
_FIELD_VALUE = re.compile(_ATTRIBUTE.format("value"), re.IGNORECASE)
_CHECKED = re.compile(r"\bchecked\b", re.IGNORECASE)
_SELECTED = re.compile(r"<option\b[^<>]{0,300}\bselected\b[^<>]{0,300}>", re.IGNORECASE)
_UNSHOWN = frozenset({"hidden", "password", "submit", "button", "image", "file", "reset"})
_APART = re.compile(
    r"</?(?:dialog|form|details|summary|center|caption|label|button|option|textarea|select"
    r"|noscript|output|meter|progress|video|audio|canvas|object|iframe|optgroup)\b[^<>]*>",
    re.IGNORECASE,
)
"""Elements that MuPDF does not know, and sets in the line without a blank."""
_META = re.compile(r"<meta\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)
_META_NAME = re.compile(_ATTRIBUTE.format("name"), re.IGNORECASE)
_CONTENT = re.compile(_ATTRIBUTE.format("content"), re.IGNORECASE)
_ABOUT = frozenset({"description", "keywords", "author"})
MAX_ABOUT = 2_000
"""Characters of what a page says of itself."""


def show_fields(html: str) -> str:
    """HTML with values of its form fields, and words of unknown elements apart.

    >>> show_fields('<label>Name</label><input value="Ada"><input type=checkbox checked>')
    ' <label>Name</label>  Ada  ☒ '
    """
    shown = _SELECTED.sub(lambda found: f"{found[0]}☒ ", _INPUT.sub(_field, html))
    return _APART.sub(_apart, shown)


def _apart(found: re.Match[str]) -> str:
    return f"{found[0]} " if found[0].startswith("</") else f" {found[0]}"


def _field(found: re.Match[str]) -> str:
    kind = _value(_TYPE, found[1]).lower()
    if kind in ("checkbox", "radio"):
        return " ☒ " if _CHECKED.search(found[1]) else " ☐ "
    return " " if kind in _UNSHOWN else f" {escape(_value(_FIELD_VALUE, found[1]))} "


def read_about(html: str) -> list[str]:
    """Description, keywords and author of an HTML page.

    >>> read_about('<meta name="description" content="Tides of Ostwick">')
    ['description Tides of Ostwick']
    """
    found = (
        (_value(_META_NAME, m[1]).lower(), _value(_CONTENT, m[1])) for m in _META.finditer(html)
    )
    return [f"{name} {text[:MAX_ABOUT]}" for name, text in found if name in _ABOUT and text]


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
