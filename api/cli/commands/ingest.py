"""`pageglass ingest PATH...`: bring the library up to date with files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.exits import ExitCode, InvalidUsage
from api.cli.session import HomeOption, JsonOption, session
from api.cli.terminal import Terminal, plain

if TYPE_CHECKING:
    from api.cli.progress import ProgressBar, ProgressLines
    from ingest.annotate.captioner import Captioner
    from ingest.event import Event
    from ingest.file_state import Failure


def ingest(
    ctx: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH...", help="Files, folders (read whole) or globs."),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="What sees pages: minilm, colpali:MODEL, text:MODEL or auto.",
            show_default="what the home has, or minilm",
        ),
    ] = None,
    images: Annotated[
        str | None,
        typer.Option(
            help="What sees photos and figures: conse, clip:MODEL or none.",
            show_default="what the home has, or conse",
        ),
    ] = None,
    beside: Annotated[
        bool, typer.Option("--beside", help="Keep the indexes of other encoders too.")
    ] = False,
    device: Annotated[
        str | None,
        typer.Option(
            help="Where torch models run: auto, cpu, cuda, cuda:N, or several with commas.",
            show_default="PAGEGLASS_DEVICE",
        ),
    ] = None,
    dtype: Annotated[
        str | None,
        typer.Option(help="Their numbers: fp32, fp16 or bf16.", show_default="PAGEGLASS_DTYPE"),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Pages they see together; 0 as many as fit.",
            show_default="PAGEGLASS_BATCH",
        ),
    ] = None,
    pool: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=16,
            help="Merge a page's rows until one in POOL is left: a smaller index, ranked a little worse.",
            show_default="as the index was made, or 1",
        ),
    ] = None,
    quantization: Annotated[
        str | None,
        typer.Option(
            help="How rows are kept: fp16, int8, binary+int8 or binary+fp16. `pageglass eval --quantization` measures them.",
            show_default="what the home has, or fp16",
        ),
    ] = None,
    password: Annotated[
        str | None, typer.Option(help="For encrypted PDFs.", show_default=False)
    ] = None,
    ocr: Annotated[
        str | None,
        typer.Option(help="rapidocr, tesseract:LANG+LANG or none.", show_default="PAGEGLASS_OCR"),
    ] = None,
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
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but what failed.")
    ] = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Read files into the library: only what is new or changed.

    One bad file never stops the rest; it is listed at the end, and tried again
    once it changes. Whatever was added stays, however a run ends.
    """
    found = session(ctx, json=json)
    settings = found.settings
    if not paths and not rebuild and not quantization and not caption:
        raise InvalidUsage("There is no PATH.", hint="Name files, folders or globs to read.")
    ocr = ocr or settings.ocr
    _check_ocr(ocr)

    from ingest.add import AddSettings, add
    from ingest.annotate.caption import NO_CAPTIONER
    from ingest.annotate.tag import read_labels
    from ingest.choose import choose_encoders
    from ingest.encoders.encoder import Encoding
    from ingest.files.render import RenderSettings
    from ingest.index.quantization import parse_quantization
    from ingest.rebuild import rebuild_indexes

    kept = quantization or settings.quantization
    opened = found.open_home(home)

    def make_captioner(spec: str) -> Captioner:
        from dataclasses import replace

        from generation.models.captioner import load_captioner

        access = settings.access(spec)
        return load_captioner(
            spec, replace(access, device=device or access.device, dtype=dtype or access.dtype)
        )

    choice = choose_encoders(
        opened,
        encoder or settings.encoder,
        images or settings.images,
        beside=beside,
    )
    if choice.why:
        found.terminal.note(choice.why)
    load_captioner: Callable[[str], Captioner] = make_captioner
    if caption and caption != NO_CAPTIONER:
        # Made now, so that a model that cannot be had stops the run before it begins.
        captioner = make_captioner(caption)
        caption, load_captioner = captioner.name, lambda _spec: captioner
    add_settings = AddSettings(
        render=RenderSettings(dpi or settings.dpi, ocr, password),
        encoders=choice.encoders,
        encoding=Encoding(
            device or settings.device,
            dtype or settings.dtype,
            settings.batch if batch is None else batch,
            pool_factor=pool or 0,
        ),
        workers=settings.workers if workers is None else workers,
        retry=retry,
        redo=redo,
        prune=prune,
        labels=read_labels(tag_with) if tag_with else None,
        caption=caption,
        load_captioner=load_captioner,
        quantization=parse_quantization(kept) if kept else None,
    )

    def waiting() -> None:
        found.terminal.note("Waiting for another pageglass that writes to this home.")

    def events() -> Iterator[Event]:
        if rebuild:
            yield from rebuild_indexes(
                opened,
                choice.encoders,
                add_settings.encoding,
                dpi=add_settings.render.dpi,
                quantization=add_settings.quantization,
                on_wait=waiting,
            )
        if paths or caption or not rebuild:
            named = [Path(p) for p in paths or ()]
            yield from add(opened, named, add_settings, on_wait=waiting)

    try:
        code = _follow(events(), found.terminal, quiet=quiet, named=bool(paths))
    except KeyboardInterrupt:
        found.terminal.fail(
            "Stopped. What was added is kept.", "The same command goes on where this one stopped."
        )
        code = ExitCode.STOPPED
    raise typer.Exit(code)


