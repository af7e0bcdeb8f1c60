"""`pageglass ingest PATH...`: new and changed files into the library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.exits import ExitCode, InvalidUsage
from api.cli.options import (
    DeviceMapOption,
    DeviceOption,
    DtypeOption,
    FpsOption,
    HomeOption,
    ImagesOption,
    JsonOption,
    LoadInOption,
    OcrOption,
    OfficeOption,
    PasswordFileOption,
    PasswordOption,
    PoolOption,
    QuietOption,
    SpeechOption,
)
from api.cli.password import read_password
from api.cli.session import session
from api.factory import model_settings


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
            help="Encoder of pages: minilm, e5, colpali:MODEL, text:MODEL or auto.",
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
            help="Pages, or images to caption, a batch; 0 as many as fit.",
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
    password: PasswordOption = False,
    password_file: PasswordFileOption = None,
    ocr: OcrOption = None,
    office: OfficeOption = None,
    fps: FpsOption = None,
    speech: SpeechOption = None,
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
    device_map: DeviceMapOption = None,
    load_in: LoadInOption = None,
    caption_prompt: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help='What captions of that model go on from, such as "a photo of"; of a model that'
            " chats, what it is asked.",
            show_default=False,
        ),
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Forget files below the paths that are gone.")
    ] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Try files again that failed before.")
    ] = False,
    redo: Annotated[bool, typer.Option("--redo", help="Read every file anew.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Read files of folders again that were removed.")
    ] = False,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="Drop every index and derive it anew from the library."),
    ] = False,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Read and encode on a Ray cluster: the address of its head, or auto.",
            show_default=False,
        ),
    ] = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Read files into the library: only what is new or changed.

    One bad file never stops the rest; it is listed at the end, and tried again
    once it changes. Whatever was added stays, however a run ends. A document that was
    removed stays removed until its file changes or is named itself.
    """
    found = session(ctx, json=json, quiet=quiet)
    settings = model_settings(found.settings, device_map=device_map, load_in=load_in)
    if not paths and not rebuild and not quantization and not caption:
        raise InvalidUsage("There is no PATH.", hint="Name files, folders or globs to read.")
    from api.cli.ingest_report import report_ingest
    from api.ingest_paths import check_paths
    from api.ingestion import IngestOptions, plan_ingest, run_ingest

    check_paths(paths or (), prune=prune)
    opened = found.open_home(home, create=True)
    options = IngestOptions(
        encoder=encoder,
        images=images,
        beside=beside,
        device=device,
        dtype=dtype,
        batch=batch,
        pool=pool or 0,
        quantization=quantization,
        password=read_password(password, password_file),
        ocr=ocr,
        office=office,
        fps=fps,
        speech=speech,
        dpi=dpi,
        workers=workers,
        file_timeout=file_timeout,
        labels=tag_with,
        caption=caption,
        caption_prompt=caption_prompt,
        prune=prune,
        retry=retry,
        redo=redo,
        again=again,
        rebuild=rebuild,
        ray=ray,
    )
    plan = plan_ingest(opened, settings, options)
    if plan.note:
        found.terminal.note(plan.note)

    def on_wait() -> None:
        found.terminal.note("Waiting for another pageglass that writes to this home.")

    events = run_ingest(opened, paths or (), plan, on_wait)
    try:
        code = report_ingest(events, found.terminal, quiet=quiet, named=bool(paths))
    except KeyboardInterrupt:
        found.terminal.fail(
            "Stopped. What was added is kept.", "The same command goes on where this one stopped."
        )
        code = ExitCode.STOPPED
    raise typer.Exit(code)
