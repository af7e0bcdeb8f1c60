"""`pageglass ask QUESTION`: an answer with its citations."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.exits import ExitCode, InvalidUsage
from api.cli.options import (
    DetailOption,
    DocumentOption,
    FolderOption,
    HomeOption,
    JsonOption,
    MaxOutputTokensOption,
    ModelOption,
    TemperatureOption,
)
from api.cli.session import session
from api.cli.terminal import Terminal
from api.factory import make_model, sampling
from api.printable import plain, readable_question
from api.rag.citation_note import citation_note

if TYPE_CHECKING:
    from api.rag.answer import Piece
    from generation.answer import Answer, Usage
    from generation.prompt import Message


def ask(
    ctx: typer.Context,
    question: Annotated[
        str | None, typer.Argument(help="What to answer.", show_default=False)
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            "--top",
            "-n",
            min=1,
            max=50,
            help="How many pages to answer from.",
            show_default="PAGEGLASS_EVIDENCE_PAGES",
        ),
    ] = None,
    document: DocumentOption = None,
    folder: FolderOption = None,
    model: ModelOption = None,
    save_page: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write the cited pages there, their quotes marked.",
            show_default=False,
        ),
    ] = None,
    chat: Annotated[
        bool,
        typer.Option(
            "--chat", help="Go on asking, a question a line, until an empty line or Ctrl-D."
        ),
    ] = False,
    temperature: TemperatureOption = None,
    detail: DetailOption = None,
    max_output_tokens: MaxOutputTokensOption = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Answer a question from the pages, quoting them; decline where they do not say."""
    found = session(ctx, json=json)
    settings = sampling(found.settings, temperature, detail, max_output_tokens)
    if question is None and not chat:
        raise InvalidUsage("There is no question.", hint="Give one, or --chat to type several.")
    from api.cli.save_page import save_pages
    from api.rag.answer import answer_query
    from api.schemas.answers import AnswerBody

    writer = make_model(settings, model)
    searcher = found.open_searcher(home, once=not chat)

    def turn(query: str, history: tuple[Message, ...] = ()) -> Answer:
        answered = answer_query(
            searcher,
            writer,
            query,
            top=top or found.settings.evidence_pages,
            documents=document,
            folder=folder,
            history=history,
            on_piece=None if json else _print_piece,
        )
        answer = answered.answer
        saved = save_pages(searcher.library, answer.citations, save_page) if save_page else []
        if json:
            body = AnswerBody.of(answer, answered.evidence).model_dump()
            found.terminal.record({**body, "saved": [plain(str(path)) for path in saved]})
        else:
            _show(found.terminal, answer)
            for path in saved:
                found.terminal.result(f"saved {plain(str(path))}")
        return answer

    try:
        if chat:
            from api.cli.chat import converse

            if ended := converse(found.terminal, turn, question or ""):
                raise typer.Exit(ended)
        elif turn(readable_question(question or "")).declined:
            raise typer.Exit(ExitCode.NOTHING)
    finally:
        searcher.close()


def _print_piece(piece: Piece) -> None:
    """Print a piece of the answer's text."""
    if isinstance(piece, str):
        sys.stdout.write("\n".join(map(plain, piece.split("\n"))))
        sys.stdout.flush()


def _show(terminal: Terminal, answer: Answer) -> None:
    """Print the citations and notes below the text."""
    terminal.result()
    if answer.declined and answer.confidence is not None and answer.threshold is not None:
        terminal.result(
            f"Confidence {answer.confidence:.2f}, below the threshold of {answer.threshold:.2f}."
        )
    if answer.citations:
        terminal.result()
    for citation in answer.citations:
        quote = f' — "{plain(citation.quote)}"' if citation.quote else ""
        terminal.result(
            f"[{citation.label}] {plain(str(citation.page))}{quote}{citation_note(citation)}"
        )
    if answer.dropped_labels:
        count = answer.dropped_labels
        terminal.note(f"{count} of the labels in the text name{'s' * (count == 1)} no page.")
    if answer.note:
        terminal.note(answer.note)
    if answer.usage.input_tokens:
        terminal.note(_usage_line(answer.usage))


def _usage_line(usage: Usage) -> str:
    """Tokens and cost of an answer, in a line."""
    cached = f" ({usage.cached_tokens:,} of them cached)" if usage.cached_tokens else ""
    cost = "" if usage.cost is None else f", about ${usage.cost:.4f}"
    return (
        f"{plain(usage.model)}: {usage.input_tokens:,} tokens in{cached},"
        f" {usage.output_tokens:,} out{cost}."
    )
