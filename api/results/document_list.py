"""Documents of a library, as a table in notebooks and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

from api.results import html
from api.results.result_list import ResultList
from ingest.page import Document

HEADS = ("document", "pages", "added", "name")


@dataclass(frozen=True, slots=True)
class LibraryDocument(Document):
    """Document of a library: a file's content and the paths it was read from."""

    @classmethod
    def of(cls, document: Document) -> Self:
        """The document with its JSON and its row."""
        titled = document.titled()
        return cls(**{each.name: getattr(titled, each.name) for each in fields(titled)})

    def to_dict(self) -> dict[str, Any]:
        """As `list --json` writes a document."""
        from api.schemas.documents import DocumentBody

        return DocumentBody.of(self).model_dump(mode="json")

    def row(self) -> tuple[str, str, str, str]:
        """Id, number of pages, day on which it was added, and name."""
        return self.id, str(self.page_count), self.added_at[:10], self.name

    def _repr_html_(self) -> str:
        return html.table(HEADS, [self.row()])


class Documents(ResultList[LibraryDocument]):
    """Documents, by name."""

    def _repr_html_(self) -> str:
        if not self:
            return "<i>No documents.</i>"
        return html.table(HEADS, [document.row() for document in self])
