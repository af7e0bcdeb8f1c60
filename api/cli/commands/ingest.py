"""`pageglass ingest PATH...`: new and changed files into the library."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.exits import ExitCode, InvalidUsage
from api.cli.options import (
    DeviceOption,
    DtypeOption,
    HomeOption,
    ImagesOption,
    JsonOption,
    OcrOption,
    PasswordOption,
    PoolOption,
    QuietOption,
)
from api.cli.session import session
from api.cli.terminal import Terminal
from api.printable import plain

if TYPE_CHECKING:
    from ingest.event import Event
    from ingest.file_state import Failure


MAX_NAMED = 8
"""Files, or else suffixes, that are named in the summary."""


def ingest(
    ctx: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH...", help="Files, folders (read whole), globs or URLs of files."
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="Encoder of pages: minilm, colpali:MODEL, text:MODEL or auto.",
            show_default="what the home has, or minilm",
        ),
    ] = None,
    images: ImagesOption = None,
    beside: Annotated[
        bool, typer.Option("--beside", help="Keep the indexes of other encoders too.")
    ] = False,
    device: DeviceOption = None,
    dtype: DtypeOption = None,
    batch: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Pages a batch; 0 as many as fit.",
            show_default="PAGEGLASS_BATCH",
        ),
    ] = None,
    pool: PoolOption = None,
    quantization: Annotated[
        str | None,
        typer.Option(
            help="Quantization of rows: fp16, int8, binary+int8 or binary+fp16. `pageglass eval --quantization` measures them.",
            show_default="what the home has, or fp16",
        ),
    ] = None,
    password: PasswordOption = None,
    ocr: OcrOption = None,
    dpi: Annotated[
        int | None,
        typer.Option(min=36, max=600, help="Of page images.", show_default="PAGEGLASS_DPI"),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Processes that read files; 0 is one a core.",
            show_default="PAGEGLASS_WORKERS",
        ),
    ] = None,
    file_timeout: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="Time to open a file and for each four of its pages; 0 for no limit.",
            show_default="PAGEGLASS_FILE_TIMEOUT",
        ),
    ] = None,
    tag_with: Annotated[
        Path | None,
        typer.Option(
            help="Tag photos and figures with the labels of this file, one a line; from now on.",
            show_default=False,
        ),
    ] = None,
    caption: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Caption photos and figures, from now on: transformers:MODEL (BLIP, GIT, any"
            " that chats), anthropic:MODEL, openai:MODEL, or none to stop.",
            show_default="who captioned before",
        ),
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Forget files below the paths that are gone.")
    ] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Try files again that failed before.")
    ] = False,
    redo: Annotated[bool, typer.Option("--redo", help="Read every file anew.")] = False,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="Drop every index and derive it anew from the library."),
    ] = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Read files into the library: only what is new or changed.

    One bad file never stops the rest; it is listed at the end, and tried again
    once it changes. Whatever was added stays, however a run ends.
    """
    found = session(ctx, json=json)
    if not paths and not rebuild and not quantization and not caption:
        raise InvalidUsage("There is no PATH.", hint="Name files, folders or globs to read.")
    from api.ingestion import IngestOptions, plan_ingest, run_ingest

    opened = found.open_home(home)
    options = IngestOptions(
        encoder=encoder,
        images=images,
        beside=beside,
        device=device,
        dtype=dtype,
        batch=batch,
        pool=pool or 0,
        quantization=quantization,
        password=password,
        ocr=ocr,
        dpi=dpi,
        workers=workers,
        file_timeout=file_timeout,
        labels=tag_with,
        caption=caption,
        prune=prune,
        retry=retry,
        redo=redo,
        rebuild=rebuild,
    )
    plan = plan_ingest(opened, found.settings, options)
    if plan.note:
        found.terminal.note(plan.note)

    def on_wait() -> None:
        found.terminal.note("Waiting for another pageglass that writes to this home.")

    events = run_ingest(opened, paths or (), plan, on_wait)
    try:
        code = _follow(events, found.terminal, quiet=quiet, named=bool(paths))
    except KeyboardInterrupt:
        found.terminal.fail(
            "Stopped. What was added is kept.", "The same command goes on where this one stopped."
        )
        code = ExitCode.STOPPED
    raise typer.Exit(code)


