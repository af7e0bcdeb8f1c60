"""OCR: words, their separation, and boxes on the ink."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from ingest.encoders.embedded.weights import WeightsChanged, WeightsMissing
from ingest.ocr import load_ocr as loader
from ingest.ocr import pp_ocr
from ingest.ocr.corners import box_corners
from ingest.ocr.load_ocr import check_ocr, load_ocr, parse_ocr
from ingest.ocr.ocr import Ocr, OcrFailed, OcrMode, OcrUnavailable, read_image
from ingest.ocr.split_line import join_pieces, split_line
from ingest.ocr.tesseract import Tesseract, read_tsv, tesseract_languages
from ingest.page import Word

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
SENTENCE = "The lens weighs 3.4 tonnes and floats on mercury."
BOTH = [
    "rapidocr",
    pytest.param(
        "tesseract:eng",
        marks=pytest.mark.skipif("eng" not in tesseract_languages(), reason="no tesseract"),
    ),
]
needs_korean = pytest.mark.skipif(
    not {"kor", "eng"} <= tesseract_languages(), reason="no tesseract with Korean"
)


@pytest.fixture(scope="module")
def readers() -> dict[str, Ocr]:
    return {}


@pytest.fixture
def reader(request: pytest.FixtureRequest, readers: dict[str, Ocr]) -> Ocr:
    spec: str = request.param
    if spec not in readers:
        made = load_ocr(spec)
        assert made is not None
        readers[spec] = made
    return readers[spec]


def read(reader: Ocr, image: Image.Image) -> list[Word]:
    return [word for line in read_image(reader, image) for word in line.words]


def write(text: str, size: tuple[int, int] = (1_000, 200)) -> Image.Image:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((120, 80), text, "black", ImageFont.load_default(32))
    return image


# --- real readers


@pytest.mark.parametrize("reader", BOTH, indirect=True)
def test_a_printed_sentence_is_read_word_by_word_with_boxes_on_the_ink(reader: Ocr) -> None:
    image = write(SENTENCE)
    words = read(reader, image)
    assert [word.text for word in words] == SENTENCE.split()
    dark = np.array(image.convert("L")) < 128
    ink = dark.sum()
    end = 0.0
    for word in words:
        left, top, right, bottom = word.box
        assert end - 0.01 <= left < right <= 1
        end = right
        rows = slice(round(top * 200) - 2, round(bottom * 200) + 2)
        columns = slice(round(left * 1_000) - 3, round(right * 1_000) + 3)
        assert dark[rows, columns].any()
        dark[rows, columns] = False
    assert dark.sum() < 0.02 * ink


@pytest.mark.parametrize("reader", BOTH, indirect=True)
def test_nothing_is_read_from_nothing(reader: Ocr) -> None:
    assert read(reader, Image.new("RGB", (300, 200), "white")) == []


@pytest.mark.parametrize("reader", BOTH, indirect=True)
@pytest.mark.parametrize("mode", ["L", "1", "RGBA", "P"])
def test_any_kind_of_picture_may_be_read(reader: Ocr, mode: str) -> None:
    assert [word.text for word in read(reader, write("LIGHTHOUSE").convert(mode))] == ["LIGHTHOUSE"]


@pytest.mark.parametrize("reader", ["rapidocr"], indirect=True)
def test_boxes_are_fractions_however_large_the_picture(reader: Ocr) -> None:
    small = write("LIGHTHOUSE")
    [word] = read(reader, small)
    [large] = read(reader, small.resize((4_000, 800)))
    assert large.text == word.text
    assert large.box == pytest.approx(word.box, abs=0.02)


@needs_korean
def test_korean_words_are_whole_again_after_tesseract_tore_them_apart() -> None:
    with Image.open(SAMPLES / "korean-scan.png") as image:
        words = read(Tesseract("kor+eng"), image.convert("RGB"))
    texts = [word.text for word in words]
    text = " ".join(texts)
    for whole in ("등대지기", "하늬섬", "모스", "부호로", "초등학교", "화요일", "2025년", "도시락"):
        assert whole in text, text
    assert "등대지기 체험 학급 모집" in text
    assert sum(len(text) == 1 for text in texts) < 0.2 * len(texts)
    for word in words:
        left, top, right, bottom = word.box
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1


# --- which reader


@pytest.mark.parametrize("spec", ["none", "never", "rapidocr", "force"])
def test_what_is_always_there_passes_the_check(spec: str) -> None:
    check_ocr(spec)
    assert (load_ocr(spec) is None) == (spec in {"none", "never"})


@pytest.mark.parametrize("spec", ["", "rapid", "rapidocr:kor", "none:eng", "Tesseract:eng"])
@pytest.mark.parametrize("ask", [check_ocr, load_ocr])
def test_an_unknown_reader_is_refused_with_those_there_are(spec: str, ask: Any) -> None:
    with pytest.raises(OcrUnavailable, match=re.escape(repr(spec))) as caught:
        ask(spec)
    assert "tesseract:kor+eng" in caught.value.hint


@pytest.mark.parametrize("ask", [check_ocr, load_ocr])
def test_a_language_that_is_not_installed_is_refused_with_its_debian_package(ask: Any) -> None:
    with pytest.raises(
        OcrUnavailable, match="tesseract cannot read chi_sim_vert, tlh here"
    ) as caught:
        ask("tesseract:tlh+chi_sim_vert")
    packages = "tesseract-ocr-chi-sim-vert tesseract-ocr-tlh"
    assert caught.value.hint == f"On Debian: apt install tesseract-ocr {packages}."


def test_without_tesseract_every_language_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tesseract_languages.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    try:
        with pytest.raises(OcrUnavailable, match="tesseract cannot read eng here"):
            check_ocr("tesseract")
    finally:
        tesseract_languages.cache_clear()


@pytest.fixture
def fake_tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another program of that name, to see what it is given and what becomes of its failures."""
    program = tmp_path / "tesseract"
    program.write_text(
        "#!/bin/sh\n"
        f'/usr/bin/env > "{tmp_path}/environment"\n'
        '[ "$1" = --list-langs ] && printf "List of languages:\\nklingon\\n" && exit\n'
        "/bin/cat > /dev/null\n"
        'echo "Cannot think today" >&2\nexit 3\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TESSDATA_PREFIX", "/somewhere")
    monkeypatch.setenv("SECRET_KEY", "sesame")
    monkeypatch.setenv("LANG", "de_DE.ISO-8859-1")
    return program


def test_tesseract_failing_on_one_picture_is_told_with_what_it_said(fake_tesseract: Path) -> None:
    tesseract_languages.cache_clear()
    try:
        with pytest.raises(OcrFailed, match="Cannot think today"):
            read(Tesseract("klingon"), write("Qapla"))
    finally:
        tesseract_languages.cache_clear()
    given = dict(
        line.split("=", 1)
        for line in (fake_tesseract.parent / "environment").read_text().splitlines()
    )
    assert given["TESSDATA_PREFIX"] == "/somewhere"
    assert given["OMP_THREAD_LIMIT"] == "1"
    assert not {"SECRET_KEY", "LANG"} & set(given)


@pytest.mark.parametrize(
    ("spec", "engine", "mode"),
    [
        ("rapidocr", "rapidocr", "auto"),
        ("tesseract:kor+eng", "tesseract:kor+eng", "auto"),
        ("force", "rapidocr", "force"),
        ("force:tesseract:kor", "tesseract:kor", "force"),
        ("never", "none", "never"),
        ("none", "none", "never"),
        ("force:none", "force:none", "auto"),
        ("force:", "force:", "auto"),
    ],
)
def test_a_setting_is_an_engine_and_a_mode(spec: str, engine: str, mode: OcrMode) -> None:
    assert parse_ocr(spec) == (engine, mode)


# --- rapidocr's lines


TOKENS = st.lists(
    st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=8),
    min_size=1,
    max_size=8,
)


