"""`pageglass ask QUESTION`: an answer with its citations."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.exits import ExitCode
from api.session import DocumentOption, HomeOption, JsonOption, session
from api.terminal import Terminal, plain, readable_question

if TYPE_CHECKING:
    from generation.answer import Answer, Citation


def ask(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(help="What to answer.", show_default=False)],
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
    model: Annotated[
        str | None,
        typer.Option(help="What writes the answer.", show_default="PAGEGLASS_MODEL"),
    ] = None,
    save_page: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write the cited pages there, their quotes marked.",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Answer a question from the pages, quoting them; decline where they do not say."""
    found = session(ctx, json=json)
    from api.evidence import find_documents, gather, least_score
    from api.locate import locator
    from api.save_page import save_pages
    from api.schemas import AnswerBody
    from generation.ask import stream_answer
    from generation.models.model import load_model

    writer = load_model(model or found.settings.model)
    searcher = found.open_searcher(home)
    try:
        prompt = gather(
            searcher,
            readable_question(question),
            writer,
            top=top or found.settings.evidence_pages,
            documents=find_documents(searcher.library, document),
        )
        least = least_score(searcher, writer)
        events = stream_answer(prompt, writer, locator(searcher), least)
        answer = _follow(events, shown=not json)
    finally:
        searcher.close()
    saved = save_pages(searcher.library, answer.citations, save_page) if save_page else []
    if json:
        body = AnswerBody.of(answer).model_dump()
        found.terminal.record({**body, "saved": [plain(str(path)) for path in saved]})
    else:
        _show(found.terminal, answer)
        for path in saved:
            found.terminal.result(f"saved {plain(str(path))}")
    if answer.declined:
        raise typer.Exit(ExitCode.NOTHING)


def _follow(events: Iterator[str | Citation | Answer], *, shown: bool) -> Answer:
    """The answer; its text is shown as it comes."""
    from generation.answer import Answer

    for event in events:
        if isinstance(event, Answer):
            return event
        if isinstance(event, str) and shown:
            sys.stdout.write("\n".join(map(plain, event.split("\n"))))
            sys.stdout.flush()
    raise AssertionError("stream_answer ends with an Answer")


def _show(terminal: Terminal, answer: Answer) -> None:
    """What comes after the text."""
    terminal.result()
    if answer.declined and answer.confidence is not None and answer.threshold is not None:
        terminal.result(
            f"Confidence {answer.confidence:.2f}, below the threshold of {answer.threshold:.2f}."
        )
    if answer.citations:
        terminal.result()
    for citation in answer.citations:
        quote = f' — "{plain(citation.quote)}"' if citation.quote else ""
        terminal.result(f"[{citation.label}] {plain(str(citation.page))}{quote}{_mark(citation)}")
    if answer.dropped_labels:
        count = answer.dropped_labels
        terminal.note(f"{count} of the labels in the text name{'s' * (count == 1)} no page.")
    if answer.note:
        terminal.note(answer.note)


def _mark(citation: Citation) -> str:
    """What is said of a citation that is no verified quote."""
    unfound = "quote not found" if citation.quote else ""
    match citation.grounded:
        case "quote":
            said = ""
        case "region":
            said = "; ".join(filter(None, [unfound, "seen in the picture, by likeness"]))
        case "none":
            said = unfound or "names the page only"
    return f"  ({said})" if said else ""
