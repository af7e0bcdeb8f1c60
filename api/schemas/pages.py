"""JSON of a page's address, and the examples that other schemas share."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from ingest.page import Page

Edges = tuple[float, float, float, float]
"""A box: left, top, right, bottom as fractions of the page."""

EXAMPLE_ID = "8c1f0a5be2d94c7713aa"
EXAMPLE_PAGE: dict[str, Any] = {
    "page": f"{EXAMPLE_ID}-3",
    "document": EXAMPLE_ID,
    "name": "annual-report.pdf",
    "number": 3,
    "page_label": None,
    "start": None,
    "end": None,
}
EXAMPLE_BOX = [0.12, 0.31, 0.58, 0.34]


def example(value: dict[str, Any]) -> ConfigDict:
    """Model configuration with an example for the OpenAPI description."""
    return ConfigDict(json_schema_extra={"examples": [value]})


class PageBody(BaseModel):
    """A page's address. `page` is its key in URLs; `number` counts from 1.

    `page_label` is its number as printed, null where that is the same. `start` and `end`
    are the seconds of a recording that the page shows, null for other pages.
    """

    page: str
    document: str
    name: str
    number: int
    page_label: str | None = None
    start: float | None = None
    end: float | None = None


def page_fields(page: Page) -> dict[str, Any]:
    """Fields of `PageBody`."""
    return {
        "page": page.key,
        "document": page.document_id,
        "name": page.document_name,
        "number": page.number,
        "page_label": page.label or None,
        "start": page.span.start if page.span else None,
        "end": page.span.end if page.span else None,
    }
