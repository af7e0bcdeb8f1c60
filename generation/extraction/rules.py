"""Rule-based extraction: records from labels and typed values, without a model.

A property is looked for by the words of its name and title: the value is right
of a label, or below it. Dates, numbers and amounts are looked for by their form
too. A seller's name and an address, which have no label on most receipts, are
looked for at the head of the page. What is not found is left out, or null where
the schema allows it. Values are copied as printed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from generation.answer import Usage
from generation.extraction.extract import field
from generation.extraction.issuer import find_address, find_company
from generation.extraction.label import FoundValue, find_labelled, label_words
from generation.extraction.layout import PageLayout, Pages
from generation.extraction.record import Record, RequiredFieldMissing
from generation.extraction.schema import (
    Schema,
    escape_pointer,
    json_types,
    resolve,
    validation_errors,
)
from generation.extraction.schema_budget import InvalidSchema, count_values
from generation.extraction.typed_field import find_amount, find_date, find_enum, find_number
from generation.prompt import Evidence

NAME = "extractive"
NOTE = "No language model was used: values were found by their labels and their form, and copied."

MAX_WORK = 10_000_000
"""Values of a schema times words of the pages; some 10 s on one core."""
_COMPANY = {"company", "vendor", "seller", "merchant", "supplier", "store"}


def extract_by_rules(evidence: Sequence[Evidence], schema: Schema) -> Record:
    """Extract the pages as one record, as far as values can be found.

    Raises:
        RequiredFieldMissing: a field that the schema requires is not found; it says which.
        InvalidSchema: the schema asks for too much of so many words.
    """
    words = sum(len(each.words) for each in evidence)
    if count_values(schema) * words > MAX_WORK:
        raise InvalidSchema(
            f"The schema asks for too many fields of {words:,} words.",
            hint="Ask for fewer fields or pages, or use a language model.",
        )
    pages = [PageLayout(each) for each in evidence]
    found: dict[str, FoundValue] = {}
    data = _object(schema, schema, "", pages, found)
    problems = validation_errors(schema, data)
    if problems:
        raise RequiredFieldMissing(
            f"Not everything that the schema requires was found: {'; '.join(problems[:5])}.",
            hint="Allow null, leave it out of `required`, or use a language model.",
        )
    fields = tuple(
        field(pointer, each.value, each.page, each.span, printed=True)
        for pointer, each in found.items()
    )
    left = tuple(key for key in schema.get("properties", {}) if data.get(key) is None)
    return Record(data, fields, left, NAME, Usage(NAME), 0, NOTE)


def _object(
    root: Schema, part: Schema, pointer: str, pages: Pages, found: dict[str, FoundValue]
) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, inner in part.get("properties", {}).items():
        one = resolve(root, inner)
        types = json_types(root, one)
        here = f"{pointer}/{escape_pointer(key)}"
        if "object" in types:
            data[key] = _object(root, one, here, pages, found)
            continue
        value = _scalar(key, one, types, pages)
        if value is not None and not validation_errors(_with_defs(root, one), value.value):
            found[here] = value
            data[key] = value.value
        elif "null" in types:
            data[key] = None
    return data


def _with_defs(root: Schema, part: Schema) -> dict[str, Any]:
    return {"$defs": root.get("$defs", {}), **part}


def _scalar(key: str, part: Mapping[str, Any], types: set[str], pages: Pages) -> FoundValue | None:
    label = label_words(f"{key} {part.get('title', '')}")
    if "enum" in part:
        return find_enum(part["enum"], label, pages)
    if part.get("format") == "date" or "date" in label:
        return find_date(label, pages, iso=part.get("format") == "date")
    numeric = bool(types & {"number", "integer"})
    if label & {"total", "amount"}:
        return find_amount(label, pages, numeric=numeric)
    if numeric:
        return find_number(label, pages, integer="number" not in types)
    if "string" not in types:
        return None
    labelled = find_labelled(label, pages)
    if label & _COMPANY:
        plain = labelled and not re.search(r"\d{4}", labelled.value)
        return labelled if plain else find_company(pages)
    if labelled is None and "address" in label:
        return find_address(pages)
    return labelled
