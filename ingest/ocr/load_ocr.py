"""OCR loader: an engine by its name, and the mode in which it is used."""

from __future__ import annotations

from ingest.encoders.embedded.weights import OCR_DETECTOR, OCR_RECOGNIZER
from ingest.ocr.ocr import Ocr, OcrMode, OcrUnavailable

DEFAULT_ENGINE = "rapidocr"
FORCE, NEVER, NONE = "force", "never", "none"


def parse_ocr(spec: str) -> tuple[str, OcrMode]:
    """Engine and mode of an OCR setting.

    "force" or "force:ENGINE" reads every page anew; "never" and "none" read no page.
    Every other setting is the name of an engine.

    >>> parse_ocr("force:tesseract:kor+eng")
    ('tesseract:kor+eng', 'force')
    >>> parse_ocr("never")
    ('none', 'never')
    """
    if spec in {NEVER, NONE}:
        return NONE, "never"
    head, _, engine = spec.partition(":")
    if head == FORCE and (engine or spec == FORCE) and engine not in {NEVER, NONE, FORCE}:
        return engine or DEFAULT_ENGINE, "force"
    return spec, "auto"


def load_ocr(spec: str) -> Ocr | None:
    """Load the engine of an OCR setting; None where nothing is read.

    Raises:
        OcrUnavailable: there is none of this name, or it is not installed.
        WeightsMissing, WeightsChanged: its model files are not there, or others.
    """
    engine, mode = parse_ocr(spec)
    if mode == "never":
        return None
    match engine.partition(":"):
        case ("rapidocr", "", _):
            from ingest.ocr.rapidocr_engine import RapidOcr

            return RapidOcr()
        case ("tesseract", _, languages):
            from ingest.ocr.tesseract import Tesseract

            return Tesseract(languages or "eng")
    raise OcrUnavailable(
        f"There is no OCR engine {spec!r}.",
        hint="Give rapidocr, tesseract:LANG+LANG (such as tesseract:kor+eng), force or never.",
    )


def check_ocr(spec: str) -> None:
    """Check that an OCR engine is available, without loading models.

    Raises:
        OcrUnavailable: it is not.
        WeightsMissing, WeightsChanged: its model files are not there, or others.
    """
    engine, mode = parse_ocr(spec)
    if engine != "rapidocr":
        load_ocr(spec)
    if mode != "never":
        for weights in (OCR_DETECTOR, OCR_RECOGNIZER):
            weights.verified()
