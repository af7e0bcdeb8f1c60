"""Checks of local models: weights, encoders, OCR, drift of an encoder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from api.diagnostics.finding import Finding
from api.hints import hint_for
from api.settings import Settings
from ingest.encoders.checkpoint import is_local
from ingest.encoders.embedded.weights import (
    BERT_VOCAB,
    E5_SMALL,
    EFFICIENTNET,
    MINILM,
    MS_MARCO,
    Weights,
)
from ingest.encoders.encoder import Encoding
from ingest.encoders.exported.towers import NotExported, find_towers
from ingest.encoders.load import load_encoder
from ingest.error import PageglassError
from ingest.extras import find_missing
from ingest.index.index import Index
from ingest.index.probe import measure_drift
from ingest.library.documents import readable
from ingest.ocr.load_ocr import check_ocr, parse_ocr
from ingest.ocr.tesseract import tesseract_languages

if TYPE_CHECKING:
    from ingest.encoders.loading.load_report import LoadReport

FROM_FILES = ("colpali", "text", "clip", "transformers")
"""Kinds of encoders and models that are read from a checkpoint's files."""
LOADERS = ("torch", "transformers", "huggingface_hub")


def check_encoders() -> Iterator[Finding]:
    """Check the weights of the default encoders by their hashes."""
    yield from _encoder(
        "minilm", "text of pages: late interaction and dense vectors", MINILM, BERT_VOCAB
    )
    yield from _encoder(
        "conse",
        "photos and figures: searched by what they show",
        EFFICIENTNET,
        MINILM,
        BERT_VOCAB,
    )
    yield from _optional(
        "e5",
        "questions in a hundred languages",
        E5_SMALL,
        "is not installed; it exists for Linux on x86-64. Questions find what is in their own"
        " language.",
    )


def check_reranker() -> Iterator[Finding]:
    """Check the weights of the default reranker by their hash."""
    yield from _optional(
        "ms-marco",
        "the ten best pages read with the question",
        MS_MARCO,
        "is not installed. Pages are ranked without a reranker.",
    )


def _optional(name: str, role: str, weights: Weights, without: str) -> Iterator[Finding]:
    """Check a model whose package may be missing; `without` says what then holds."""
    if weights.available():
        yield from _encoder(name, role, weights)
    else:
        detail = f"not used: the package {weights.distribution} with its weights {without}"
        yield Finding("encoder", name, "note", detail)


def _encoder(name: str, role: str, *weights: Weights) -> Iterator[Finding]:
    whole = True
    for part in weights:
        try:
            path = part.verified()
        except PageglassError as error:
            whole = False
            yield Finding("weights", part.file, "broken", error.message, hint_for(error, "cli"))
        else:
            yield Finding("weights", path.name, "ok", f"verified, SHA-256 {part.sha256[:12]}…")
    detail = f"used for {role}" if whole else f"cannot be used for {role}"
    yield Finding("encoder", name, "ok" if whole else "broken", detail)


def check_ocr_engines(spec: str) -> Iterator[Finding]:
    """Check the OCR engines, and which one a setting uses."""
    languages = tesseract_languages()
    kind, _, wanted = parse_ocr(spec)[0].partition(":")
    fault = _ocr_fault()
    yield Finding(
        "ocr", "rapidocr", "broken" if fault and kind == "rapidocr" else "note" if fault else "ok",
        (fault.message if fault else f"{_used(kind == 'rapidocr')}; reads Latin scripts, Chinese"
         " and Japanese, not Korean; models verified"),
        fault.hint if fault else "",
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


def _ocr_fault() -> PageglassError | None:
    """What is wrong with the models of rapidocr; it is not imported."""
    try:
        check_ocr("rapidocr")
    except PageglassError as error:
        return error
    return None


def _used(used: bool) -> str:
    return "used for pages without a text layer, and photos" if used else "there, not used"


def check_weight_names(spec: str) -> Iterator[Finding]:
    """Check a local model's weights by name: those it lacks, those it leaves unused.

    Names are compared; no weights are loaded.

    Args:
        spec: an encoder or a model; nothing is found of those without files of their own.
    """
    kind, _, model = spec.partition(":")
    if kind not in FROM_FILES or find_missing(*LOADERS) or not is_local(model):
        return
    from ingest.encoders.loading.load_report import name_keys

    try:
        report = _inspect(kind, model)
    except PageglassError as error:
        yield Finding("weights", spec, "broken", error.message, hint_for(error, "cli"))
        return
    if report is None:
        return
    if kind == "transformers" and report.missing:
        detail = f"lacks {len(report.missing)} weights ({name_keys(report.missing)})"
        yield Finding("weights", spec, "broken", detail, "Download the model again.")
    elif report.unused:
        detail = f"has {len(report.unused)} weights that are not used ({name_keys(report.unused)})"
        yield Finding(
            "weights", spec, "note", detail,
            "A part for training, or for another task, is not needed; other names may mean"
            " another kind of model.",
        )  # fmt: skip
    else:
        yield Finding("weights", spec, "ok", "all are used")


def _inspect(kind: str, model: str) -> LoadReport | None:
    if kind == "transformers":
        from generation.models.local.network import inspect_network

        return inspect_network(model)
    from ingest.encoders.loading.inspect_encoder import inspect_encoder

    return inspect_encoder(f"{kind}:{model}", "minilm")


def check_towers(spec: str, settings: Settings) -> Iterator[Finding]:
    """Say whether CLIP runs by its exported towers or by torch, and why."""
    kind, _, model = spec.partition(":")
    if kind != "clip" or find_missing(*LOADERS) or "," in settings.device:
        return
    try:
        found = find_towers(model, Encoding(settings.device, settings.dtype))
    except PageglassError as error:
        yield Finding("towers", spec, "broken", error.message, hint_for(error, "cli"))
        return
    if isinstance(found, NotExported):
        yield Finding("towers", spec, "note", f"run by torch: {found.reason}")
    else:
        detail = f"exported, run by OpenVINO without torch, in {readable(str(found.folder))}"
        yield Finding("towers", spec, "ok", detail)


def check_drift(index: Index, settings: Settings) -> Finding:
    """Check that an encoder still gives the vectors that an index was made with."""
    manifest = index.manifest
    encoding = Encoding(settings.device, settings.dtype, pool_factor=manifest.pool_factor)
    try:
        drift = measure_drift(index.folder, load_encoder(manifest.encoder, encoding))
    except PageglassError as error:
        return Finding("encoder", manifest.encoder, "broken", error.message, hint_for(error, "cli"))
    if drift is None:
        return Finding("encoder", manifest.encoder, "note", "its index has no probe to compare")
    if drift.changed:
        return Finding(
            "encoder", manifest.encoder, "note",
            f"gives other vectors than when the index was made (cosine {drift.cosine:.3f}); then:"
            f" {', '.join(f'{name} {value}' for name, value in manifest.provenance.items())}",
            "Run `pageglass ingest --rebuild`, or go back to those versions.",
        )  # fmt: skip
    return Finding(
        "encoder", manifest.encoder, "ok",
        f"gives the vectors it gave when the index was made (cosine {drift.cosine:.4f})",
    )  # fmt: skip
