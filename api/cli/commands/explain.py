"""`pageglass explain QUERY PAGE --out map.png`: where a page answers to a question, word by word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.exits import InvalidUsage
from api.cli.session import HomeOption, JsonOption, session
from api.cli.terminal import plain, readable_question

if TYPE_CHECKING:
    from retrieval.explain.explain import Explanation


def explain(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help="A question, or what a picture shows.")],
    page: Annotated[
        str, typer.Argument(help="DOCUMENT-NUMBER, as `search --json` shows it; or FILE-NUMBER.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write a map of the page here (PNG), one panel a word.", show_default=False
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(help="Only this word of the question, large.", show_default=False),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(help="Whose view of the page.", show_default="the one it ranks by"),
    ] = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Show why a page was found: the best match of each word, and a map of the page."""
    found = session(ctx, json=json)
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
        found.terminal.record({**describe(explained), "saved": str(out) if out else None})
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
    """The place of a word among a question's tokens.

    Raises:
        InvalidUsage: it is none of them.
    """
    words = [match.word.casefold() for match in explained.tokens]
    if word.casefold() in words:
        return words.index(word.casefold())
    there = ", ".join(dict.fromkeys(filter(None, words)))
    raise InvalidUsage(f"{word!r} is no word of the question.", hint=f"It has: {there}.")


def describe(explained: Explanation) -> dict[str, object]:
    """As `explain --json` and the HTTP API write it."""
    return {
        "page": explained.page.key,
        "encoder": explained.encoder,
        "score": round(explained.score, 6),
        "tokens": [
            {
                "word": match.word,
                "weight": round(match.weight, 4),
                "score": round(match.score, 4),
                "box": [round(edge, 4) for edge in match.box],
            }
            for match in explained.tokens
        ],
    }


def _place(box: tuple[float, float, float, float]) -> str:
    return " ".join(f"{edge:.3f}" for edge in box) if box[2] > box[0] else "not on the page"
