"""Record types: extracted data, and for each value where it is printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from generation.answer import Usage
from generation.providers.access import ModelError
from ingest.error import InvalidInputError
from ingest.page import Box, Page


class RequiredFieldMissing(InvalidInputError):
    """Fields that the schema requires were not found on the pages."""

    code = "required-field-missing"


class DocumentTooLong(InvalidInputError):
    """There are more pages, or more words on them, than are read in one request."""

    code = "document-too-long"


class SchemaMismatch(ModelError):
    """A model's reply does not fit the schema, even after its errors were sent back."""

    code = "schema-mismatch"


@dataclass(frozen=True, slots=True)
class Field:
    """Field of a record: a scalar by its JSON pointer, and its source.

    `quote` is what is printed on the page, in `boxes` (a line each, fractions of
    the page). `printed` is True where the value itself is in the quote;
    `verified` where the quote was found among the page's words and holds the
    value: `printed`, or for a boolean, quoted at all.
    `page` is None where nothing on any page was found for it.
    """

    pointer: str
    value: Any
    page: Page | None
    quote: str
    boxes: tuple[Box, ...]
    printed: bool
    verified: bool


@dataclass(frozen=True, slots=True)
class Record:
    """Extracted record; its `data` fits the schema.

    `missing` are optional properties without a value; `attempts` counts the
    replies it took, 0 where no language model was used.
    """

    data: dict[str, Any]
    fields: tuple[Field, ...]
    missing: tuple[str, ...]
    model: str
    usage: Usage
    attempts: int
    note: str = ""
