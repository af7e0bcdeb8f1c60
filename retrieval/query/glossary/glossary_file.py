"""Glossary files: read, checked, and joined with the user's own."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ingest.error import InvalidInputError
from ingest.forms.terms import split_terms
from retrieval.query.glossary.glossary import Entry, Glossary

GLOSSARY = "glossary.toml"
"""Name of the user's file, in the home."""
_KEYS = {"item": {"names", "common"}, "ratio": {"names", "items", "common"}}


class InvalidGlossary(InvalidInputError):
    """A glossary cannot be read."""

    code = "invalid-glossary"


def load_glossary(home: Path) -> Glossary:
    """Entries of every language, and those of the user's file where the home has one.

    Raises:
        InvalidGlossary: the user's file is no glossary.
    """
    own = home / GLOSSARY
    return Glossary((*_given(), *(_read(own) if own.is_file() else ())))


@cache
def _given() -> tuple[Entry, ...]:
    files = sorted(Path(__file__).parent.glob("ratios-*.toml"))
    return tuple(entry for file in files for entry in _read(file))


def _read(path: Path) -> tuple[Entry, ...]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _invalid(path, str(error)) from error
    cues = tuple(_texts(path, "cues", data.pop("cues", [])))
    if unknown := data.keys() - _KEYS.keys():
        raise _invalid(path, f"it has {', '.join(sorted(unknown))}")
    return tuple(_entries(path, data, cues))


def _entries(path: Path, data: dict[str, Any], cues: tuple[str, ...]) -> Iterator[Entry]:
    for kind, keys in _KEYS.items():
        tables = data.get(kind, [])
        if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
            raise _invalid(path, f"{kind} is not [[{kind}]]")
        for table in tables:
            names = _texts(path, "names", table.get("names"))
            items = _texts(path, "items", table.get("items")) if kind == "ratio" else []
            common = table.get("common", False)
            if not names or table.keys() - keys or not isinstance(common, bool):
                raise _invalid(path, f"an entry [[{kind}]] has not the right keys: {table}")
            yield Entry(tuple(names), tuple(items), common, cues)


def _texts(path: Path, key: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(t, str) and split_terms(t) for t in value):
        raise _invalid(path, f"{key} is not a list of words")
    return value


def _invalid(path: Path, reason: str) -> InvalidGlossary:
    return InvalidGlossary(
        f"The glossary {path} cannot be read: {reason}.",
        hint='Write [[item]] with names = ["..."], and [[ratio]] with names and items.',
    )
