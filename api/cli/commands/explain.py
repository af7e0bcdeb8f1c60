"""`pageglass explain QUERY PAGE`: token matches and heat map of a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.exits import InvalidUsage
from api.cli.options import HomeOption, JsonOption
from api.cli.session import session
from api.printable import plain, readable_question

if TYPE_CHECKING:
    from retrieval.explain.explain import Explanation


def explain(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help="A question, or what an image shows.")],
    page: Annotated[
        str, typer.Argument(help="DOCUMENT-NUMBER, as `search --json` shows it; or FILE-NUMBER.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write a heat map of the page here (PNG), one panel a word.", show_default=False
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(help="Only this word of the query, large.", show_default=False),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(help="The encoder that explains.", show_default="the one it ranks by"),
    ] = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show why a page was found: the best match of each word, and a heat map."""
    found = session(ctx, json=json)
    from api.schemas.explanations import explanation_fields
    from ingest.library.atomic import write_atomically
    from retrieval.explain.heatmap import draw_heatmap, draw_heatmap_sheet

    searcher = found.open_searcher(home)
    try:
        wanted = searcher.library.page(page)
        explained = searcher.explain(readable_question(query), wanted, encoder)
        image = searcher.library.image(wanted)
    finally:
        searcher.close()
    if token is not None:
        drawn = draw_heatmap(image, explained, find_token(explained, token))
    else:
        drawn = draw_heatmap_sheet(image, explained)
    if out is not None:
        write_atomically(out, drawn)
    if json:
        found.terminal.record({**explanation_fields(explained), "saved": str(out) if out else None})
        return
    terminal = found.terminal
    terminal.result(f"{plain(str(wanted))}: {explained.score:.3f} by {explained.encoder}")
    rows = [
        (match.word or "(model)", f"{match.weight:.2f}", f"{match.score:.3f}", _place(match.box))
        for match in explained.tokens
    ]
    terminal.table(("token", "weight", "best", "where"), rows)
    if out is not None:
        terminal.note(f"wrote {out}")


def find_token(explained: Explanation, word: str) -> int:
    """Index of a word among a query's tokens.

    Raises:
        InvalidUsage: it is not one of them.
    """
    words = [match.word.casefold() for match in explained.tokens]
    if word.casefold() in words:
        return words.index(word.casefold())
    there = ", ".join(dict.fromkeys(filter(None, words)))
    raise InvalidUsage(f"{word!r} is not a word of the query.", hint=f"It has: {there}.")


def _place(box: tuple[float, float, float, float]) -> str:
    return " ".join(f"{edge:.3f}" for edge in box) if box[2] > box[0] else "not on the page"
