"""JSON of extracted records and of comparisons (docs/extract.md)."""

from __future__ import annotations

from typing import Any

from api.rag.extraction import Comparison
from api.schemas.answers import UsageBody
from generation.extraction.record import Record


def record_fields(record: Record) -> dict[str, Any]:
    """A record, as `extract --json` writes it."""
    return {
        "data": record.data,
        "fields": {
            field.pointer: {
                "page": field.page.key if field.page else None,
                "quote": field.quote,
                "boxes": [[round(edge, 4) for edge in box] for box in field.boxes],
                "printed": field.printed,
                "verified": field.verified,
            }
            for field in record.fields
        },
        "missing": list(record.missing),
        "model": record.model,
        "attempts": record.attempts,
        "note": record.note,
        "usage": UsageBody.of(record.usage).model_dump(),
    }


def comparison_fields(comparison: Comparison) -> dict[str, Any]:
    """A comparison, as `extract --compare --json` writes it."""
    images = comparison.images
    return {
        "a": [page.page.key for page in comparison.a],
        "b": [page.page.key for page in comparison.b],
        "pictures": (
            {"correlation": round(images.correlation, 4), "sizes": images.sizes} if images else None
        ),
        **record_fields(comparison.record),
    }
