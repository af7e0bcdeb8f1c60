"""`pageglass ask QUESTION`: an answer with its citations."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.exits import ExitCode, InvalidUsage
from api.cli.filter_options import (
    KindOption,
    NearOption,
    PagesOption,
    SinceOption,
    TagOption,
    TakenSinceOption,
    TakenUntilOption,
    UntilOption,
    read_filter,
)
from api.cli.options import (
    AnswerFormat,
    DetailOption,
    DeviceMapOption,
    DocumentOption,
    FolderOption,
    HomeOption,
    JsonOption,
    LoadInOption,
    MaxOutputTokensOption,
    ModelOption,
    TemperatureOption,
)
from api.cli.ordered import in_order
from api.cli.session import Session, session
from api.factory import make_model, model_settings
from api.printable import readable_question

if TYPE_CHECKING:
    from api.rag.picture_question import PicturePages
    from api.results.page_images import PageImages
    from generation.answer import Answer
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
    taken_since: TakenSinceOption = None,
    taken_until: TakenUntilOption = None,
    near: NearOption = None,
    pages: PagesOption = None,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole",
            help="Show the model the whole of the one --document, in place of the pages found:"
            " its file where the model reads such, else all its pages.",
        ),
    ] = False,
    model: ModelOption = None,
    save_page: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write the cited pages there, their quotes marked.",
            show_default=False,
        ),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save",
            metavar="FILE.html",
            help="Write the answer there as a web page with the cited parts of pages in it.",
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
    device_map: DeviceMapOption = None,
    load_in: LoadInOption = None,
    format: Annotated[
        AnswerFormat | None,
        typer.Option(
            "--format",
            help="How the answer is written: for people, or as md, html or json (--json).",
            show_default="text",
        ),
    ] = None,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Answer a question from the pages, quoting them; decline where they do not say."""
    written = AnswerFormat.JSON if json else format or AnswerFormat.TEXT
    found = session(ctx, json=written is AnswerFormat.JSON)
    if json and format not in (None, AnswerFormat.JSON):
        raise InvalidUsage("--json and --format differ.", hint="Give one of them.")
    if chat and (save or written is AnswerFormat.HTML):
        raise InvalidUsage("A conversation is no web page.", hint="Leave out --chat.")
    settings = model_settings(
        found.settings,
        temperature=temperature,
        detail=detail,
        max_output_tokens=max_output_tokens,
        device_map=device_map,
        load_in=load_in,
    )
    texts = [readable_question(text) for text in question or ()]
    if not texts and not chat:
        raise InvalidUsage("There is no question.", hint="Give one, or --chat to type several.")
    if len(texts) > 1 and not image:
        raise InvalidUsage("There are several questions.", hint="Put the question in quotes.")
    filter = read_filter(tag, kind, since, until, pages, taken_since, taken_until, near)
    if image and (document or folder or top or filter or whole):
        raise InvalidUsage(
            "--image takes no --top, no --whole and no filters of the library.",
            hint="Ask about one or the other.",
        )
    if whole and (len(document or ()) != 1 or folder or top or filter):
        raise InvalidUsage(
            "--whole takes one --document, no --top and no other filter.",
            hint="Try `pageglass ask QUESTION --whole --document FILE`.",
        )
    from api.cli.answer_view import AnswerView
    from api.cli.progress.upload_progress import UploadProgress
    from api.rag.answer import AnsweredQuery, generate_answer
    from api.rag.evidence import retrieve_evidence
    from generation.models.model import keep_files
    from ingest.readers.shot_reader import ShotReader

    with ExitStack() as stack:
        uploads = stack.enter_context(UploadProgress(written is AnswerFormat.JSON))
        writer = make_model(settings, model, uploads)
        stack.enter_context(keep_files(writer.chat))
        pictures = _open_pictures(found, in_order(ctx, texts, image)) if image else None
        searcher = None if pictures else found.open_searcher(home, once=not chat)
        shots = None
        if searcher:
            stack.callback(searcher.close)
            shots = ShotReader(searcher.library, stack.enter_context(found.readers()))
        view = AnswerView(found.terminal, written)

        def turn(query: str, history: tuple[Message, ...] = ()) -> Answer:
            if pictures:
                images: PageImages = pictures
                evidence = pictures.ask(query, history)
            else:
                assert searcher is not None
                images = searcher.library
                evidence = retrieve_evidence(
                    searcher,
                    query,
                    writer,
                    top=top or found.settings.evidence_pages,
                    documents=document,
                    folder=folder,
                    filter=filter,
                    history=history,
                    shots=shots,
                    whole=whole,
                )
            answer = generate_answer(evidence, writer, view.begin(evidence))
            saved: list[Path] = []
            if save_page:
                from api.cli.save_page import save_pages

                saved += save_pages(images, answer.citations, save_page)
            if save:
                from api.results.answer_document import save_answer

                saved.append(save_answer(save, answer, evidence, images))
            view.show(AnsweredQuery(answer, evidence), images, saved)
            return answer

        if chat:
            import gc

            from api.cli.chat import converse

            gc.enable()  # switched off for a short command

            if ended := converse(found.terminal, turn, "".join(texts[-1:])):
                raise typer.Exit(ended)
        elif turn(texts[-1]).declined:
            raise typer.Exit(ExitCode.NOTHING)


def _open_pictures(found: Session, parts: list[tuple[str, bool]]) -> PicturePages:
    """Pages of the pictures among parts; the second of a part tells a picture from a text."""
    from api.factory import render_settings
    from api.rag.picture_question import open_pictures
    from api.sources import local_file

    settings = render_settings(found.settings)
    policy = found.settings.fetch_policy()
    with ExitStack() as stack:
        readers = stack.enter_context(found.readers())
        opened = [
            stack.enter_context(local_file(value, policy)) if is_picture else value
            for value, is_picture in parts
        ]
        return open_pictures(opened, settings, readers)
