"""What clients send as JSON. A field that is not known is refused, so that a slip is not overlooked."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ingest.narrow import Narrow

MOST_HITS = 100
LONGEST_QUERY = 2_000
"""Characters."""


def _closed(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]}, extra="forbid")


class SearchRequest(BaseModel):
    """What to look for."""

    model_config = _closed({"query": "visitors in August", "top": 5})

    query: str = Field(max_length=LONGEST_QUERY, description="A question or a description.")
    top: int = Field(10, ge=1, le=MOST_HITS, description="How many pages at most.")
    images: bool = Field(False, description="Only photos and figures, by what they show.")
    documents: list[str] | None = Field(
        None, max_length=1_000, description="Look only in these: ids, heads of ids or file names."
    )
    tags: list[str] = Field(
        [], max_length=100, description="Only pages that have all of these tags."
    )
    kind: Literal["pdf", "image"] | None = Field(None, description="Only documents of this kind.")
    since: date | None = Field(None, description="Only documents added on this day or later.")
    until: date | None = Field(None, description="Only documents added on this day or earlier.")
    first_page: int | None = Field(None, ge=1, description="Only pages from this number on.")
    last_page: int | None = Field(None, ge=1, description="Only pages up to this number.")

    def narrow(self) -> Narrow:
        """What is searched within, but for documents and tags."""
        since, until = (day.isoformat() if day else None for day in (self.since, self.until))
        return Narrow(None, self.kind, since, until, self.first_page, self.last_page)


class AskRequest(BaseModel):
    """What to answer."""

    model_config = _closed({"query": "How many people came in August?"})

    query: str = Field(max_length=LONGEST_QUERY, description="A question.")
    top: int | None = Field(
        None, ge=1, le=50, description="How many pages to answer from; PAGEGLASS_EVIDENCE_PAGES."
    )
    documents: list[str] | None = Field(
        None, max_length=1_000, description="Answer only from these: as in a search."
    )
