"""OCR of an ingest: the option `--ocr` against the setting."""

from __future__ import annotations

import pytest

from api.ingestion import UnknownOcr, choose_ocr


@pytest.mark.parametrize(
    ("option", "setting", "chosen"),
    [
        (None, "rapidocr", "rapidocr"),
        (None, "never", "none"),
        (None, "force", "force"),
        ("never", "rapidocr", "none"),
        ("none", "tesseract:kor", "none"),
        ("force", "rapidocr", "force:rapidocr"),
        ("force", "tesseract:kor+eng", "force:tesseract:kor+eng"),
        ("force", "force:tesseract:kor", "force:tesseract:kor"),
        ("force", "never", "force"),
        ("force:tesseract:deu", "rapidocr", "force:tesseract:deu"),
        ("tesseract:kor", "force", "tesseract:kor"),
    ],
)
def test_force_takes_the_engine_of_the_setting(
    option: str | None, setting: str, chosen: str
) -> None:
    assert choose_ocr(option, setting) == chosen


@pytest.mark.parametrize("spec", ["psychic", "force:", "force:psychic", "tesseract:", "never:x"])
def test_an_unknown_ocr_is_refused_with_those_there_are(spec: str) -> None:
    with pytest.raises(UnknownOcr) as caught:
        choose_ocr(spec, "rapidocr")
    assert "force" in caught.value.hint
