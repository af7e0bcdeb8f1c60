"""`pageglass ask QUESTION`: an answer with its citations."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.exits import ExitCode, InvalidUsage
from api.cli.filter_options import (
    KindOption,
    PagesOption,
    SinceOption,
    TagOption,
    UntilOption,
    read_filter,
)
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
from api.cli.ordered import in_order
from api.cli.session import Session, session
from api.cli.terminal import Terminal
from api.factory import make_model, sampling
from api.printable import plain, readable_question
from api.rag.citation_note import citation_note

if TYPE_CHECKING:
    from api.rag.answer import Piece
    from api.rag.picture_question import PicturePages
    from generation.answer import Answer, Usage
    from generation.prompt import Message


def ask(
    ctx: typer.Context,
    question: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUESTION",
            help="What to answer. With --image several texts may stand between pictures.",
            show_default=False,
        ),
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(
            "--image",
            "-i",
            metavar="FILE",
            help="A picture or PDF that is not in the library, by path or URL: the question is"
            " about it, and nothing is kept. May be repeated, and stand between texts.",
            show_default=False,
        ),
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
    tag: TagOption = None,
    kind: KindOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    pages: PagesOption = None,
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
    texts = [readable_question(text) for text in question or ()]
    if not texts and not chat:
        raise InvalidUsage("There is no question.", hint="Give one, or --chat to type several.")
    if len(texts) > 1 and not image:
        raise InvalidUsage("There are several questions.", hint="Put the question in quotes.")
    filter = read_filter(tag, kind, since, until, pages)
    if image and (document or folder or top or filter):
        raise InvalidUsage(
            "--image takes no --top and no filters of the library.",
            hint="Ask about one or the other.",
        )
    from api.cli.save_page import save_pages
    from api.rag.answer import AnsweredQuery, answer_query, generate_answer
    from api.schemas.answers import AnswerBody

    writer = make_model(settings, model)
    pictures = _open_pictures(found, in_order(ctx, texts, image)) if image else None
    searcher = None if pictures else found.open_searcher(home, once=not chat)
    on_piece = None if json else _print_piece

    def answer_one(query: str, history: tuple[Message, ...]) -> AnsweredQuery:
        if pictures:
            evidence = pictures.ask(query, history)
            return AnsweredQuery(generate_answer(evidence, writer, on_piece), evidence)
        assert searcher is not None
        return answer_query(
            searcher,
            writer,
            query,
            top=top or found.settings.evidence_pages,
            documents=document,
            folder=folder,
            filter=filter,
            history=history,
            on_piece=on_piece,
        )

    def turn(query: str, history: tuple[Message, ...] = ()) -> Answer:
        answered = answer_one(query, history)
        answer = answered.answer
        images = pictures or (searcher and searcher.library)
        saved = save_pages(images, answer.citations, save_page) if save_page and images else []
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

            if ended := converse(found.terminal, turn, "".join(texts[-1:])):
                raise typer.Exit(ended)
        elif turn(texts[-1]).declined:
            raise typer.Exit(ExitCode.NOTHING)
    finally:
        if searcher:
            searcher.close()


def _open_pictures(found: Session, parts: list[tuple[str, bool]]) -> PicturePages:
    """Pages of the pictures among parts; the second of a part tells a picture from a text."""
    from api.rag.picture_question import open_pictures
    from api.sources import local_file
    from ingest.files.render import RenderSettings

    settings = RenderSettings(found.settings.dpi, found.settings.ocr)
    policy = found.settings.fetch_policy()
    with ExitStack() as stack:
        readers = stack.enter_context(found.readers())
        opened = [
            stack.enter_context(local_file(value, policy)) if is_picture else value
            for value, is_picture in parts
        ]
        return open_pictures(opened, settings, readers)


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
