"""Readers of JSON, JSON Lines, CSV and TSV rows with their line numbers."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from retrieval.evaluate.dataset import InvalidDataset

Row = Mapping[str, Any]
TABLES = (".csv", ".tsv")


def read_text(path: Path) -> str:
    """Read a text file.

    Raises:
        InvalidDataset: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InvalidDataset(
            f"{path} cannot be opened: {error.strerror}.",
            hint="Check that it exists and is readable.",
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidDataset(f"{path} is not UTF-8: {error}.", hint="Save it as UTF-8.") from None


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        InvalidDataset: it is not JSON.
    """
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise InvalidDataset(
            f"{path} is not JSON: {error}.", hint="Correct or replace it."
        ) from None


def read_lines(path: Path) -> Iterator[tuple[str, Row]]:
    """Read the objects of a JSON Lines file with their places.

    A place is, for example, "corpus.jsonl, line 3".

    Raises:
        InvalidDataset: a line is not a JSON object.
    """
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path.name}, line {number}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InvalidDataset(
                f"{where} is not JSON: {error}.", hint="Write one JSON object on each line."
            ) from None
        if not isinstance(value, dict):
            raise InvalidDataset(
                f"{where} is not a JSON object.", hint="Write one JSON object on each line."
            )
        yield where, value


def read_table(path: Path) -> Iterator[tuple[str, Row]]:
    """Read the rows of a CSV or TSV file with a header, with their places.

    Raises:
        InvalidDataset: a row has more or fewer cells than the header.
    """
    lines = read_text(path).splitlines()
    # A TSV of TREC's kind has no quoting: a question may begin with a quotation mark.
    if path.suffix.lower() == ".tsv":
        reader = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(lines)
    head: list[str] | None = None
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if head is None:
            head = [cell.strip() for cell in cells]
            continue
        where = f"{path.name}, line {reader.line_num}"
        if len(cells) != len(head):
            raise InvalidDataset(
                f"{where} has {len(cells)} cells, the header {len(head)}.",
                hint=f"Write {', '.join(head)} on every line.",
            )
        yield where, dict(zip(head, cells, strict=True))


def text(row: Row, where: str, *names: str) -> str:
    """The first of several fields that has a value, as text.

    Raises:
        InvalidDataset: none has.
    """
    for name in names:
        value = row.get(name)
        if isinstance(value, (str, int)) and str(value).strip():
            return str(value).strip()
    raise InvalidDataset(f'{where} has no "{names[0]}".', hint=f'Give "{names[0]}" as a text.')


def texts(value: Any) -> tuple[str, ...]:
    """A value or a list of values as texts."""
    if value is None or value == "":
        return ()
    return tuple(str(one) for one in value) if isinstance(value, (list, tuple)) else (str(value),)
