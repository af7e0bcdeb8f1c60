"""Look the installation over: what is there, what would be used and why. Changes and downloads nothing.

Versions come from package metadata, and model files are proved by their hashes;
an encoder is loaded only to see whether it still gives an index's vectors.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from api.settings import KEYS, Settings
from api.version import find_version
from generation.models.model import SPECS
from ingest.encoders.embedded.weights import (
    BERT_VOCAB,
    EFFICIENTNET,
    MINILM,
    Weights,
)
from ingest.encoders.encoder import Encoding
from ingest.encoders.load import load_encoder
from ingest.error import PageglassError
from ingest.extras import EXTRAS, MissingExtra, find_missing, install_name
from ingest.files.ocr import tesseract_languages
from ingest.index.index import Index, open_indexes
from ingest.index.manifest import IndexFormatError
from ingest.index.probe import measure_drift
from ingest.index.server import disconnect
from ingest.library.database import LibraryFormatError, LibraryNotFound
from ingest.library.documents import readable
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.replica.head import read_head
from ingest.replica.object_store import ObjectStore, ObjectStoreError
from retrieval.gpu.device import choose_score_device

State = Literal["ok", "note", "broken"]

NEEDED = (
    "numpy", "pillow", "pymupdf", "rapidocr", "onnxruntime", "onnx", "tokenizers", "chromadb",
    "fastapi", "uvicorn", "python-multipart",
)  # fmt: skip
"""Without one of these the default does not run."""
LITTLE_SPACE = 1_000_000_000
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. Only "broken" keeps the default from working."""

    topic: str
    name: str
    state: State
    detail: str
    hint: str = ""


def examine(home: Home, settings: Settings) -> Iterator[Finding]:
    """Every finding, in the order to be read."""
    yield Finding("program", "pageglass", "ok", find_version())
    yield Finding("program", "python", "ok", f"{platform.python_version()}, {platform.machine()}")
    yield from _packages()
    yield _device()
    yield _scoring(settings)
    yield from _encoder(
        "minilm", "words of pages: searched by meaning, word by word", MINILM, BERT_VOCAB
    )
    yield from _encoder(
        "conse",
        "photos and figures: searched by what they show",
        EFFICIENTNET,
        MINILM,
        BERT_VOCAB,
    )
    yield from _ocr(settings.ocr)
    yield _model(settings)
    yield _chroma(settings)
    if store := settings.published():
        yield _store(home, store)
    yield from _home(home, settings)


def _chroma(settings: Settings) -> Finding:
    """Which Chroma holds the records of pages, and whether it answers."""
    server = settings.chroma_server()
    if server is None:
        return Finding("chroma", "embedded", "ok", "used: it lies in the home")
    try:
        client = server.connect()
    except PageglassError as fault:
        return Finding("chroma", server.url, "broken", fault.message, fault.hint)
    with server.translated_errors():
        detail = f"used: a server, version {client.get_version()}"
    disconnect(client)
    return Finding("chroma", server.url, "ok", f"{detail}, {server.tenant}, {server.database}")


def _store(home: Home, store: ObjectStore) -> Finding:
    """Whether the store answers, whose library it holds, and what it is to the home."""
    try:
        head = read_head(store)
        mirror = home.replica
    except (ObjectStoreError, MissingExtra) as fault:
        return Finding("store", store.url, "broken", fault.message, fault.hint)
    if head is None:
        return Finding("store", store.url, "ok", "empty yet: the next ingest publishes to it")
    if mirror:
        detail = f"used: the home is a mirror of it, snapshot {head.snapshot}"
        return Finding("store", store.url, "ok", detail)
    if head.home != home.id:
        return Finding(
            "store", store.url, "broken", "it holds the library of another home",
            "Give each home that is written to a store, or a prefix in one, of its own.",
        )  # fmt: skip
    return Finding("store", store.url, "ok", f"used: published up to snapshot {head.snapshot}")


