"""Page filter: conditions on document, kind, day, tag and page number.

Becomes part of a SQL statement over `pages`; knows no database.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ingest.page import DocumentKind


@dataclass(frozen=True, slots=True)
class PageFilter:
    """Conditions that a page must meet, all of them.

    `document_ids` None is every document, () none; `kind` is one of `DOCUMENT_KINDS`;
    `since` and `until` are days (YYYY-MM-DD, both counted) on which the document
    was added; `first` and `last` are page numbers, both counted; a page must
    have every one of `tags`.
    """

    document_ids: tuple[str, ...] | None = None
    kind: DocumentKind | None = None
    since: str | None = None
    until: str | None = None
    first: int | None = None
    last: int | None = None
    tags: tuple[str, ...] = ()

    @classmethod
    def to(cls, document_ids: Sequence[str]) -> PageFilter:
        """A filter for these documents."""
        return cls(tuple(document_ids))

    def __bool__(self) -> bool:
        """Whether there is any condition."""
        return self != PageFilter()

    @property
    def has_document_conditions(self) -> bool:
        """Whether there is a condition other than page numbers."""
        return self.document_ids is not None or bool(self.kind or self.since or self.until)

    def to_sql(self) -> tuple[str, list[Any]]:
        """SQL condition on the columns of `pages`, and its values."""
        parts: list[str] = []
        values: list[Any] = []
        if self.document_ids is not None:
            parts.append("pages.document_id IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(self.document_ids))
        for column, sign, value in (
            ("kind", "=", self.kind),
            ("substr(added_at, 1, 10)", ">=", self.since),
            ("substr(added_at, 1, 10)", "<=", self.until),
        ):
            if value is not None:
                parts.append(
                    f"pages.document_id IN (SELECT id FROM documents WHERE {column} {sign} ?)"
                )
                values.append(value)
        for sign, number in ((">=", self.first), ("<=", self.last)):
            if number is not None:
                parts.append(f"pages.number {sign} ?")
                values.append(number)
        for tag in self.tags:
            parts.append(
                "EXISTS (SELECT 1 FROM tags WHERE tags.document_id = pages.document_id"
                " AND tags.number = pages.number AND tags.tag = ?)"
            )
            values.append(tag)
        return " AND ".join(parts) or "1", values


ALL_PAGES = PageFilter()
"""No condition."""
