"""The two voices of the command line: results on stdout, everything else on stderr.

With `--json` stdout carries JSON lines and nothing else. What is printed never
holds control characters, so a file's name or words cannot play tricks on a
terminal, and never fails for an encoding that lacks a character.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from typing import Any

from ingest.error import PageglassError


def set_up_streams() -> None:
    """Let stdout and stderr show what their encoding lacks as escapes, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


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


class Terminal:
    """Where a command writes. `json` once the command was asked for JSON lines."""

    def __init__(self) -> None:
        self.json = False

    def result(self, line: str = "") -> None:
        """A line for people who asked for it: stdout."""
        print(line, flush=True)

    def record(self, record: dict[str, Any]) -> None:
        """One JSON object on one line of stdout."""
        print(json.dumps(record, ensure_ascii=False), flush=True)

    def note(self, line: str) -> None:
        """Something beside the result: stderr."""
        print(line, file=sys.stderr, flush=True)

    def fail(self, message: str, hint: str = "") -> None:
        """What went wrong and what to do: stderr, as an object where JSON was asked for."""
        if self.json:
            body = {"error": plain(message), "hint": plain(hint)}
            print(json.dumps(body, ensure_ascii=False), file=sys.stderr, flush=True)
            return
        self.note(f"error: {plain(message)}")
        if hint:
            self.note(f"  {plain(hint)}")

    def fault(self, fault: PageglassError) -> None:
        """A fault, as `fail` writes it."""
        self.fail(fault.message, fault.hint)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns on stdout, the last as long as it is: nothing is cut or wrapped."""
        shown = [[plain(cell) for cell in row] for row in (heads, *rows)]
        widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
        for row in shown:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            self.result("  ".join(cells).rstrip())