def _drift(index: Index, settings: Settings) -> Finding:
    """Whether an index's encoder still gives the vectors it gave when the index was made."""
    manifest = index.manifest
    encoding = Encoding(settings.device, settings.dtype, pool_factor=manifest.pool_factor)
    try:
        drift = measure_drift(index.folder, load_encoder(manifest.encoder, encoding))
    except PageglassError as fault:
        return Finding("encoder", manifest.encoder, "broken", fault.message, fault.hint)
    if drift is None:
        return Finding("encoder", manifest.encoder, "note", "its index has no probe to compare")
    if drift.changed:
        return Finding(
            "encoder", manifest.encoder, "note",
            f"gives other vectors than when the index was made (cosine {drift.similar:.3f}); then:"
            f" {', '.join(f'{name} {value}' for name, value in manifest.provenance.items())}",
            "Run `pageglass ingest --rebuild`, or go back to those versions.",
        )  # fmt: skip
    return Finding(
        "encoder", manifest.encoder, "ok",
        f"gives the vectors it gave when the index was made (cosine {drift.similar:.4f})",
    )  # fmt: skip


def _packages() -> Iterator[Finding]:
    for name in NEEDED:
        found = _version(name)
        if found:
            yield Finding("package", name, "ok", found)
        else:
            yield Finding(
                "package", name, "broken", "not installed", f"Install it: pip install {name}."
            )
    for name, extra in EXTRAS.items():
        missing = find_missing(*extra.modules)
        yield Finding(
            "extra", name, "note" if missing else "ok",
            extra.purpose + (f": not installed ({', '.join(missing)})" if missing else ""),
            f"If you want it: pip install '{install_name(name)}'." if missing else "",
        )  # fmt: skip


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _device() -> Finding:
    gpus = _gpus()
    why = f"GPU seen: {', '.join(gpus)}" if gpus else "no NVIDIA GPU seen"
    return Finding(
        "device", "cpu", "ok", f"used for every model: the default runs on onnxruntime; {why}"
    )


def _scoring(settings: Settings) -> Finding:
    """Which device scores pages, and why."""
    try:
        choice = choose_score_device(settings.score_device)
    except PageglassError as fault:
        return Finding("scoring", settings.score_device, "broken", fault.message, fault.hint)
    if choice.device == "cpu":
        return Finding("scoring", "cpu", "ok", f"used: {choice.reason}")
    kept = f"keeps up to {settings.device_cache_mb} MB of rows there"
    once = "" if settings.score_device == "cuda" else "; a command that asks once takes the CPU"
    return Finding("scoring", "cuda", "ok", f"used: {choice.reason}, {kept}{once}")


def _gpus() -> list[str]:
    """The GPUs that NVIDIA's own tool lists, if it is there."""
    if shutil.which("nvidia-smi") is None:
        return []
    try:
        done = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True, text=True, check=False, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()] * (
        done.returncode == 0
    )


def _encoder(name: str, role: str, *weights: Weights) -> Iterator[Finding]:
    whole = True
    for part in weights:
        try:
            path = part.verified()
        except PageglassError as fault:
            whole = False
            yield Finding("weights", part.file, "broken", fault.message, fault.hint)
        else:
            yield Finding("weights", path.name, "ok", f"verified, SHA-256 {part.sha256[:12]}…")
    detail = f"used for {role}" if whole else f"cannot be used for {role}"
    yield Finding("encoder", name, "ok" if whole else "broken", detail)


