"""Command-line options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.cli.complete import complete_document, complete_model


class AnswerFormat(StrEnum):
    """Format of an answer: for people, Markdown, a web page, or JSON."""

    TEXT = "text"
    MD = "md"
    HTML = "html"
    JSON = "json"


HomeOption = Annotated[
    Path | None, typer.Option("--home", help="The data folder.", show_default=False)
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Write JSON lines on stdout, and nothing else there.")
]
DocumentOption = Annotated[
    list[str] | None,
    typer.Option(
        "--document",
        "-d",
        autocompletion=complete_document,
        help="Only in this document: its id, head of id, file name, path or end of a path; or a folder. May be repeated.",
        show_default=False,
    ),
]
FolderOption = Annotated[
    str | None,
    typer.Option(
        "--folder",
        metavar="NAME",
        help="Only files in a folder of this name, or below it.",
        show_default=False,
    ),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Show no progress, only results and failures.")
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        autocompletion=complete_model,
        help="What writes the answer: extractive, or PROVIDER:MODEL.",
        show_default="PAGEGLASS_MODEL",
    ),
]
TemperatureOption = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        min=0,
        max=2,
        help="Temperature of the model.",
        show_default="PAGEGLASS_TEMPERATURE",
    ),
]
DetailOption = Annotated[
    str | None,
    typer.Option(
        "--detail",
        help="Detail of the images it is sent: auto, low or high.",
        show_default="PAGEGLASS_DETAIL",
    ),
]
DeviceMapOption = Annotated[
    str | None,
    typer.Option(
        "--device-map",
        help="Share a local model among GPUs and memory: auto, balanced or sequential.",
        show_default="PAGEGLASS_DEVICE_MAP",
    ),
]
LoadInOption = Annotated[
    str | None,
    typer.Option(
        "--load-in",
        help="Bits of a local model's weights: 8bit or 4bit.",
        show_default="PAGEGLASS_LOAD_IN",
    ),
]
MaxOutputTokensOption = Annotated[
    int | None,
    typer.Option(
        "--max-output-tokens",
        min=16,
        help="Tokens of a reply, reasoning counted.",
        show_default="PAGEGLASS_MAX_OUTPUT_TOKENS",
    ),
]
ImagesOption = Annotated[
    str | None,
    typer.Option(
        "--images",
        help="Encoder of photos and figures: conse-e5, conse, clip:MODEL or none.",
        show_default="what the home has, or conse-e5",
    ),
]
VideoOption = Annotated[
    str | None,
    typer.Option(
        "--video",
        help="Encoder of shots of videos: videomae:MODEL, xclip:MODEL or none.",
        show_default="what the home has",
    ),
]
DeviceOption = Annotated[
    str | None,
    typer.Option(
        "--device",
        help="Device of torch models: auto, cpu, cuda, cuda:N or mps; several with commas.",
        show_default="PAGEGLASS_DEVICE",
    ),
]
DtypeOption = Annotated[
    str | None,
    typer.Option(
        "--dtype",
        help="Their number type: fp32, fp16 or bf16.",
        show_default="PAGEGLASS_DTYPE",
    ),
]
PoolOption = Annotated[
    int | None,
    typer.Option(
        "--pool",
        min=1,
        max=16,
        help="Merge a page's rows until one in POOL is left: a smaller index, ranked a little worse.",
        show_default="as the index was made, or 1",
    ),
]
OcrOption = Annotated[
    str | None,
    typer.Option(
        "--ocr",
        help="rapidocr, tesseract:LANG+LANG; force or force:ENGINE to read every page anew; never.",
        show_default="PAGEGLASS_OCR",
    ),
]
OfficeOption = Annotated[
    str | None,
    typer.Option(
        "--office",
        help="What reads office documents: libreoffice, text (words alone), or a Gotenberg URL.",
        show_default="PAGEGLASS_OFFICE",
    ),
]
FpsOption = Annotated[
    float | None,
    typer.Option(
        "--fps",
        min=0,
        max=30,
        help="Frames a second of videos, at even distances; 0 takes a frame a shot.",
        show_default="PAGEGLASS_FPS",
    ),
]
SpeechOption = Annotated[
    str | None,
    typer.Option(
        "--speech",
        help="Who recognizes speech of recordings without subtitles: faster-whisper:MODEL, or none.",
        show_default="PAGEGLASS_SPEECH",
    ),
]
PasswordOption = Annotated[
    bool, typer.Option("--password", help="Ask for the password of encrypted PDFs.")
]
PasswordFileOption = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        help="Read their password from the first line of a file; - for stdin.",
        show_default=False,
    ),
]
HostOption = Annotated[
    str | None,
    typer.Option("--host", help="Address to listen on.", show_default="PAGEGLASS_HOST, 127.0.0.1"),
]
PortOption = Annotated[
    int | None,
    typer.Option(
        "--port",
        min=0,
        max=65_535,
        help="Port to listen on; 0 takes a free one.",
        show_default="PAGEGLASS_PORT, 8000",
    ),
]
