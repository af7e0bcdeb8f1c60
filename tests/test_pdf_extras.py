"""Form fields, comments, links, bookmarks and page labels of PDFs, as words."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from ingest.files.open import open_source
from ingest.files.render import RenderSettings, render
from ingest.page import Page, Word

Make = Callable[[Any], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.pdf"


def make(path: Path, fill: Make, *, rotation: int = 0) -> Path:
    with pymupdf.open() as pdf:
        page = pdf.new_page()
        fill(page)
        page.set_rotation(rotation)
        pdf.save(path)
    return path


def field(page: Any, kind: int, rect: tuple[float, ...], value: Any, **options: Any) -> None:
    widget = pymupdf.Widget()
    widget.field_type, widget.field_name = kind, f"field {rect}"
    widget.rect, widget.field_value = pymupdf.Rect(rect), value
    for name, option in options.items():
        setattr(widget, name, option)
    page.add_widget(widget)


def edit(path: Path, change: Make) -> Path:
    """A copy of a PDF with its objects changed."""
    changed = path.with_name("b.pdf")
    with pymupdf.open(path) as pdf:
        change(pdf)
        pdf.save(changed)
    return changed


def without_appearances(pdf: Any) -> None:
    for xref, kind, _ in pdf.page_annot_xrefs(0):
        if kind == pymupdf.PDF_ANNOT_WIDGET and pdf.xref_get_key(xref, "FT")[1] != "/Btn":
            pdf.xref_set_key(xref, "AP", "null")
    pdf.xref_set_key(pdf.pdf_catalog(), "AcroForm/NeedAppearances", "true")


def set_first(pdf: Any, value: str) -> int:
    """Change the value of the first field of page 1, but not its appearance."""
    xref: int = pdf.page_annot_xrefs(0)[0][0]
    pdf.xref_set_key(xref, "V", pymupdf.get_pdf_str(value))
    return xref


def words(path: Path) -> tuple[Word, ...]:
    [page] = render(path, Page("a", 1), 1, RenderSettings(ocr="none"))
    return page.words


def blocks(path: Path, *roles: str) -> list[str]:
    """Text of each block, of some roles or of all that are printed."""
    found: dict[int, list[str]] = {}
    for word in words(path):
        if word.role in roles or (not roles and word.role not in ("hidden", "note")):
            found.setdefault(word.block, []).append(word.text)
    return [" ".join(texts) for texts in found.values()]


def form(page: Any) -> None:
    page.insert_text((60, 120), "Name of skipper:")
    field(page, pymupdf.PDF_WIDGET_TYPE_TEXT, (200, 105, 400, 125), "Wilhelmina Straker")
    page.insert_text((60, 160), "Kind of berth:")
    options = {"choice_values": ["Pontoon Kilo", "Wall Juliett"]}
    field(page, pymupdf.PDF_WIDGET_TYPE_COMBOBOX, (200, 145, 400, 165), "Pontoon Kilo", **options)
    page.insert_text((60, 200), "Shore power wanted:")
    field(page, pymupdf.PDF_WIDGET_TYPE_CHECKBOX, (200, 188, 214, 202), True)
    page.insert_text((60, 230), "Winter storage wanted:")
    field(page, pymupdf.PDF_WIDGET_TYPE_CHECKBOX, (200, 218, 214, 232), False)


FILLED = [
    "Name of skipper: Wilhelmina Straker",
    "Kind of berth: Pontoon Kilo",
    "Shore power wanted: ☒",
    "Winter storage wanted: ☐",
]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_values_and_ticks_stand_beside_their_labels(path: Path, rotation: int) -> None:
    make(path, form, rotation=rotation)
    assert blocks(path) == FILLED
    assert sorted(blocks(path, "hidden")) == ["not ticked", "ticked"]


def test_a_form_without_appearances_has_its_values(path: Path) -> None:
    assert blocks(edit(make(path, form), without_appearances)) == FILLED


def test_a_value_that_its_appearance_does_not_show_is_read(path: Path) -> None:
    def change(pdf: Any) -> None:
        xref = set_first(pdf, "Bartholomew Quince")
        _, stream = pdf.xref_get_key(xref, "AP/N")
        pdf.update_stream(int(stream.split()[0]), b"/Tx BMC EMC")

    changed = edit(make(path, form), change)
    assert blocks(changed)[0] == "Name of skipper: Bartholomew Quince"


@pytest.mark.parametrize(
    "value", ["Zoë Łukaszewska", "Иван Петров", "山田太郎", "홍길동", "İpek Şahin"]
)
def test_values_of_other_scripts_are_read(path: Path, value: str) -> None:
    def change(pdf: Any) -> None:
        set_first(pdf, value)
        without_appearances(pdf)

    assert blocks(edit(make(path, form), change))[0] == f"Name of skipper: {value}"


def test_letters_in_a_comb_are_one_word(path: Path) -> None:
    def fill(page: Any) -> None:
        page.insert_text((60, 120), "Code:")
        options = {"field_flags": 1 << 24, "text_maxlen": 8}
        field(page, pymupdf.PDF_WIDGET_TYPE_TEXT, (200, 105, 400, 125), "AB12", **options)

    make(path, fill)
    assert blocks(path) == ["Code: AB12"]


def test_passwords_and_hidden_fields_are_not_printed(path: Path) -> None:
    def fill(page: Any) -> None:
        page.insert_text((60, 80), "Form")
        options = {"field_flags": pymupdf.PDF_TX_FIELD_IS_PASSWORD}
        field(page, pymupdf.PDF_WIDGET_TYPE_TEXT, (200, 105, 400, 125), "swordfish", **options)
        field(page, pymupdf.PDF_WIDGET_TYPE_TEXT, (200, 205, 400, 225), "internal")

    def change(pdf: Any) -> None:
        password, internal = (xref for xref, *_ in pdf.page_annot_xrefs(0))
        pdf.xref_set_key(password, "AP", "null")
        pdf.xref_set_key(internal, "F", "2")

    changed = edit(make(path, fill), change)
    assert "swordfish" not in " ".join(word.text for word in words(changed))
    assert blocks(changed) == ["Form"]
    assert blocks(changed, "hidden") == ["internal"]


# --- comments


def test_comments_are_notes_with_their_authors_hidden(path: Path) -> None:
    def fill(page: Any) -> None:
        page.insert_text((60, 80), "The charter covers the outboard motor.")
        page.add_text_annot((400, 70), "Strike the gear clause").set_info(title="Pemberton")
        mark = page.add_highlight_annot(page.search_for("outboard motor")[0])
        mark.set_info(content="sold to Lindqvist")
        page.add_freetext_annot((60, 260, 300, 300), "Call Oduya first", fontsize=11)
        page.add_stamp_annot((60, 400, 200, 440), stamp=0)

    make(path, fill)
    assert "The charter covers the outboard motor." in blocks(path)
    assert "Call Oduya first" in blocks(path)
    assert "Approved" in " ".join([*blocks(path), *blocks(path, "note")]).title()
    notes = blocks(path, "note")
    assert "Strike the gear clause" in notes
    assert "sold to Lindqvist" in notes
    assert "Call Oduya first" not in notes
    assert "Pemberton" in blocks(path, "hidden")
    place = next(word.box for word in words(path) if word.text == "Lindqvist")
    assert place[0] > 0.2
    assert place[1] < 0.12


# --- links, bookmarks, labels


def test_targets_of_links_are_found_and_not_printed(path: Path) -> None:
    def fill(page: Any) -> None:
        page.insert_text((60, 80), "See our site and www.seen.example for more.")
        for at, uri in enumerate(("https://hidden.example/Gro%C3%9F", "mailto:oduya@example.org")):
            rect = pymupdf.Rect(60, 70 + at * 30, 120, 85 + at * 30)
            page.insert_link({"kind": pymupdf.LINK_URI, "from": rect, "uri": uri})
        rect = pymupdf.Rect(60, 170, 120, 185)
        page.insert_link({"kind": pymupdf.LINK_URI, "from": rect, "uri": "www.seen.example"})

    make(path, fill)
    assert blocks(path) == ["See our site and www.seen.example for more."]
    assert blocks(path, "hidden") == ["https://hidden.example/Groß", "oduya@example.org"]


def test_bookmarks_are_found_on_their_page_where_they_are_not_printed(path: Path) -> None:
    with pymupdf.open() as pdf:
        for text in ("Tides", "Moorings"):
            pdf.new_page().insert_text((60, 80), text)
        pdf.set_toc([[1, "Tides", 1], [1, "Where to tie up", 2]])
        pdf.save(path)
    first, second = render(path, Page("a", 1), 2, RenderSettings(ocr="none"))
    assert [word.text for word in first.words] == ["Tides"]
    assert [w.text for w in second.words if w.role == "hidden"] == ["Where", "to", "tie", "up"]


def test_what_a_file_says_of_itself_and_of_its_figures_is_found(path: Path) -> None:
    def change(pdf: Any) -> None:
        pdf.new_page().insert_text((60, 80), "Fleet")
        pdf.set_metadata({"author": "Balthild Weir", "keywords": "sluice, eel pass"})
        root, figure = pdf.get_new_xref(), pdf.get_new_xref()
        alt = "/Alt (Red trawler beside the crane)"
        page = pdf.page_xref(1)
        pdf.update_object(figure, f"<</S /Figure /P {root} 0 R /Pg {page} 0 R {alt}>>")
        pdf.update_object(root, f"<</Type /StructTreeRoot /K [{figure} 0 R {root} 0 R]>>")
        pdf.xref_set_key(pdf.pdf_catalog(), "StructTreeRoot", f"{root} 0 R")

    made = edit(make(path, lambda page: page.insert_text((60, 80), "Survey")), change)
    pages = render(made, Page("a", 1), 2, RenderSettings(ocr="none"))
    hidden = [" ".join(w.text for w in page.words if w.role == "hidden") for page in pages]
    assert hidden == [
        "author Balthild Weir keywords sluice, eel pass",
        "Red trawler beside the crane",
    ]


def test_values_of_an_xfa_form_that_no_page_shows_are_found(path: Path) -> None:
    def change(pdf: Any) -> None:
        xref = pdf.get_new_xref()
        data = b"<xfa:data><form1><Skipper a='1'>Wilhelmina &amp; Co</Skipper></form1></xfa:data>"
        pdf.update_object(xref, "<<>>")
        pdf.update_stream(xref, data)
        packets = f"<</Fields [] /XFA [(template) 1 0 R (datasets) {xref} 0 R]>>"
        pdf.xref_set_key(pdf.pdf_catalog(), "AcroForm", packets)

    changed = edit(make(path, lambda page: page.insert_text((60, 80), "Please wait...")), change)
    assert blocks(changed) == ["Please wait..."]
    assert blocks(changed, "hidden") == ["Skipper Wilhelmina & Co"]


def test_hostile_texts_of_what_is_optional_take_no_time(path: Path) -> None:
    def change(pdf: Any) -> None:
        xref = pdf.get_new_xref()
        pdf.update_object(xref, "<<>>")
        pdf.update_stream(xref, b"<a>" + b"a" * 1_000_000 + b"<")
        pdf.xref_set_key(pdf.pdf_catalog(), "AcroForm", f"<</XFA [(datasets) {xref} 0 R]>>")
        note = pdf.page_annot_xrefs(0)[0][0]
        pdf.xref_set_key(note, "Contents", "()")
        pdf.xref_set_key(note, "RC", pymupdf.get_pdf_str("<" * 500_000))

    def fill(page: Any) -> None:
        page.add_text_annot((400, 70), "x")

    changed = edit(make(path, fill), change)
    started = time.monotonic()
    words(changed)
    assert time.monotonic() - started < 10


def test_page_labels_are_read_where_they_differ_from_the_number(path: Path) -> None:
    with pymupdf.open() as pdf:
        for _ in range(4):
            pdf.new_page()
        pdf.set_page_labels(
            [
                {"startpage": 0, "prefix": "", "style": "r", "firstpagenum": 1},
                {"startpage": 2, "prefix": "", "style": "D", "firstpagenum": 1},
            ]
        )
        pdf.save(path)
    pages = render(path, Page("a", 1), 4, RenderSettings(ocr="none"))
    assert [page.label for page in pages] == ["i", "ii", "1", "2"]
    assert str(Page("a", 3, "x.pdf", "1")) == "x.pdf, page 3 (labelled 1)"


@pytest.mark.parametrize("key", ["Annots", "Outlines", "PageLabels", "AcroForm", "Names"])
@pytest.mark.parametrize("junk", ["7", "{0}", "[7 null {0} []]", "<</Nums [0 7] /Names [7 7]>>"])
def test_damage_of_what_is_optional_costs_no_page(path: Path, key: str, junk: str) -> None:
    def change(pdf: Any) -> None:
        loop = pdf.get_new_xref()
        ref = f"{loop} 0 R"
        keys = f"Parent {ref} /Kids [{ref}] /First {ref} /Next {ref} /EmbeddedFiles {ref}"
        pdf.update_object(loop, f"<</Subtype /Widget /{keys}>>")
        where = pdf[0].xref if key == "Annots" else pdf.pdf_catalog()
        pdf.xref_set_key(where, key, junk.format(ref))

    page = open_source(edit(make(path, form), change)).page_image(1, 72)
    assert "skipper:" in [word.text for word in page.words]