def _ocr(spec: str) -> Iterator[Finding]:
    languages = tesseract_languages()
    kind, _, wanted = spec.partition(":")
    models = _rapidocr_models()
    yield Finding(
        "ocr", "rapidocr", "ok" if models else "broken" if kind == "rapidocr" else "note",
        (f"{_used(kind == 'rapidocr')}; reads Latin scripts, Chinese and Japanese, not Korean"
         if models else "its models are missing"),
        "" if models else "Install it anew: pip install --force-reinstall rapidocr.",
    )  # fmt: skip
    missing = set((wanted or "eng").split("+")) - languages if kind == "tesseract" else set()
    yield Finding(
        "ocr", "tesseract", "broken" if missing else "ok" if languages else "note",
        (f"{_used(kind == 'tesseract')}; reads {', '.join(sorted(languages - {'osd'}))}"
         if languages else "not installed"),
        (f"On Debian: apt install {' '.join(f'tesseract-ocr-{m}' for m in sorted(missing))}."
         if missing else ""),
    )  # fmt: skip
    if "kor" in languages:
        hint = "For scans in Korean: --ocr tesseract:kor+eng."
    else:
        hint = "On Debian: apt install tesseract-ocr-kor, then --ocr tesseract:kor+eng."
    if not (kind == "tesseract" and "kor" in wanted.split("+")):
        yield Finding(
            "ocr", "Korean", "note",
            "scans are not read; PDFs with a text layer are", hint,
        )  # fmt: skip


def _rapidocr_models() -> list[Path]:
    """The model files inside the installed rapidocr, found without importing it."""
    spec = find_spec("rapidocr")
    folders = (spec and spec.submodule_search_locations) or []
    return [path for folder in folders for path in Path(folder, "models").glob("*.onnx")]


def _used(used: bool) -> str:
    return "used for pages without a text layer, and photos" if used else "there, not used"


def _model(settings: Settings) -> Finding:
    """What writes answers, and whether its key is there; asks no provider and shows no key."""
    spec = settings.model
    if spec == "extractive":
        return Finding(
            "answers", spec, "ok", "used: quotes the pages word for word, no language model"
        )
    provider, _, name = spec.partition(":")
    if name.strip() and provider == "transformers":
        return Finding("answers", spec, "ok", "used: a model on this machine")
    if not name.strip() or provider not in KEYS:
        return Finding(
            "answers", spec, "broken", "unknown", f"Set PAGEGLASS_MODEL to extractive, or {SPECS}."
        )
    access = settings.access(spec)
    place = (
        f"at {_address(access.base_url)}" if access.base_url else "at its provider's own address"
    )
    if access.key or access.base_url:
        key = f"{KEYS[provider]} is set" if access.key else "no key, which that server may not want"
        return Finding("answers", spec, "ok", f"used: asked {place}, sees the pages; {key}")
    return Finding(
        "answers", spec, "broken", f"{KEYS[provider]} is not set", f"Set {KEYS[provider]}."
    )


def _address(url: str) -> str:
    """Without a name or password that may stand in it."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def _home(home: Home, settings: Settings) -> Iterator[Finding]:
    yield Finding("home", readable(str(home.root)), "ok", f"{home.size() / 1e6:.1f} MB")
    free = shutil.disk_usage(home.root).free
    yield Finding(
        "disk", "free", "ok" if free > LITTLE_SPACE else "note", f"{free / 1e9:.1f} GB",
        "" if free > LITTLE_SPACE else "Make room before a large ingest.",
    )  # fmt: skip
    try:
        library = Library(home)
        yield Finding(
            "library", "library.sqlite3", "ok",
            f"{len(library.documents())} documents, {library.page_count()} pages",
        )  # fmt: skip
        for index in open_indexes(home):
            yield Finding(
                "index", index.manifest.encoder, "ok",
                f"{index.manifest.model}, {index.manifest.dim} dimensions,"
                f" format {index.manifest.format}",
            )  # fmt: skip
            yield _drift(index, settings)
    except LibraryNotFound:
        yield Finding("library", "library.sqlite3", "ok", "none yet: `pageglass ingest PATH`")
    except (LibraryFormatError, IndexFormatError) as fault:
        yield Finding("library", "format", "broken", fault.message, fault.hint)
    except (ObjectStoreError, MissingExtra) as fault:
        yield Finding("library", "store", "broken", fault.message, fault.hint)
