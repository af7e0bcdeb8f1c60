"""`pageglass explain QUERY PAGE`: token matches and heat map of a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.complete import complete_page
from api.cli.exits import InvalidUsage
from api.cli.options import HomeOption, JsonOption
from api.cli.session import session
from api.printable import plain, readable_question

if TYPE_CHECKING:
    from retrieval.explain.explain import Explanation


def explain(
    ctx: typer.Context,
    query: Annotated[
        str,
        typer.Argument(help="A question, or what an image shows; or a rank of the last search."),
    ],
    page: Annotated[
        str | None,
        typer.Argument(
            autocompletion=complete_page,
            help="FILE-NUMBER, FILE where it has one page, or a rank of the last search.",
            show_default=False,
        ),
    ] = None,
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
    from api.cli.last_search import find_page
    from api.schemas.explanations import explanation_fields
    from ingest.disk.atomic import write_atomically
    from retrieval.explain.heatmap import draw_heatmap, draw_heatmap_sheet

    searcher = found.open_searcher(home)
    try:
        if page is None:
            query, page = _of_last_search(searcher.library.home.root, query), query
        wanted = find_page(searcher.library, page)
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
        (
            match.word or ("(model)" if len(explained.tokens) > 1 else "(whole query)"),
            draw_bar(match.score),
            f"{match.score:.2f}",
            f"{match.weight:.2f}",
            _place(match.box),
        )
        for match in explained.tokens
    ]
    terminal.table(("word", "best match", "", "weight", "where"), rows)
    if out is not None:
        terminal.note(f"wrote {out}")


def _of_last_search(home: Path, rank: str) -> str:
    """Query of the last search, of which a rank is given alone."""
    from api.cli.last_search import is_rank, last_search

    before = last_search(home)
    if not is_rank(rank) or before is None:
        raise InvalidUsage(
            "There is no PAGE.",
            hint="Give a query and a page, or the rank of a page in the last search.",
        )
    return before.query


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


def draw_bar(score: float, width: int = 20) -> str:
    """Bar of a score from 0 to 1, in eighths of a character.

    >>> draw_bar(0.51, 4)
    '██'
    """
    eighths = round(max(0.0, min(score, 1.0)) * width * 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _place(box: tuple[float, float, float, float]) -> str:
    """Place of a box on the page, by its middle."""
    if box[2] <= box[0]:
        return "not on the page"
    if box[2] - box[0] > 0.9 and box[3] - box[1] > 0.9:
        return "the whole page"
    across, down = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return f"{down:4.0%} down, {across:4.0%} across"
