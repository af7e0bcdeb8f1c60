"""Office documents: converted by LibreOffice or a server, within limits, or their words alone."""

from __future__ import annotations

import os
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import docx
import openpyxl
import pptx
import psutil
import pymupdf
import pytest

from ingest.add import AddSettings, add
from ingest.event import Added
from ingest.files.find import find_files
from ingest.files.formats.office import (
    OfficeSettings,
    UnknownOffice,
    check_office,
    find_program,
    readable_suffixes,
)
from ingest.files.formats.scratch import scratch_folder
from ingest.files.formats.speaker_notes import add_speaker_notes, read_speaker_notes
from ingest.files.formats.tables.column_widths import widen_columns
from ingest.files.formats.tables.sheets import fit_layouts, repeat_first_rows, wrap_cells
from ingest.files.open import open_source
from ingest.files.render import RenderSettings, inspect, render
from ingest.files.source import FormatUnavailable, UnreadableFile
from ingest.library.home import Home
from ingest.page import Page, Rendered
from ingest.readers.limits import ReadLimits, ReadTimeout
from ingest.readers.reader_pool import ReaderPool

TEXT = RenderSettings(dpi=40, ocr="none", office=OfficeSettings("text"))
STAND_IN = """#!/bin/sh
# A program with LibreOffice's arguments that takes the PDF beside it as its result.
echo "$@" >> {notes}/calls
env >> {notes}/environment
while [ "$1" != --convert-to ]; do shift; done
{before}
mkdir -p "$4" && cp {folder}/{result} "$4/document.${{2%%:*}}"
"""


def write_docx(path: Path) -> Path:
    document = docx.Document()
    document.add_heading("Harbour rules", 1)
    document.add_paragraph("Ships longer than 80 metres take a pilot.")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ("Length", "Fee", "10 m", "100 crowns"), strict=True):
        cell.text = text
    document.save(str(path))
    return path


def write_xlsx(path: Path, rows: int = 120) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Berths"
    sheet.append(["berth", "depth", *(f"c{n}" for n in range(20))])
    for row in range(rows):
        sheet.append([f"B{row}", row / 2, *(f"v{row} {n}" for n in range(20))])
    book.create_sheet("Notes").append(["The crane is shut"])
    book.save(path)
    return path


def write_pptx(path: Path) -> Path:
    talk = pptx.Presentation()
    for number in range(2):
        slide = talk.slides.add_slide(talk.slide_layouts[1])
        slide.shapes.title.text = f"Lamp {number}"
        slide.placeholders[1].text = f"Lit on night {number}"
        slide.notes_slide.notes_text_frame.text = f"Say it slowly {number}"
    talk.save(str(path))
    return path


def read(path: Path, settings: RenderSettings) -> list[Rendered]:
    count = inspect(path, settings).page_count
    return render(path, Page("d", 1, path.name), count, settings)


def text_of(page: Rendered, role: str = "") -> str:
    return " ".join(word.text for word in page.words if role in ("", word.role))


class StandIn:
    """A scripted `soffice` in the PATH."""

    def __init__(self, folder: Path, notes: Path) -> None:
        self.folder, self.notes = folder, notes
        with pymupdf.open() as pdf:
            pdf.new_page().insert_text((72, 72), "Made by the stand-in")
            pdf.save(folder / "made.pdf")
        self.script()

    def script(self, before: str = "", result: str = "made.pdf") -> None:
        path = self.folder / "bin" / "soffice"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            STAND_IN.format(folder=self.folder, notes=self.notes, before=before, result=result)
        )
        path.chmod(0o755)

    @property
    def calls(self) -> int:
        calls = self.notes / "calls"
        return calls.read_text().count("\n") if calls.exists() else 0


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    # A confined program writes to devices, and nothing else outside of its folder.
    devices = Path("/dev/shm")
    with TemporaryDirectory(dir=devices if devices.is_dir() else None) as notes:
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        yield StandIn(tmp_path, Path(notes))


@pytest.fixture
def settings(tmp_path: Path) -> RenderSettings:
    office = OfficeSettings(folder=tmp_path / "converted")
    return RenderSettings(dpi=40, ocr="none", office=office)


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")


# --- words alone


def test_the_words_of_documents_slides_and_sheets(tmp_path: Path) -> None:
    [page] = read(write_docx(tmp_path / "a.docx"), TEXT)
    assert text_of(page, "heading") == "Harbour rules"
    assert "10 m 100 crowns" in text_of(page)
    assert page.note.startswith("Only the words")
    slides = read(write_pptx(tmp_path / "a.pptx"), TEXT)
    assert [text_of(slide) for slide in slides] == [
        f"Lamp {n} Lit on night {n} Say it slowly {n}" for n in range(2)
    ]
    sheets = read(write_xlsx(tmp_path / "a.xlsx", rows=2), TEXT)
    assert "B1 0.5 v1 0" in text_of(sheets[0])
    assert text_of(sheets[-1]) == "Notes The crane is shut"
    assert inspect(tmp_path / "a.xlsx", TEXT).kind == "office"