def _follow(events: Iterator[Event], terminal: Terminal, *, quiet: bool, named: bool) -> ExitCode:
    """Show events as they come and a summary; `named` if paths were given."""
    from api.cli.ingest_progress import ingest_progress
    from api.schemas.ingest_events import ingest_event_fields
    from ingest.event import Captioned, Done, Failed, FilesFound, Gone, LeftOut, Removed

    failures: list[Failure] = []
    left_out: list[str] = []
    gone: list[str] = []
    files_found: FilesFound | None = None
    done: Done | None = None
    removed = False
    captioned = 0
    with ingest_progress(terminal, quiet) as progress:
        for event in events:
            if terminal.json:
                terminal.record(ingest_event_fields(event))
            progress.show(event)
            match event:
                case Failed(failure):
                    failures.append(failure)
                case FilesFound():
                    files_found = event
                case LeftOut(paths):
                    left_out.extend(paths)
                case Gone(path):
                    gone.append(path)
                case Done():
                    done = event
                case Removed():
                    removed = True
                case Captioned():
                    captioned += event.pictures
                case _:
                    pass
    if done and not quiet:
        terminal.note(_sum_up(done, captioned))
    _list_failures(failures, terminal)
    if left_out and not quiet:
        terminal.note(_name_left_out(left_out))
    if gone and not quiet:
        terminal.note(_name_gone(gone))
    if named and files_found and not files_found.files and not removed:
        terminal.fail(
            "No PDF or image was found.",
            "Name files outright to read them whatever they are called.",
        )
        return ExitCode.NOTHING
    return ExitCode.SOME_FAILED if failures else ExitCode.DONE


def _sum_up(done: Any, captioned: int) -> str:
    parts = [f"{done.added} added ({done.pages} pages)", f"{done.unchanged} unchanged"]
    for number, what in (
        (done.named, "known under another name"),
        (done.removed, "removed"),
        (done.failed, "failed"),
        (captioned, "images captioned"),
        (done.noted, "pages read in part (see `pageglass list`)"),
    ):
        if number:
            parts.append(f"{number} {what}")
    return f"{', '.join(parts)}, in {done.seconds:.1f} s"


def _name_left_out(paths: list[str]) -> str:
    """Sentence about files of kinds that are not read: by name where few, else by suffix."""
    from ingest.files.find import count_suffixes
    from ingest.library.documents import readable

    if len(paths) <= MAX_NAMED:
        names = ", ".join(plain(readable(os.path.basename(path))) for path in paths)
    else:
        counts = count_suffixes(paths)
        names = ", ".join(f"{n} {plain(readable(s)) or 'without'}" for s, n in counts[:MAX_NAMED])
        if rest := sum(n for _, n in counts[MAX_NAMED:]):
            names += f", {rest} others"
    files = "1 file" if len(paths) == 1 else f"{len(paths):,} files"
    return f"{files} of kinds that are not read left out: {names}. PDFs of them would be read."


def _name_gone(paths: list[str]) -> str:
    """Sentence about files that are no longer there."""
    from ingest.library.documents import readable

    names = ", ".join(plain(readable(path)) for path in paths[:MAX_NAMED])
    rest = f" and {len(paths) - MAX_NAMED} more" if len(paths) > MAX_NAMED else ""
    return f"No longer there, but still in the library (--prune removes them): {names}{rest}."


def _list_failures(failures: list[Failure], terminal: Terminal) -> None:
    from ingest.library.documents import readable

    if failures:
        terminal.note("Set aside until they change (--retry tries them again):")
    for failure in failures:
        terminal.note(f"  {plain(readable(failure.path))}")
        terminal.note(f"    {plain(failure.reason)} {plain(failure.hint)}")
