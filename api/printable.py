"""Printable text: one line without control characters or undecodable bytes."""

from __future__ import annotations


def plain(text: str) -> str:
    """Printable text on one line; control characters and bytes become escapes."""
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte of a file name that is no text
        return f"\\x{ord(character) - 0xDC00:02x}"
    if character.isspace():
        return " "
    return character.encode("unicode_escape").decode("ascii")


def shorten(text: str, length: int) -> str:
    """Printable text on one line, cut to `length` characters."""
    line = plain(" ".join(text.split()))
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def readable_question(text: str) -> str:
    """Question as typed; undecodable bytes become question marks."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def count_of(number: int, noun: str) -> str:
    """Number with its noun.

    >>> count_of(1, "page"), count_of(1200, "page")
    ('1 page', '1,200 pages')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
