"""Hints: how to mend an error, in the words of the command line, HTTP or Python.

The layers below say what to do in terms of the library ("Ingest files
first."). The table adds how that is done here, by the error's `code`; an error
class that is not in it counts as the nearest of its parents that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ingest.error import PageglassError, find_by_code

Interface = Literal["cli", "http", "python"]


@dataclass(frozen=True, slots=True)
class Words:
    """Sentence that each interface adds to a hint; empty where there is none."""

    cli: str = ""
    http: str = ""
    python: str = ""


def _setting(option: str, variable: str, argument: str) -> Words:
    """Words that name an option, a variable of the environment and an argument."""
    option_or = f"{option} or " if option else ""
    return Words(
        f"See {option_or}{variable}.",
        f"The server reads {variable} when it starts.",
        f"See the argument `{argument}`.",
    )


_REBUILD = Words(
    "`pageglass ingest --rebuild` rebuilds indexes.",
    "`pageglass ingest --rebuild` on the server rebuilds indexes.",
    "`Client.ingest(rebuild=True)` does it.",
)
_HOME = _setting("--home", "PAGEGLASS_HOME", "home")
_STORE = _setting("", "PAGEGLASS_STORE", "store")
_CHROMA = _setting("", "PAGEGLASS_CHROMA", "chroma")
_CHROMA_ACCESS = Words(
    "See PAGEGLASS_CHROMA_TOKEN, PAGEGLASS_CHROMA_TENANT and PAGEGLASS_CHROMA_DATABASE;"
    " `pageglass doctor` tries them.",
    "The server reads PAGEGLASS_CHROMA_TOKEN, PAGEGLASS_CHROMA_TENANT and"
    " PAGEGLASS_CHROMA_DATABASE when it starts.",
    "See the arguments `chroma_token`, `chroma_tenant` and `chroma_database`.",
)
_MODEL = _setting("--model", "PAGEGLASS_MODEL", "model")
_FEWER_PAGES = Words(
    "See --top or PAGEGLASS_EVIDENCE_PAGES.",
    "Send a smaller `top`; PAGEGLASS_EVIDENCE_PAGES is the server's own.",
    "See the argument `top`.",
)
_SCHEMAS = Words(
    "`pageglass extract --list-schemas` lists those that are ready.",
    python="`Client.schemas()` lists those that are ready.",
)
_OUT = Words(cli="See --out; --force trains anew.", python="See the arguments `out` and `force`.")

HINTS: dict[str, Words] = {
    # files by URL
    "url-refused": Words(
        "See PAGEGLASS_FETCH_PRIVATE and PAGEGLASS_FETCH_MB.",
        python="See the arguments `fetch_private` and `fetch_mb`.",
    ),
    # the library
    "library-not-found": Words(
        "`pageglass ingest PATH` does it; --home or PAGEGLASS_HOME names another data folder.",
        "POST them to /v1/documents, or run `pageglass ingest PATH` on the server.",
        "`Client.ingest(PATH)` does it.",
    ),
    "document-not-found": Words(
        "`pageglass list` shows them.",
        "GET /v1/documents shows them.",
        "`Client.list()` lists them.",
    ),
    "job-not-found": Words(http="GET /v1/jobs shows them."),
    "home-unusable": _HOME,
    "read-only-mirror": _STORE,
    "library-format": _REBUILD,
    "index-format": _REBUILD,
    "lossy-conversion": Words(
        "`pageglass ingest --rebuild --quantization KIND` does it.",
        "`pageglass ingest --rebuild --quantization KIND` does it on the server.",
        "`Client.ingest(rebuild=True, quantization=KIND)` does it.",
    ),
    "object-store": _STORE,
    "chroma-unreachable": _CHROMA,
    "chroma-refused": _CHROMA_ACCESS,
    "records-missing": _CHROMA,
    # files and encoders
    "needs-password": Words(
        "See --password.", "Send it as `password`.", "See the argument `password`."
    ),
    "ocr-unavailable": _setting("--ocr", "PAGEGLASS_OCR", "ocr"),
    "unknown-ocr": _setting("--ocr", "PAGEGLASS_OCR", "ocr"),
    "unknown-office": _setting("--office", "PAGEGLASS_OFFICE", "office"),
    "unknown-speech": _setting("--speech", "PAGEGLASS_SPEECH", "speech"),
    "unknown-encoder": Words(
        "See --encoder and --images.",
        "The server reads PAGEGLASS_ENCODER and PAGEGLASS_IMAGES when it starts.",
        "See the arguments `encoder` and `images`.",
    ),
    "caption-prompt-unused": Words("See --caption.", python="See the argument `caption`."),
    "image-encoder-missing": _setting("--images", "PAGEGLASS_IMAGES", "images"),
    "video-index-not-found": Words(
        "See --video of `pageglass ingest`, or PAGEGLASS_VIDEO.",
        "The server reads PAGEGLASS_VIDEO when it starts.",
        "`Client.ingest(PATH, video=...)` does it.",
    ),
    "image-index-not-found": Words(
        "`pageglass ingest --rebuild --images conse` makes one.",
        "`pageglass ingest --rebuild --images conse` makes one on the server.",
        '`Client.ingest(rebuild=True, images="conse")` makes one.',
    ),
    "unknown-quantization": _setting("--quantization", "PAGEGLASS_QUANTIZATION", "quantization"),
    "device-unavailable": Words(
        "See --device, PAGEGLASS_DEVICE and, for scoring, PAGEGLASS_SCORE_DEVICE.",
        "The server reads PAGEGLASS_DEVICE and, for scoring, PAGEGLASS_SCORE_DEVICE when it starts.",
        "See the arguments `device` and `score_device`.",
    ),
    "out-of-device-memory": Words(
        "See --batch, --dpi, --dtype and --device.",
        "The server reads PAGEGLASS_BATCH, PAGEGLASS_DTYPE and PAGEGLASS_DEVICE when it starts.",
        "See the arguments `batch`, `dpi`, `dtype` and `device`.",
    ),
    "invalid-vectors": _setting("--dtype", "PAGEGLASS_DTYPE", "dtype"),
    "gpu-memory-exhausted": Words(
        "See PAGEGLASS_DEVICE_CACHE_MB and PAGEGLASS_SCORE_DEVICE.",
        "The server reads PAGEGLASS_DEVICE_CACHE_MB and PAGEGLASS_SCORE_DEVICE when it starts.",
        "See the arguments `device_cache_mb` and `score_device`.",
    ),
    # models
    "unknown-model": _MODEL,
    "document-too-long": Words(
        "--each reads each page by itself.",
        "Send `pages`, one or a few at once.",
        "`Client.extract_each` reads each page by itself.",
    ),
    "prompt-too-long": _FEWER_PAGES,
    "request-too-large": _FEWER_PAGES,
    "timed-out": _setting("", "PAGEGLASS_MODEL_TIMEOUT", "model_timeout"),
    # extraction
    "invalid-schema": _SCHEMAS,
    "required-field-missing": _MODEL,
    "schema-mismatch": _MODEL,
    # training and evaluation
    "pairs-missing": Words(
        cli="See --pairs and --val-share.", python="See the arguments `pairs` and `val_share`."
    ),
    "output-folder-in-use": _OUT,
    "training-mismatch": _OUT,
    "training-diverged": Words(
        cli="See --lr and --dtype.", python="See the arguments `lr` and `dtype`."
    ),
    "split-not-found": Words(cli="See --split.", python="See the argument `split`."),
    "results-not-comparable": Words(cli="`pageglass eval --out FILE` writes such files."),
}
"""By `code`; tests hold each code, option and variable against the program."""


def hint_for(error: PageglassError, interface: Interface) -> str:
    """Hint of an error in the words of an interface."""
    words = find_by_code(HINTS, error)
    return f"{error.hint} {getattr(words, interface)}".strip() if words else error.hint
