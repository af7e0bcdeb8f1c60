"""Page filter: conditions on document, kind, day, tag and page number.

Becomes part of a SQL statement over `pages`; knows no database.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ingest.page import DocumentKind, PhotoInfo

EARTH_KM = 6371.0
"""Mean radius."""


@dataclass(frozen=True, slots=True)
class PhotoFilter:
    """Conditions on what a photo says of itself, all of them.

    `taken_since` and `taken_until` are days (YYYY-MM-DD, both counted); `near` is a latitude
    and a longitude in degrees, and a distance in km.
    """

    taken_since: str | None = None
    taken_until: str | None = None
    near: tuple[float, float, float] | None = None

    def fits(self, photo: PhotoInfo) -> bool:
        """Whether a photo meets every condition; one that does not say fails."""
        day = photo.taken[:10]
        if self.taken_since and not (day and day >= self.taken_since):
            return False
        if self.taken_until and not (day and day <= self.taken_until):
            return False
        if self.near is None:
            return True
        if photo.latitude is None or photo.longitude is None:
            return False
        here = photo.latitude, photo.longitude
        return distance_km(here, self.near[:2]) <= self.near[2]


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Distance of two places on the globe (haversine).

    >>> round(distance_km((52.52, 13.405), (48.137, 11.575)))  # Berlin, Munich
    504
    """
    (a, b), (c, d) = ((math.radians(x), math.radians(y)) for x, y in (one, other))
    half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(half, 1.0)))


@dataclass(frozen=True, slots=True)
class PageFilter:
    """Conditions that a page must meet, all of them.

    `document_ids` None is every document, () none; `kind` is one of `DOCUMENT_KINDS`;
    `since` and `until` are days (YYYY-MM-DD, both counted) on which the document
    was added; `first` and `last` are page numbers, both counted; a page must
    have every one of `tags`. `photos` is resolved to `document_ids` by whoever has the
    library, before the filter is used.
    """

    document_ids: tuple[str, ...] | None = None
    kind: DocumentKind | None = None
    since: str | None = None
    until: str | None = None
    first: int | None = None
    last: int | None = None
    tags: tuple[str, ...] = ()
    photos: PhotoFilter | None = None

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
        if self.photos:
            raise ValueError("conditions on photos are not resolved")
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
