"""Printable text: one line without control characters or undecodable bytes."""

from __future__ import annotations


def plain(text: str) -> str:
    """One line fit to print: control characters and undecodable bytes are shown as escapes."""
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte of a file name that is no text
        return f"\\x{ord(character) - 0xDC00:02x}"
    if character.isspace():
        return " "
    return character.encode("unicode_escape").decode("ascii")


def shorten(text: str, length: int) -> str:
    """The text on one line, cut to `length` characters."""
    line = plain(" ".join(text.split()))
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def readable_question(text: str) -> str:
    """A question as typed; bytes that are no text become question marks."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
