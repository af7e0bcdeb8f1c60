"""Options that filter pages, of `search` and `ask` alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.complete import complete_tag
from api.cli.exits import InvalidUsage
from api.printable import plain

if TYPE_CHECKING:
    from ingest.filter import PageFilter

TagOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        "-t",
        autocompletion=complete_tag,
        help="Only pages with this tag. May be repeated.",
        show_default=False,
    ),
]
KindOption = Annotated[
    str | None,
    typer.Option(
        "--kind",
        help="Only pdf, image, video, audio, text, book, office, mail or archive.",
        show_default=False,
    ),
]
SinceOption = Annotated[
    datetime | None,
    typer.Option(
        "--since", formats=["%Y-%m-%d"], help="Added on this day or later.", show_default=False
    ),
]
UntilOption = Annotated[
    datetime | None,
    typer.Option(
        "--until", formats=["%Y-%m-%d"], help="Added on this day or earlier.", show_default=False
    ),
]
TakenSinceOption = Annotated[
    datetime | None,
    typer.Option(
        "--taken-since",
        formats=["%Y-%m-%d"],
        help="Photos taken on this day or later.",
        show_default=False,
    ),
]
TakenUntilOption = Annotated[
    datetime | None,
    typer.Option(
        "--taken-until",
        formats=["%Y-%m-%d"],
        help="Photos taken on this day or earlier.",
        show_default=False,
    ),
]
NearOption = Annotated[
    str | None,
    typer.Option(
        "--near",
        metavar="LAT,LON,KM",
        help="Photos taken within KM of a place in degrees.",
        show_default=False,
    ),
]
PagesOption = Annotated[
    str | None,
    typer.Option(
        "--pages", metavar="N-M", help="Only pages N to M of a document.", show_default=False
    ),
]


def read_filter(
    tags: Sequence[str] | None,
    kind: str | None,
    since: datetime | None,
    until: datetime | None,
    pages: str | None,
    taken_since: datetime | None = None,
    taken_until: datetime | None = None,
    near: str | None = None,
) -> PageFilter:
    """Filter of the options' values.

    Raises:
        InvalidUsage: `pages` is not a range, or `near` no place.
        InvalidSearch: `kind` is not one.
    """
    from api.page_search import make_filter

    numbers = read_range(pages) if pages else None
    return make_filter(
        tags=tags or (),
        kind=kind,
        since=since,
        until=until,
        pages=numbers,
        taken_since=taken_since,
        taken_until=taken_until,
        near=read_place(near) if near else None,
    )


def read_place(near: str) -> tuple[float, float, float]:
    """`59.91,10.75,20` as latitude, longitude and km.

    Raises:
        InvalidUsage
    """
    try:
        latitude, longitude, km = map(float, near.split(","))
    except ValueError:
        raise InvalidUsage(
            f"--near {plain(near)} is no place.",
            hint="Write latitude, longitude and km, like 59.91,10.75,20.",
        ) from None
    return latitude, longitude, km


def read_range(pages: str) -> tuple[int | None, int | None]:
    """`3-9`, `3-`, `-9` or `3` as the first and the last page number."""
    found = re.fullmatch(r"(\d*)(-?)(\d*)", pages.strip())
    if not found or not (found[1] or found[3]):
        raise InvalidUsage(
            f"--pages {plain(pages)} is not a range.", hint="Write it like 3-9, 3- or 3."
        )
    first = int(found[1]) if found[1] else None
    last = int(found[3]) if found[3] else None if found[2] else first
    if first == 0 or last == 0 or (first and last and last < first):
        raise InvalidUsage(
            f"--pages {plain(pages)} has no page.", hint="Pages count from 1, the lower one first."
        )
    return first, last