def _check_ocr(spec: str) -> None:
    kind, _, languages = spec.partition(":")
    known = spec in {"rapidocr", "none", "tesseract"} or (kind == "tesseract" and languages)
    if not known:
        raise InvalidUsage(
            f"There is no OCR called {spec!r}.",
            hint="Take rapidocr, tesseract:LANG+LANG (such as tesseract:kor+eng) or none.",
        )


def _follow(events: Iterator[Event], terminal: Terminal, *, quiet: bool, named: bool) -> ExitCode:
    """Show events as they come, sum up, and say how it went; `named` where files were to be found."""
    from ingest.event import Captioned, Done, Failed, FilesFound, Removed

    failures: list[Failure] = []
    looked: FilesFound | None = None
    done: Done | None = None
    removed = False
    captioned = 0
    with _progress(terminal, quiet) as progress:
        for event in events:
            if terminal.json:
                terminal.record(record(event))
            if progress:
                progress.show(event)
            match event:
                case Failed(failure):
                    failures.append(failure)
                case FilesFound():
                    looked = event
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
    if named and looked and not looked.files and not removed:
        terminal.fail(
            "No PDF or image was found.",
            "Name files outright to read them whatever they are called.",
        )
        return ExitCode.NOTHING
    return ExitCode.SOME_FAILED if failures else ExitCode.DONE


def _progress(terminal: Terminal, quiet: bool) -> ProgressBar | ProgressLines | nullcontext[None]:
    from api.cli.progress import ProgressBar, ProgressLines

    if quiet:
        return nullcontext()
    return ProgressBar() if sys.stderr.isatty() else ProgressLines(terminal)


def _sum_up(done: Any, captioned: int) -> str:
    parts = [f"{done.added} added ({done.pages} pages)", f"{done.unchanged} unchanged"]
    for number, what in (
        (done.named, "known under another name"),
        (done.removed, "removed"),
        (done.failed, "failed"),
        (captioned, "pictures captioned"),
    ):
        if number:
            parts.append(f"{number} {what}")
    return f"{', '.join(parts)}, in {done.seconds:.1f} s"


def _list_failures(failures: list[Failure], terminal: Terminal) -> None:
    from ingest.library.documents import readable

    if failures:
        terminal.note("Set aside until they change (--retry tries them again):")
    for failure in failures:
        terminal.note(f"  {plain(readable(failure.path))}")
        terminal.note(f"    {plain(failure.reason)} {plain(failure.hint)}")


def record(event: Event) -> dict[str, Any]:
    """An event as `--json` writes it (docs/cli.md)."""
    from api.schemas import DocumentBody, failure_record
    from ingest.event import (
        Added,
        Captioned,
        Done,
        Dropped,
        DuplicateFound,
        Failed,
        FileOpened,
        FilesFound,
        Indexed,
        PagesEncoded,
        Quantized,
        Removed,
        Tagged,
    )
    from ingest.library.documents import readable

    match event:
        case FilesFound(files, to_read):
            return {"event": "looked", "files": files, "to_read": to_read}
        case FileOpened(path, pages):
            return {"event": "opened", "path": readable(path), "pages": pages}
        case PagesEncoded(pages):
            return {"event": "encoded", "pages": pages}
        case Added(document):
            return {"event": "added", **DocumentBody.of(document).model_dump()}
        case DuplicateFound(path, document_id):
            return {"event": "named", "path": readable(path), "document": document_id}
        case Failed(failure, earlier):
            return {"event": "failed", **failure_record(failure), "earlier": earlier}
        case Removed(document):
            return {"event": "removed", **DocumentBody.of(document).model_dump()}
        case Dropped(encoder):
            return {"event": "dropped", "encoder": encoder}
        case Quantized(encoder, quantization):
            return {"event": "quantized", "encoder": encoder, "quantization": quantization}
        case Tagged(pages):
            return {"event": "tagged", "pages": pages}
        case Captioned(page, pictures, left):
            return {"event": "captioned", "page": page.key, "pictures": pictures, "left": left}
        case Indexed(document, encoder):
            return {"event": "indexed", "document": document.id, "encoder": encoder}
        case Done():
            return {
                "event": "done",
                "added": event.added,
                "unchanged": event.unchanged,
                "named": event.named,
                "removed": event.removed,
                "failed": event.failed,
                "pages": event.pages,
                "seconds": round(event.seconds, 3),
            }
