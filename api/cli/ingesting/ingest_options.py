"""Options of an ingest on the command line, for every command that ingests."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import (
    DeviceMapOption,
    DeviceOption,
    DtypeOption,
    FpsOption,
    ImagesOption,
    LoadInOption,
    OcrOption,
    OfficeOption,
    PasswordFileOption,
    PasswordOption,
    PoolOption,
    SpeechOption,
    VideoOption,
)
from api.cli.password import read_password
from api.factory import model_settings
from api.ingestion import IngestOptions

if TYPE_CHECKING:
    from api.settings import Settings


@dataclass(frozen=True, slots=True)
class GivenOptions:
    """Options of an ingest as given, with those of a local model that captions."""

    ingest: IngestOptions
    device_map: str | None
    load_in: str | None

    def apply(self, settings: Settings) -> Settings:
        """Settings with the options of the model in their place.

        Raises:
            InvalidSetting
        """
        return model_settings(settings, device_map=self.device_map, load_in=self.load_in)


def read_options(
    encoder: Annotated[
        str | None,
        typer.Option(
            help="Encoder of pages: minilm, e5, colpali:MODEL, text:MODEL or auto.",
            show_default="what the home has, or minilm",
        ),
    ] = None,
    images: ImagesOption = None,
    video: VideoOption = None,
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
    shards: Annotated[
        str | None,
        typer.Option(
            metavar="N|auto",
            help="Keep the library in so many shards from now on, or add one where one is full.",
            show_default="as it is",
        ),
    ] = None,
) -> GivenOptions:
    """Options of an ingest; a password is asked for.

    Raises:
        InvalidUsage
    """
    options = IngestOptions(
        encoder=encoder,
        images=images,
        video=video,
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
        shards=shards,
    )
    return GivenOptions(options, device_map, load_in)


def with_ingest_options(command: Callable[..., None]) -> Callable[..., None]:
    """Command with the options of an ingest after its paths; it gets them as `read`.

    `read()` is the `GivenOptions`.
    """
    own = [*inspect.signature(command, eval_str=True).parameters.values()]
    shared = inspect.signature(read_options, eval_str=True).parameters
    first = [parameter for parameter in own if parameter.name in ("ctx", "paths")]
    rest = [p for p in own if p not in first and p.name != "read"]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        of_ingest = {name: given.pop(name) for name in shared}
        command(read=lambda: read_options(**of_ingest), **given)

    parameters = [*first, *shared.values(), *rest]
    del run.__wrapped__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run
