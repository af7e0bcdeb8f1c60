"""Extraction results: records and page comparisons, with the places of values.

They are shown in notebooks and written as JSON.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from api.rag.extraction import Comparison
from api.results import html
from api.results.result_list import ResultList
from generation.extraction.record import Record

if TYPE_CHECKING:
    from ingest.page import Page

_HEADS = ("field", "value", "page", "quote", "verified")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedRecord(Record):
    """Record extracted from some pages.

    `data` fits the schema; `fields` say where each value stands.
    """

    pages: tuple[Page, ...]

    @classmethod
    def of(cls, record: Record, pages: tuple[Page, ...]) -> Self:
        """A record and the pages that it was read from."""
        values = {each.name: getattr(record, each.name) for each in fields(record)}
        return cls(**values, pages=pages)

    def to_dict(self) -> dict[str, Any]:
        """As `extract --json` writes a record."""
        from api.schemas.records import record_fields

        return {"pages": [page.key for page in self.pages], **record_fields(self)}

    def _repr_html_(self) -> str:
        return _record_html(self)


class ExtractedRecords(ResultList[ExtractedRecord]):
    """Records, one for each page or document."""


@dataclass(frozen=True, slots=True)
class PageComparison(Comparison):
    """Comparison of two pages or files, A and B."""

    @classmethod
    def of(cls, comparison: Comparison) -> Self:
        """The comparison with its JSON."""
        return cls(comparison.a, comparison.b, comparison.images, comparison.record)

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return bool(self.record.data["same"])

    @property
    def differences(self) -> list[dict[str, Any]]:
        """What differs: `kind`, `what`, `in_a` and `in_b` of each."""
        return list(self.record.data["differences"])

    def to_dict(self) -> dict[str, Any]:
        """As `extract --compare --json` writes a comparison."""
        from api.schemas.records import comparison_fields

        return comparison_fields(self)

    def _repr_html_(self) -> str:
        if not self.differences:
            return "<i>The same.</i>"
        rows = [
            [str(one["kind"]), str(one["what"]), _json(one["in_a"]), _json(one["in_b"])]
            for one in self.differences
        ]
        return html.table(("kind", "what", "in A", "in B"), rows)


def _record_html(record: Record) -> str:
    rows = [
        (
            field.pointer,
            _json(field.value),
            str(field.page) if field.page else "",
            field.quote,
            "yes" if field.verified else "no",
        )
        for field in record.fields
    ]
    note = f"<div><i>{html.escape(record.note)}</i></div>" if record.note else ""
    return html.table(_HEADS, rows) + note


def _json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
