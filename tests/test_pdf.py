"""Words and figures of PDFs, with boxes on the ink as displayed."""

from __future__ import annotations

import math
import os
import resource
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ingest.files.open import open_source
from ingest.files.pdf import NeedsPassword, PdfSource
from ingest.files.source import LONGEST_SIDE, PageImage, UnreadableFile
from ingest.page import Box

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
WORDS = {"Alpha": (130, 260), "Bravo": (210, 330), "Charlie": (120, 470)}
"""Where each word's baseline begins, in points of the unrotated, uncut page."""
MEDIA = (400, 600)
CROP = (100, 200, 300, 500)
SIZE = 16


def save(pdf: Any, path: Path, **options: Any) -> Path:
    pdf.save(path, **options)
    pdf.close()
    return path


def write_words(path: Path, rotation: int, crop: tuple[float, float, float, float] | None) -> Path:
    pdf = pymupdf.open()
    page = pdf.new_page(width=MEDIA[0], height=MEDIA[1])
    for word, at in WORDS.items():
        page.insert_text(at, word, fontsize=SIZE)
    if crop:
        page.set_cropbox(pymupdf.Rect(crop))
    page.set_rotation(rotation)
    return save(pdf, path)


def seen_at(
    x: float, y: float, rotation: int, crop: tuple[float, float, float, float]
) -> tuple[float, float]:
    """Where a point of the unrotated page is on the page as seen, as fractions of it."""
    left, top, right, bottom = crop
    u, v = (x - left) / (right - left), (y - top) / (bottom - top)
    return {0: (u, v), 90: (1 - v, u), 180: (1 - u, 1 - v), 270: (v, 1 - u)}[rotation]


def ink(image: Image.Image, box: Box) -> float:
    """The share of a box that is dark."""
    dark = np.asarray(image.convert("L")) < 128
    height, width = dark.shape
    left, top, right, bottom = box
    part = dark[
        math.floor(top * height) : math.ceil(bottom * height),
        math.floor(left * width) : math.ceil(right * width),
    ]
    return float(part.mean())


def all_ink_is_inside(image: Image.Image, boxes: list[Box]) -> bool:
    dark = np.array(image.convert("L")) < 128
    height, width = dark.shape
    for left, top, right, bottom in boxes:
        dark[
            math.floor(top * height) : math.ceil(bottom * height),
            math.floor(left * width) : math.ceil(right * width),
        ] = False
    return not dark.any()


