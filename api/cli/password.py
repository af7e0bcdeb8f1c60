"""Passwords of PDFs, typed or from a file: others can see a command line."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from api.cli.exits import InvalidUsage


def read_password(ask: bool, file: Path | None) -> str | None:
    """Password that the user types or that a file holds; None without either.

    Raises:
        InvalidUsage: both are given, the file cannot be read, or nobody can type.
    """
    if ask and file:
        raise InvalidUsage("There are two passwords.", hint="Take --password or --password-file.")
    if file is not None:
        try:
            text = sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise InvalidUsage(
                f"The password file {file} cannot be read: {reason}.",
                hint="Its first line is the password, in UTF-8.",
            ) from error
        return text.split("\n", 1)[0].removesuffix("\r")
    if not ask:
        return None
    if not sys.stdin.isatty():
        raise InvalidUsage(
            "--password asks on a terminal, and this is none.",
            hint="Give --password-file FILE, or - for stdin.",
        )
    return str(typer.prompt("Password", hide_input=True, err=True))