def place(tokens: list[str]) -> list[tuple[str, float, float]]:
    """Pieces as rapidocr gives them: each character as wide as the space between tokens."""
    width = sum(map(len, tokens)) + len(tokens) - 1
    pieces, x = [], 0
    for token in tokens:
        pieces.append((token, x / width, (x + len(token)) / width))
        x += len(token) + 1
    return pieces


def test_cells_that_the_recognizer_runs_together_are_words() -> None:
    cells = [("Sculls", 0.0, 0.3), ("4", 0.6, 0.65), ("310.00", 0.7, 1.0)]
    assert split_line("Sculls4 310.00", cells) == cells
    near = [("RM", 0.0, 0.1), ("5.00", 0.12, 0.3)]
    assert split_line("RM5.00", near) == [("RM5.00", 0.0, 0.3)]
    spaced = [(letter, 0.2 * at, 0.2 * at + 0.03) for at, letter in enumerate("OBER")]
    assert split_line("OBER", spaced) == [("OBER", 0.0, pytest.approx(0.63))]


@given(TOKENS)
def test_words_of_a_line_keep_their_spaces_and_places(tokens: list[str]) -> None:
    assert split_line(" ".join(tokens), place(tokens)) == place(tokens)


@given(TOKENS, st.data())
def test_a_line_that_its_parts_do_not_spell_is_divided_by_the_lengths_of_its_words(
    tokens: list[str], data: st.DataObject
) -> None:
    pieces = place(tokens)
    kept = data.draw(st.lists(st.sampled_from(pieces), max_size=len(pieces) - 1))
    words = split_line(" ".join(tokens), kept)
    assert [text for text, _, _ in words] == tokens
    reached = 0.0
    for _, start, end in words:
        assert reached - 1e-9 <= start < end <= 1 + 1e-9
        reached = end