@pytest.mark.parametrize("crop", [None, CROP], ids=["whole", "cropped"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_the_boxes_of_words_lie_on_the_ink(
    tmp_path: Path, rotation: int, crop: tuple[float, float, float, float] | None
) -> None:
    sheet = PdfSource(write_words(tmp_path / "a.pdf", rotation, crop)).page_image(1, 144)
    visible = crop or (0, 0, *MEDIA)
    assert sorted(word.text for word in sheet.words) == sorted(WORDS)
    for word in sheet.words:
        x, y = WORDS[word.text]
        # The middle of the first letter, a little right of and above where it was set.
        u, v = seen_at(x + SIZE / 3, y - SIZE / 3, rotation, visible)
        left, top, right, bottom = word.box
        assert left < u < right
        assert top < v < bottom
        assert ink(sheet.image, word.box) > 0.08
    assert all_ink_is_inside(sheet.image, [word.box for word in sheet.words])


@settings(max_examples=15, deadline=None)
@given(
    rotation=st.sampled_from([0, 90, 180, 270]),
    left=st.floats(0, 110),
    top=st.floats(0, 240),
    right=st.floats(220, 400),
    bottom=st.floats(400, 600),
)
def test_boxes_stay_right_under_any_crop(
    tmp_path_factory: pytest.TempPathFactory,
    rotation: int,
    left: float,
    top: float,
    right: float,
    bottom: float,
) -> None:
    path = tmp_path_factory.mktemp("crop") / "a.pdf"
    write_words(path, rotation, (left, top, right, bottom))
    sheet = PdfSource(path).page_image(1, 72)
    assert "Alpha" in [word.text for word in sheet.words]
    for word in sheet.words:
        assert all(0 <= edge <= 1 for edge in word.box)
        assert ink(sheet.image, word.box) > 0.05


def test_words_outside_the_crop_box_are_not_on_the_page(tmp_path: Path) -> None:
    sheet = PdfSource(write_words(tmp_path / "a.pdf", 0, (100, 200, 300, 300))).page_image(1, 72)
    assert [word.text for word in sheet.words] == ["Alpha"]


def test_a_page_box_that_does_not_begin_at_nought_changes_nothing(tmp_path: Path) -> None:
    path = write_words(tmp_path / "a.pdf", 0, None)
    pdf = pymupdf.open(path)
    pdf.xref_set_key(pdf[0].xref, "MediaBox", "[-50 30 350 630]")
    sheet = PdfSource(save(pdf, tmp_path / "b.pdf")).page_image(1, 144)
    assert len(sheet.words) == len(WORDS)
    assert all_ink_is_inside(sheet.image, [word.box for word in sheet.words])


@pytest.mark.parametrize("crop", [(0, 0, 400, 600), CROP], ids=["whole", "cropped"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_the_boxes_of_figures_lie_on_the_picture(
    tmp_path: Path, rotation: int, crop: tuple[int, int, int, int]
) -> None:
    pdf = pymupdf.open()
    page = pdf.new_page(width=400, height=600)
    black = pymupdf.Pixmap(pymupdf.csRGB, (0, 0, 40, 80))
    black.clear_with(0)
    page.insert_image((150, 250, 200, 350), pixmap=black, keep_proportion=False)
    page.set_cropbox(pymupdf.Rect(crop))
    page.set_rotation(rotation)
    sheet = PdfSource(save(pdf, tmp_path / "a.pdf")).page_image(1, 144)
    [figure] = sheet.figures
    corners = [seen_at(x, y, rotation, crop) for x, y in ((150, 250), (200, 350))]
    expected = (*map(min, zip(*corners, strict=True)), *map(max, zip(*corners, strict=True)))
    assert figure == pytest.approx(expected, abs=0.002)
    assert ink(sheet.image, figure) > 0.95
    assert all_ink_is_inside(sheet.image, [figure])


def test_logos_are_no_figures(tmp_path: Path) -> None:
    pdf = pymupdf.open()
    page = pdf.new_page(width=400, height=600)
    black = pymupdf.Pixmap(pymupdf.csRGB, (0, 0, 40, 40))
    page.insert_image((10, 10, 50, 50), pixmap=black)
    assert PdfSource(save(pdf, tmp_path / "a.pdf")).page_image(1, 72).figures == ()


# --- forms


def add_field(page: Any, kind: int, value: Any, top: float, **options: Any) -> None:
    field = pymupdf.Widget()
    field.field_name, field.field_type = f"field at {top}", kind
    field.rect = pymupdf.Rect(50, top, 50 + options.pop("width", 250), top + 30)
    for name, option in options.items():
        setattr(field, name, option)
    field.field_value = value
    page.add_widget(field)


@pytest.fixture
def form(tmp_path: Path) -> PageImage:
    pdf = pymupdf.open()
    page = pdf.new_page(width=400, height=600)
    page.insert_text((50, 40), "Label")
    add_field(page, pymupdf.PDF_WIDGET_TYPE_TEXT, "Priya Lanwarne", 50)
    add_field(page, pymupdf.PDF_WIDGET_TYPE_COMBOBOX, "Guide", 100, choice_values=["Guide", "Cook"])
    add_field(page, pymupdf.PDF_WIDGET_TYPE_CHECKBOX, True, 150, width=30)
    add_field(page, pymupdf.PDF_WIDGET_TYPE_TEXT, "7", 200)
    add_field(page, pymupdf.PDF_WIDGET_TYPE_TEXT, "Unseen", 250, field_display=1)
    page.set_rotation(90)
    return PdfSource(save(pdf, tmp_path / "form.pdf")).page_image(1, 144)


def test_what_is_filled_in_on_a_form_is_read_once_and_where_it_is(form: PageImage) -> None:
    texts = [word.text for word in form.words]
    assert sorted(texts) == ["7", "Guide", "Label", "Lanwarne", "Priya"]
    for word in form.words:
        assert ink(form.image, word.box) > 0.01
    [priya] = [word for word in form.words if word.text == "Priya"]
    u, v = seen_at(60, 65, 90, (0, 0, 400, 600))
    assert priya.box[0] < u < priya.box[2]
    assert priya.box[1] < v < priya.box[3]


def test_a_tick_is_no_word_and_a_hidden_field_is_not_read(form: PageImage) -> None:
    assert not {"3", "4", "Unseen"} & {word.text for word in form.words}


def test_the_sample_form_has_each_answer_once() -> None:
    words = [w.text for w in PdfSource(SAMPLES / "volunteer-form.pdf").page_image(1, 72).words]
    for once in ("Priya", "Ropewalk", "01632", "splice", "Medium"):
        assert words.count(once) == (2 if once == "01632" else 1)


# --- locked, broken, odd


def lock(path: Path, **passwords: str) -> Path:
    pdf = pymupdf.open()
    pdf.new_page().insert_text((72, 72), "Secret")
    return save(pdf, path, encryption=pymupdf.PDF_ENCRYPT_AES_256, **passwords)


def test_an_encrypted_pdf_opens_with_its_password(tmp_path: Path) -> None:
    path = lock(tmp_path / "a.pdf", user_pw="sesame", owner_pw="boss")
    assert PdfSource(path, "sesame").page_image(1, 72).words[0].text == "Secret"
    assert PdfSource(path, "boss").page_image(1, 72).words[0].text == "Secret"


@pytest.mark.parametrize(
    ("password", "said"), [(None, "needs a password"), ("wrong", "the password is wrong")]
)
def test_an_encrypted_pdf_says_what_it_lacks(
    tmp_path: Path, password: str | None, said: str
) -> None:
    path = lock(tmp_path / "a.pdf", user_pw="sesame", owner_pw="boss")
    with pytest.raises(NeedsPassword, match=f"a.pdf is encrypted and {said}") as caught:
        PdfSource(path, password)
    assert caught.value.hint == "Give its password."


def test_a_pdf_that_only_its_owner_may_change_opens_for_everybody(tmp_path: Path) -> None:
    path = lock(tmp_path / "a.pdf", owner_pw="boss")
    assert PdfSource(path).page_image(1, 72).words[0].text == "Secret"
    assert PdfSource(path, "not needed").page_count == 1


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_pdf_cut_short_is_refused_rather_than_read_with_blank_pages(
    tmp_path: Path, share: float
) -> None:
    whole = (SAMPLES / "annual-report.pdf").read_bytes()
    path = tmp_path / "cut.pdf"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(UnreadableFile, match=r"cut\.pdf is (cut short|a broken PDF)") as caught:
        PdfSource(path)
    assert "again" in caught.value.hint


def test_a_whole_pdf_with_a_wrong_table_of_contents_is_read(tmp_path: Path) -> None:
    whole = write_words(tmp_path / "a.pdf", 0, None).read_bytes()
    path = tmp_path / "b.pdf"
    path.write_bytes(b"\n\n\n" + whole + b"<!-- a server's good-bye -->")
    assert len(PdfSource(path).page_image(1, 72).words) == len(WORDS)
    path.write_bytes(whole[: whole.rindex(b"startxref")])
    assert len(PdfSource(path).page_image(1, 72).words) == len(WORDS)


def test_a_pdf_without_pages_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.pdf"
    path.write_bytes(
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )
    with pytest.raises(UnreadableFile, match=r"none\.pdf has no pages"):
        PdfSource(path)


def test_a_pdf_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.pdf"
    path.write_bytes(b"Dear Sir, " * 100)
    with pytest.raises(UnreadableFile, match="is not a PDF, though its name says so"):
        open_source(path)
    path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 8)
    with pytest.raises(UnreadableFile, match=r"letter\.pdf"):
        open_source(path)


def test_a_pdf_whose_name_is_not_utf8_is_read(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.pdf")
    write_words(tmp_path / "a.pdf", 0, None).rename(path)
    assert len(open_source(path).page_image(1, 72).words) == len(WORDS)


def test_a_picture_named_pdf_is_read_as_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "drawing.pdf"
    Image.new("RGB", (30, 20), "red").save(path, "PNG")
    source = open_source(path)
    assert source.kind == "image"
    assert source.page_image(1, 72).image.size == (30, 20)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<html><body>Sign in to see the tide table</body></html>", "text"),
        (
            '<?xml version="1.0"?><FictionBook><body><section><p>a</p></section></body></FictionBook>',
            "book",
        ),
        (
            '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>a</text></svg>',
            "image",
        ),
    ],
)
def test_markup_named_pdf_is_read_as_what_it_is(tmp_path: Path, text: str, kind: str) -> None:
    """A portal's page that was saved in place of a bill; MuPDF opens it as a PDF and crashes."""
    path = tmp_path / "bill.pdf"
    path.write_text(text)
    assert open_source(path).kind == kind
    with pytest.raises(UnreadableFile, match="is not a PDF"):
        PdfSource(path)


def test_a_pdf_named_png_is_read_as_a_pdf(tmp_path: Path) -> None:
    assert open_source(write_words(tmp_path / "a.png", 0, None)).kind == "pdf"


@pytest.mark.parametrize("size", [(20_000, 300), (300, 20_000), (20_000, 20_000)])
def test_a_huge_page_is_rendered_small_and_in_bounded_memory(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    pdf = pymupdf.open()
    pdf.new_page(width=size[0], height=size[1]).insert_text((10, 150), "Hi", fontsize=100)
    source = PdfSource(save(pdf, tmp_path / "wide.pdf"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sheet = source.page_image(1, 144)
    assert max(sheet.image.size) == LONGEST_SIDE
    assert [word.text for word in sheet.words] == ["Hi"]
    # Drawn at 20,000 x 20,000 it would be 1.2 GB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_half_a_character_in_a_font_is_no_reason_to_stop(tmp_path: Path) -> None:
    """A font may map a glyph to half of a surrogate pair, which no database or JSON takes."""
    pdf = pymupdf.open()
    page = pdf.new_page()
    page.insert_text((72, 72), "ABBA")
    pdf = pymupdf.open("pdf", pdf.tobytes())
    font = pdf[0].get_fonts()[0][0]
    unicode = pdf.get_new_xref()
    pdf.update_object(unicode, "<<>>")
    pdf.update_stream(
        unicode,
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap "
        b"1 begincodespacerange <00> <ff> endcodespacerange "
        b"2 beginbfchar <41> <d83d> <42> <0042> endbfchar endcmap end end",
    )
    pdf.xref_set_key(font, "ToUnicode", f"{unicode} 0 R")
    words = PdfSource(save(pdf, tmp_path / "half.pdf")).page_image(1, 72).words
    assert [len(word.text.encode()) > 0 for word in words] == [True]
    assert "BB" in words[0].text


def test_a_page_that_has_gone_since_the_pages_were_counted_is_named(tmp_path: Path) -> None:
    path = write_words(tmp_path / "a.pdf", 0, None)
    with pytest.raises(UnreadableFile, match=r"Page 2 of a\.pdf is damaged"):
        PdfSource(path).page_image(2, 72)
