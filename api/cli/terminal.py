"""Terminal output: results on stdout, messages and errors on stderr.

With `--json` stdout carries JSON lines and nothing else. What is printed never
holds control characters, so that a file's name or words cannot control the
terminal, and never fails for an encoding that lacks a character.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from typing import Any

from api.hints import hint_for
from api.printable import plain
from ingest.error import PageglassError


def set_up_streams() -> None:
    """Let stdout and stderr write escapes for characters that their encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class Terminal:
    """Output of a command; `json` where it was asked for JSON lines."""

    def __init__(self) -> None:
        self.json = False

    def result(self, line: str = "") -> None:
        """Print a line of the result on stdout."""
        print(line, flush=True)

    def record(self, record: dict[str, Any]) -> None:
        """Print one JSON object on one line of stdout."""
        print(json.dumps(record, ensure_ascii=False), flush=True)

    def note(self, line: str) -> None:
        """Print a message on stderr."""
        print(line, file=sys.stderr, flush=True)

    def note_wait(self) -> None:
        """Say that another process writes to the home."""
        self.note("Waiting for another pageglass that writes to this home.")

    def fail(self, message: str, hint: str = "") -> None:
        """Print what went wrong and a hint on stderr, as JSON where that was asked for."""
        if self.json:
            body = {"error": plain(message), "hint": plain(hint)}
            print(json.dumps(body, ensure_ascii=False), file=sys.stderr, flush=True)
            return
        self.note(f"error: {plain(message)}")
        if hint:
            self.note(f"  {plain(hint)}")

    def error(self, error: PageglassError) -> None:
        """Print an error with its hint in the words of the command line."""
        self.fail(error.message, hint_for(error, "cli"))

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print columns on stdout; nothing is cut or wrapped."""
        shown = [[plain(cell) for cell in row] for row in (heads, *rows)]
        widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
        for row in shown:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            self.result("  ".join(cells).rstrip())