def test_words_alone_of_other_formats_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.rtf").write_bytes(rb"{\rtf1 words}")
    with pytest.raises(FormatUnavailable, match="LibreOffice alone"):
        inspect(tmp_path / "a.rtf", TEXT)
    whole = write_docx(tmp_path / "a.docx").read_bytes()
    (tmp_path / "b.docx").write_bytes(whole.replace(b"word/document.xml", b"word/documemt.xml"))
    with pytest.raises(UnreadableFile, match=r"b\.docx is damaged"):
        inspect(tmp_path / "b.docx", TEXT)


def test_ways_to_read_are_checked() -> None:
    for by in ("libreoffice", "text", "http://127.0.0.1:3000"):
        assert check_office(by).by == by
    with pytest.raises(UnknownOffice, match="'word'"):
        check_office("word")


# --- a program


def test_a_document_is_converted_once_by_its_content(
    stand_in: StandIn, settings: RenderSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    path = write_docx(tmp_path / "a.docx")
    other = tmp_path / "b.docx"
    other.write_bytes(path.read_bytes())
    for each in (path, path, other):
        [page] = read(each, settings)
        assert text_of(page) == "Made by the stand-in"
    assert inspect(path, settings).kind == "office"
    assert stand_in.calls == 1
    assert "secret" not in (stand_in.notes / "environment").read_text()
    [folder] = (tmp_path / "converted").iterdir()  # nothing of the work is left
    assert [file.name for file in folder.iterdir()] == ["a.docx.pdf"]
    assert sorted(tmp_path.glob(".~lock*")) == []


@pytest.mark.parametrize("before", ["exit 0", "exit 1", "kill -9 $$"])
def test_a_program_that_makes_nothing_is_an_error_by_name(
    before: str, stand_in: StandIn, settings: RenderSettings, tmp_path: Path
) -> None:
    stand_in.script(before)
    with pytest.raises(UnreadableFile, match=r"a\.docx cannot be converted"):
        inspect(write_docx(tmp_path / "a.docx"), settings)
    assert list((tmp_path / "converted").iterdir()) == []


def test_without_a_program_folders_are_left_out_and_a_named_file_is_an_error(
    nothing_installed: None, tmp_path: Path
) -> None:
    path = write_docx(tmp_path / "a.docx")
    left_out: list[Path] = []
    assert list(find_files([tmp_path], left_out.append, readable_suffixes(OfficeSettings()))) == []
    assert left_out == [path]
    with pytest.raises(FormatUnavailable, match=r"a\.docx is read by LibreOffice, which is not"):
        inspect(path, RenderSettings())
    assert ".docx" in readable_suffixes(OfficeSettings("text"))


def test_a_program_past_its_deadline_is_killed_with_what_it_started(
    stand_in: StandIn, tmp_path: Path
) -> None:
    stand_in.script(f"sleep 600 & echo $! > {stand_in.notes}/child; wait")
    path = write_docx(tmp_path / "a.docx")
    pool = ReaderPool(1, ReadLimits(seconds=10))
    try:
        future = pool.submit(inspect, path, RenderSettings(ocr="none"), name=path.name)
        while not (stand_in.notes / "child").exists():
            assert not future.done()
            time.sleep(0.05)
        [worker] = pool.pids()
        assert scratch_folder(worker).exists()
        with pytest.raises(ReadTimeout, match=r"a\.docx was not read within 10 s"):
            future.result(60)
    finally:
        pool.close()
    child = int((stand_in.notes / "child").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie"
    assert not scratch_folder(worker).exists()


def test_documents_are_ingested_and_nothing_stays_in_staging(
    stand_in: StandIn, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    settings = AddSettings(RenderSettings(dpi=40, ocr="none"), ("minilm",), 1)
    events = list(add(home, [write_docx(tmp_path / "a.docx")], settings))
    [added] = [event.document for event in events if isinstance(event, Added)]
    assert (added.kind, added.name) == ("office", "a.docx")
    assert list(home.staging.iterdir()) == []


# --- a server


class Gotenberg(BaseHTTPRequestHandler):
    """Answers with a PDF, or with an error where the file says so."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        good = b"broken" not in body and self.path == "/forms/libreoffice/convert"
        with pymupdf.open() as pdf:
            pdf.new_page().insert_text((72, 72), "Made by the server")
            data = bytes(pdf.tobytes())
        self.send_response(200 if good else 400)
        self.end_headers()
        self.wfile.write(data if good else b"no")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    made = HTTPServer(("127.0.0.1", 0), Gotenberg)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    made.server_close()


def test_a_gotenberg_server_converts(server: str, tmp_path: Path) -> None:
    office = OfficeSettings(server, tmp_path / "converted")
    settings = RenderSettings(dpi=40, ocr="none", office=office)
    [page] = read(write_docx(tmp_path / "a.docx"), settings)
    assert text_of(page) == "Made by the server"
    (tmp_path / "b.rtf").write_bytes(rb"{\rtf1 broken}")
    with pytest.raises(UnreadableFile, match=r"b\.rtf cannot be converted"):
        inspect(tmp_path / "b.rtf", settings)
    gone = RenderSettings(office=OfficeSettings("http://127.0.0.1:9", tmp_path))
    with pytest.raises(FormatUnavailable, match="does not answer"):
        inspect(tmp_path / "b.rtf", gone)


# --- sheets, and the program itself


def test_sheets_are_scaled_to_a_page_with_their_first_row_repeated() -> None:
    layout = (
        '<style:page-layout-properties fo:page-width="8in" fo:margin-top="1in"'
        ' style:scale-to="100%"/>'
    )
    fitted = fit_layouts(layout)
    assert 'style:scale-to-X="1" style:scale-to-Y="0"' in fitted
    assert fitted.count("fo:page-width") == 1
    assert "100%" not in fitted
    rows = "<table:table-row><c/></table:table-row>" * 2
    head = "<table:table-header-rows>"
    once = repeat_first_rows(f'<table:table a="b"><table:table-column/>{rows}</table:table>')
    assert once.count(head) == 1
    assert once.index(head) < once.index("<c/>") < once.index("</table:table-header-rows>")
    assert repeat_first_rows(once) == once


def test_columns_are_as_wide_as_what_they_hold() -> None:
    style = (
        '<office:automatic-styles><style:style style:name="co1" style:family="table-column">'
        '<style:table-column-properties style:column-width="0.5in"/></style:style>'
        "</office:automatic-styles>"
    )
    cells = (
        "<table:table-cell><office:annotation><text:p>a note as long as this</text:p>"
        "</office:annotation><text:p>Oar of Melisande</text:p></table:table-cell>"
        "<table:table-cell><text:p>44</text:p></table:table-cell><table:table-cell/>"
    )
    table = (
        '<table:table table:name="a"><table:table-column table:style-name="co1"'
        ' table:number-columns-repeated="1024"/>'
        f'<table:table-row a="b">{cells}</table:table-row></table:table>'
    )
    widened = widen_columns(style + table)
    assert 'style:column-width="1.510in"' in widened  # 16 letters
    assert 'table:style-name="pg1510"/><table:table-column table:style-name="co1"/>' in widened
    assert 'table:number-columns-repeated="1022"/>' in widened
    wrapped = wrap_cells('<style:table-cell-properties a="b"/><x style:row-height="1in"/>')
    assert wrapped == '<style:table-cell-properties fo:wrap-option="wrap" a="b"/><x/>'


@pytest.mark.slow
@pytest.mark.skipif(find_program() is None, reason="LibreOffice is not installed")
def test_texts_and_numbers_of_narrow_cells_are_read_whole(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["Item", "Price", "Note"])
    book.active.append(["Oar of Melisande from the yard at Ostwick", 123456789012.5, "x"])
    book.active["B2"].number_format = "#,##0.00"
    book.save(tmp_path / "a.xlsx")
    office = OfficeSettings(folder=tmp_path / "converted")
    [page] = read(tmp_path / "a.xlsx", RenderSettings(dpi=40, ocr="none", office=office))
    assert "Oar of Melisande from the yard at Ostwick 123,456,789,012.50 x" in text_of(page)


@pytest.mark.slow
@pytest.mark.skipif(find_program() is None, reason="LibreOffice is not installed")
def test_comments_are_notes(tmp_path: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.comments import Comment

    book = Workbook()
    book.active.append(["Item", "Price"])
    book.active["B1"].comment = Comment("checked by Nicodemus", "n")
    book.save(tmp_path / "a.xlsx")
    office = OfficeSettings(folder=tmp_path / "converted")
    [page] = read(tmp_path / "a.xlsx", RenderSettings(dpi=40, ocr="none", office=office))
    assert text_of(page, "note") == "checked by Nicodemus"


@pytest.mark.skipif(find_program() is None, reason="LibreOffice is not installed")
def test_libreoffice_converts_and_fetches_nothing(tmp_path: Path) -> None:
    asked: list[str] = []

    class Watch(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    watch = HTTPServer(("127.0.0.1", 0), Watch)
    threading.Thread(target=watch.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{watch.server_port}/"
    html = (
        f'{{\\rtf1 Outside {{\\field{{\\*\\fldinst INCLUDEPICTURE "{address}a.png"}}}}'
        f'{{\\field{{\\*\\fldinst INCLUDETEXT "{address}b.rtf"}}}} words}}'
    )
    (tmp_path / "a.rtf").write_text(html)
    settings = RenderSettings(
        dpi=40, ocr="none", office=OfficeSettings(folder=tmp_path / "converted")
    )
    try:
        assert "Outside" in text_of(read(tmp_path / "a.rtf", settings)[0])
        sheets = read(write_xlsx(tmp_path / "b.xlsx"), settings)
    finally:
        watch.shutdown()
        watch.server_close()
    assert asked == []
    assert len(sheets) == 4
    assert all(text_of(page).startswith("berth depth c0") for page in sheets[:3])


@pytest.mark.slow
@pytest.mark.skipif(find_program() is None, reason="LibreOffice is not installed")
def test_what_a_file_includes_from_this_machine_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere" / "secret.txt"
    secret.parent.mkdir()
    secret.write_text("Pemberton")
    path = tmp_path / "include.rtf"
    path.write_text(
        r"{\rtf1\ansi The lamp is lit.\par {\field{\*\fldinst INCLUDETEXT "
        f'"{secret.as_uri()}"'
        r"}{\fldrslt as saved}}\par}"
    )
    settings = RenderSettings(
        dpi=40, ocr="none", office=OfficeSettings(folder=tmp_path / "converted")
    )
    (page,) = read(path, settings)
    assert text_of(page).split() == "The lamp is lit. as saved".split()


def test_open_source_names_an_encrypted_document(
    stand_in: StandIn, settings: RenderSettings, tmp_path: Path
) -> None:
    stand_in.script("exit 1")
    path = tmp_path / "a.docx"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(508) + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(UnreadableFile, match=r"a\.docx is encrypted"):
        open_source(path, office=settings.office)


def test_speaker_notes_are_read_in_the_order_of_the_slides(tmp_path: Path) -> None:
    path = write_pptx(tmp_path / "a.pptx")
    talk = pptx.Presentation(str(path))
    order = talk.slides._sldIdLst
    order.append(order[0])
    talk.save(str(path))
    assert read_speaker_notes(path) == (2, {1: "Say it slowly 1", 2: "Say it slowly 0"})
    pages = "".join(
        f"<page><p>Shown {number}</p><notes><p>Kept {number}</p></notes></page>"
        for number in range(2)
    )
    with zipfile.ZipFile(tmp_path / "a.odp", "w") as archive:
        archive.writestr("content.xml", f"<body>{pages}</body>")
    assert read_speaker_notes(tmp_path / "a.odp") == (2, {1: "Kept 0", 2: "Kept 1"})


def test_notes_go_on_their_pages_without_being_drawn(tmp_path: Path) -> None:
    with pymupdf.open() as pdf:
        for _ in range(2):
            pdf.new_page()
        pdf.save(tmp_path / "a.pdf")
    blank = open_source(tmp_path / "a.pdf").page_image(1, 40).image.tobytes()
    add_speaker_notes(tmp_path / "a.pdf", write_pptx(tmp_path / "a.pptx"))
    page = open_source(tmp_path / "a.pdf").page_image(2, 40)
    assert [(line.text, line.origin) for line in page.extras] == [("Say it slowly 1", "note")]
    assert page.image.tobytes() == blank


@pytest.mark.slow
@pytest.mark.skipif(find_program() is None, reason="LibreOffice is not installed")
def test_what_slides_and_sheets_hide_is_read(tmp_path: Path) -> None:
    talk = pptx.Presentation(str(write_pptx(tmp_path / "a.pptx")))
    talk.slides[1]._element.set("show", "0")
    talk.save(str(tmp_path / "a.pptx"))
    office = OfficeSettings(folder=tmp_path / "converted")
    settings = RenderSettings(dpi=40, ocr="none", office=office)
    first, second = read(tmp_path / "a.pptx", settings)
    assert text_of(first, "note") == "Say it slowly 0"
    assert "Lit on night 1" in text_of(second)
    book = openpyxl.Workbook()
    for row in range(3):
        book.active.append([f"berth {row}", f"depth {row}"])
    book.active.row_dimensions[2].hidden = True
    book.active.column_dimensions["B"].hidden = True
    sheet = book.create_sheet("Hidden")
    sheet.append(["kept apart"])
    sheet.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    text = " ".join(map(text_of, read(tmp_path / "a.xlsx", settings)))
    assert "berth 1 depth 1" in text
    assert "kept apart" in text
