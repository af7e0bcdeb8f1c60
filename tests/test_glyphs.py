"""Glyphs that a font maps to nothing or to odd characters, in real PDFs by real OCR."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from ingest.files.open import open_source
from ingest.files.pdf import PdfSource
from ingest.files.render import RenderSettings, render
from ingest.page import Page
from ingest.reading.spelling.hyphen import join_broken
from ingest.reading.spelling.letters import plain_text
from tests.make_scan import DEJAVU, write_page

NOTICE = [
    "Each owner shows the certiﬁcate of ﬁtness for the ﬂotilla to Mr Huﬀman.",
    "An oﬃcial oﬃce deﬁned the oﬀer and the ﬁnal proﬁt of ﬁve ﬂorins.",
    "Please ask the clerk for the list of the boats.",
]
PRINTED = " ".join(NOTICE).translate(str.maketrans({"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi"}))


def write_notice(path: Path, mapping: Mapping[str, str | None], lines: list[str] = NOTICE) -> Path:
    """A page whose font maps ligatures otherwise; None for not at all."""
    pdf = pymupdf.open()
    page = pdf.new_page(width=500, height=120)
    for row, line in enumerate(lines):
        page.insert_text((20, 30 + 24 * row), line, fontname="dj", fontfile=str(DEJAVU))
    codes = {ord(each): pdf_code for each, pdf_code in glyphs(pdf, "".join(lines)).items()}
    rows = []
    for character, code in codes.items():
        text = mapping.get(chr(character), chr(character))
        if text is not None:
            rows.append(f"<{code:04x}> <{ord(text):04x}>")
    unicode = pdf.get_new_xref()
    pdf.update_object(unicode, "<<>>")
    body = "".join(
        f"{len(part)} beginbfchar {' '.join(part)} endbfchar "
        for part in (rows[at : at + 90] for at in range(0, len(rows), 90))
    )
    head = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap "
    span = "1 begincodespacerange <0000> <ffff> endcodespacerange "
    pdf.update_stream(unicode, f"{head}{span}{body}endcmap end end".encode())
    [font] = page.get_fonts()
    pdf.xref_set_key(font[0], "ToUnicode", f"{unicode} 0 R")
    pdf.save(path)
    return path


def glyphs(pdf: Any, text: str) -> dict[str, int]:
    font = pymupdf.Font(fontfile=str(DEJAVU))
    return {each: font.has_glyph(ord(each)) for each in sorted(set(text))}


def words_of(path: Path, ocr: str = "rapidocr") -> str:
    [page] = render(path, Page(str(path), 1, path.name), 1, RenderSettings(ocr=ocr))
    return " ".join(word.text for word in page.words)


@pytest.mark.parametrize(
    "mapping",
    [
        dict.fromkeys("ﬁﬂﬀﬃ"),
        dict.fromkeys("ﬁﬂﬀﬃ", " "),
        dict.fromkeys("ﬁﬂﬀﬃ", "?"),
        {"ﬁ": "\uf001", "ﬂ": "\uf002", "ﬀ": "\uf000", "ﬃ": "\uf003"},
        {"ﬁ": "Þ", "ﬂ": "ß", "ﬀ": "∆", "ﬃ": "√"},
        {"ﬁ": "O", "ﬂ": "[", "ﬀ": "&", "ﬃ": "Q"},
    ],
    ids=["nothing", "blank", "one sign", "private", "Mac Roman", "capitals"],
)
def test_ligatures_are_read_as_they_are_printed(
    mapping: Mapping[str, str | None], tmp_path: Path
) -> None:
    assert words_of(write_notice(tmp_path / "a.pdf", mapping)) == PRINTED


def test_without_ocr_a_page_says_what_its_file_does(tmp_path: Path) -> None:
    path = write_notice(tmp_path / "a.pdf", {"ﬁ": "O", "ﬂ": " ", "ﬀ": "&", "ﬃ": "Q"})
    assert words_of(path, "none").startswith("Each owner shows the certiOcate of Otness for the")


@pytest.mark.parametrize(
    "lines",
    [
        ["JavaScript and TypeScript and CoffeeScript", "for a[i] in R&D, AT&T, e-mail b@c.example"],
        ["x=y+z; foo<bar>; 5%of", "Þórður fór, Straße"],
    ],
)
def test_odd_words_stay_as_they_are(lines: list[str], tmp_path: Path) -> None:
    pdf = pymupdf.open()
    write_page(pdf.new_page(), lines)
    pdf.save(tmp_path / "a.pdf")
    assert words_of(tmp_path / "a.pdf").split() == " ".join(lines).split()


@pytest.mark.parametrize(
    ("stored", "printed"),
    [
        ("aƩenƟon", "attention"),
        ("Ɵme", "time"),
        ("soŌware", "software"),
        ("plaƞorm", "platform"),
        ("Ōsaka", "Ōsaka"),
    ],
)
def test_letters_for_ligatures_of_calibri(stored: str, printed: str) -> None:
    assert plain_text(stored) == printed


def test_hyphens_that_an_ocr_engine_has_written_as_not_signs() -> None:
    assert join_broken("perma¬", "nence", ()) == "permanence"


def test_letters_with_vowel_marks_are_all_read(tmp_path: Path) -> None:
    """As Chromium writes them: mark and letter are one text for two glyphs."""
    text = "كِتَابٌ قَدِيمٌ"
    pdf = pymupdf.open()
    page = pdf.new_page(width=300, height=100)
    clusters = re.findall("[\u0621-\u064a ][\u064b-\u0652]*", text)
    x = 200.0
    for cluster in clusters:
        x -= 8
        for each in reversed(cluster):
            page.insert_text((x, 50), each, fontname="dj", fontfile=str(DEJAVU), fontsize=12)
    streams = [pdf.xref_stream(xref) for xref in page.get_contents()]
    body = b""
    drawn = iter(streams)
    for cluster in clusters:
        actual = cluster.encode("utf-16-be").hex().encode()
        glyphs_of = b"".join(next(drawn) for _ in cluster)
        body = b"/Span <</ActualText <FEFF%s>>> BDC\n%sEMC\n" % (actual, glyphs_of) + body
    first = page.get_contents()[0]
    pdf.update_stream(first, body)
    pdf.xref_set_key(page.xref, "Contents", f"{first} 0 R")
    pdf.save(tmp_path / "a.pdf")
    [line] = PdfSource(tmp_path / "a.pdf").page_image(1, 72).lines
    bare = [re.sub("[\u064b-\u0652]", "", word.text) for word in line.words]
    assert sorted(bare) == sorted(re.sub("[\u064b-\u0652]", "", text).split())


def test_fonts_of_ordinary_pages_are_not_asked_about(tmp_path: Path) -> None:
    pdf = pymupdf.open()
    write_page(pdf.new_page(), ["An ordinary line with iPhone 4 and McDonald's in it."])
    pdf.save(tmp_path / "a.pdf")
    [line] = open_source(tmp_path / "a.pdf").page_image(1, 72).lines
    assert all(ord(each) < 0x300 for word in line.words for each in word.text)


def test_a_full_stop_of_another_font_makes_no_word_higher(tmp_path: Path) -> None:
    """Browsers take signs from another font than the letters of a script."""
    pdf = pymupdf.open()
    page = pdf.new_page(width=300, height=100)
    page.insert_text((40, 50), "lamp wick", fontsize=11)
    end = 40 + pymupdf.get_text_length("lamp wick", fontsize=11)
    page.insert_text((end, 50), ".", fontname="dj", fontfile=str(DEJAVU), fontsize=11)
    pdf.save(tmp_path / "a.pdf")
    [line] = PdfSource(tmp_path / "a.pdf").page_image(1, 72).lines
    assert [word.text for word in line.words] == ["lamp", "wick."]
    assert line.words[0].box[1::2] == pytest.approx(line.words[1].box[1::2])