@given(TOKENS)
def test_characters_given_one_by_one_become_words(tokens: list[str]) -> None:
    parts = []
    for token, start, end in place(tokens):
        step = (end - start) / len(token)
        parts += [(c, start + i * step, start + (i + 1) * step) for i, c in enumerate(token)]
    for word, whole in zip(split_line(" ".join(tokens), parts), place(tokens), strict=True):
        assert word[0] == whole[0]
        assert word[1:] == pytest.approx(whole[1:])


# --- tesseract's pieces


@pytest.mark.parametrize(
    ("pieces", "joined"),
    [
        ([("등", 0, 20), ("대", 24, 20), ("에서", 48, 40)], ["등대에서"]),
        ([("등대", 0, 40), ("옆", 54, 20)], ["등대", "옆"]),
        ([("98", 0, 25), ("개", 28, 20), ("를", 50, 20)], ["98개를"]),
        ([("고", 0, 20), (",", 18, 4)], ["고,"]),
        ([("東", 0, 20), ("京", 20, 20)], ["東京"]),
        ([("two", 0, 40), ("words", 43, 60)], ["two", "words"]),
        ([("뒤", 0, 60), ("앞", 30, 20), ("끝", 64, 20)], ["뒤앞끝"]),
    ],
)
def test_pieces_of_cjk_that_nearly_touch_are_one_word(
    pieces: list[tuple[str, int, int]], joined: list[str]
) -> None:
    placed = [(text, left, 0, width, 20) for text, left, width in pieces]
    seen = list(join_pieces(placed))
    assert [text for text, *_ in seen] == joined
    assert seen[0][1] == 0
    assert max(left + wide for _, left, _, wide, _ in seen) == max(x + w for _, x, w in pieces)


@given(
    st.lists(
        st.tuples(st.sampled_from(["등", "대", "ab", "9", "，"]), st.integers(-9, 40)), min_size=1
    )
)
def test_joining_loses_no_character_and_no_ink(steps: list[tuple[str, int]]) -> None:
    pieces, x = [], 100
    for text, gap in steps:
        x += gap
        pieces.append((text, x, 0, 20 * len(text), 20))
        x += 20 * len(text)
    joined = list(join_pieces(pieces))
    assert "".join(text for text, *_ in joined) == "".join(text for text, _ in steps)
    for _, left, _, wide, _ in pieces:
        assert any(at <= left and left + wide <= at + width for _, at, _, width, _ in joined)


def test_words_of_tesseract_have_places_and_confidence() -> None:
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
    table = "\n".join(
        [
            head,
            "1\t1\t0\t0\t0\t0\t0\t0\t200\t100\t-1\t",
            "5\t1\t1\t1\t1\t1\t180\t0\t20\t20\t96\t등",
            "5\t1\t1\t1\t2\t1\t0\t30\t20\t20\t91.5\t대",
            "5\t1\t1\t1\t2\t2\t20\t30\t20\t20\t96\t ",
            "",
        ]
    )
    assert read_tsv(table) == [
        (("등", 180, 0, 20, 20), 96.0),
        (("대", 0, 30, 20, 20), 91.5),
    ]
    assert read_tsv(head + "\n") == []


@pytest.mark.parametrize("part", ["OCR_DETECTOR", "OCR_RECOGNIZER"])
def test_a_changed_or_missing_model_is_an_error_and_never_fetched(
    monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    weights = getattr(loader, part)

    def change(**changes: str) -> None:
        for module in (loader, pp_ocr):
            monkeypatch.setattr(module, part, replace(weights, **changes))

    def read(engine: str) -> None:
        """Both models are loaded when they are first used."""
        ocr, image = load_ocr(engine), Image.new("RGB", (200, 40), "white")
        assert ocr is not None
        ocr.detect(image)
        ocr.recognize(image, [box_corners((0, 0, 1, 1), image.size)])

    change(sha256="0" * 64)
    for use in (read, check_ocr):
        with pytest.raises(WeightsChanged, match=r"onnx has SHA-256"):
            use("rapidocr")
    change(file="models/gone.onnx")
    for use in (read, check_ocr):
        with pytest.raises(WeightsMissing, match=r"gone\.onnx"):
            use("rapidocr")


def test_rapidocr_opens_the_files_that_were_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "rapidocr.utils.download_file.DownloadFile.run",
        lambda *_: pytest.fail("a model is downloaded"),
    )
    assert load_ocr("rapidocr") is not None
