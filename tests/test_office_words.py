"""Words of office documents that no program converts: OpenDocument, HWP, HWPX and MSG."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from make_compound import compound_file

from ingest.files.formats.office import OfficeSettings, readable_suffixes
from ingest.files.formats.words import hangul, office_text
from ingest.files.open import open_source
from ingest.files.render import RenderSettings, inspect, render
from ingest.files.source import FormatUnavailable, UnreadableFile
from ingest.page import Page, Rendered

PLAIN = RenderSettings(dpi=40, ocr="none")
TEXT = RenderSettings(dpi=40, ocr="none", office=OfficeSettings("text"))
SPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
)


def read(path: Path, settings: RenderSettings = PLAIN) -> list[Rendered]:
    return render(path, Page("d", 1, path.name), inspect(path, settings).page_count, settings)


def text_of(page: Rendered, role: str = "") -> str:
    return " ".join(word.text for word in page.words if role in ("", word.role))


def open_document(path: Path, kind: str, body: str, head: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        body = f"<office:{kind}>{body}</office:{kind}>"
        made.writestr(
            "content.xml",
            f"{head}<office:document-content {SPACES}><office:body>{body}</office:body>"
            "</office:document-content>",
        )
    return path


# --- OpenDocument


def test_text_with_headings_lists_tables_and_without_what_was_deleted(tmp_path: Path) -> None:
    body = (
        "<text:tracked-changes><text:p>deleted words</text:p></text:tracked-changes>"
        '<text:h text:outline-level="1">Harbour<text:s text:c="2"/>rules</text:h>'
        "<text:p>Pilots<text:line-break/>wait <text:span>here</text:span>."
        "<office:annotation><text:p>a comment</text:p></office:annotation></text:p>"
        "<text:list><text:list-item><text:p>no swimming</text:p></text:list-item></text:list>"
        "<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Length"
        "</text:p></table:table-cell></table:table-row></table:table-header-rows><table:table-row>"
        "<table:table-cell><text:p>10 m</text:p></table:table-cell></table:table-row></table:table>"
    )
    [page] = read(open_document(tmp_path / "a.odt", "text", body), TEXT)
    assert text_of(page, "heading") == "Harbour rules"
    assert text_of(page) == "Harbour rules Pilots wait here. no swimming Length 10 m"
    assert page.note.startswith("Only the words")


def test_slides_are_pages(tmp_path: Path) -> None:
    slide = "<draw:page><draw:frame><draw:text-box><text:p>Lamp {}</text:p></draw:text-box></draw:frame></draw:page>"
    path = open_document(tmp_path / "a.odp", "presentation", slide.format(1) + slide.format(2))
    assert [text_of(page) for page in read(path, TEXT)] == ["Lamp 1", "Lamp 2"]


def test_sheets_that_claim_a_million_rows_have_those_with_values(tmp_path: Path) -> None:
    cell = "<table:table-cell{}><text:p>{}</text:p></table:table-cell>"
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    body = (
        '<table:table table:name="Oil"><table:table-row>'
        + cell.format("", "month")
        + cell.format(' table:number-columns-repeated="2"', "litres")
        + f"{empty}</table:table-row>"
        + f'<table:table-row table:number-rows-repeated="1048576">{empty}</table:table-row>'
        + f"<table:table-row>{cell.format('', 'May')}{cell.format('', '124')}</table:table-row></table:table>"
    )
    [page] = read(open_document(tmp_path / "a.ods", "spreadsheet", body), TEXT)
    assert text_of(page) == "Oil month litres litres May 124"


def test_damaged_and_hostile_open_documents_are_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))
    bombs = {
        "laughs": f"<!DOCTYPE d [{laughs}]>",
        "outside": '<!DOCTYPE d [<!ENTITY l11 SYSTEM "file:///etc/hostname">]>',
    }
    for name, head in bombs.items():
        path = open_document(tmp_path / f"{name}.odt", "text", "<text:p>&l11;</text:p>", head)
        with pytest.raises(UnreadableFile, match=rf"{name}\.odt is damaged"):
            open_source(path, office=OfficeSettings("text"))
    deep = "<text:section>" * 5_000 + "</text:section>" * 5_000
    with pytest.raises(UnreadableFile, match=r"deep\.odt is damaged"):
        open_source(
            open_document(tmp_path / "deep.odt", "text", deep), office=OfficeSettings("text")
        )
    (tmp_path / "cut.odt").write_bytes((tmp_path / "deep.odt").read_bytes()[:200])
    with pytest.raises(UnreadableFile, match=r"cut\.odt is damaged"):
        open_source(tmp_path / "cut.odt", office=OfficeSettings("text"))
    monkeypatch.setattr(office_text, "MAX_UNPACKED", 1_000)
    with pytest.raises(UnreadableFile, match="more than is safe to open"):
        open_source(
            open_document(tmp_path / "big.odt", "text", "<text:p>a</text:p>" * 999),
            office=OfficeSettings("text"),
        )


# --- HWP


def record(tag: int, level: int, data: bytes) -> bytes:
    size = min(len(data), 0xFFF)
    head = struct.pack("<I", tag | level << 10 | size << 20)
    return head + (struct.pack("<I", len(data)) if size == 0xFFF else b"") + data


def text_record(text: str, level: int = 1, controls: bytes = b"") -> bytes:
    return record(67, level, controls + f"{text}\r".encode("utf-16-le"))


def hwp(path: Path, records: bytes, flags: int = 1) -> Path:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(records) + packer.flush()
    header = b"HWP Document File".ljust(32, b"\0") + struct.pack("<II", 0x05010100, flags)
    streams = {
        "FileHeader": header,
        "\x05HwpSummaryInformation": b"",
        "BodyText/Section0": packed if flags & 1 else records,
    }
    path.write_bytes(compound_file(streams))
    return path


def test_paragraphs_and_tables_of_hwp(tmp_path: Path) -> None:
    section_start = struct.pack("<8H", 2, *b"secd", 0, 0, 2)
    cells = b"".join(
        record(72, 2, struct.pack("<IIHH", 1, 0, column, row) + bytes(20)) + text_record(text, 3)
        for row, texts in enumerate((("요금", "원"), ("성인", "9,000")))
        for column, text in enumerate(texts)
    )
    records = (
        text_record("부두 공지", controls=section_start)
        + text_record("배는 3번 부두에서\n9시 40분에 떠납니다. " + "긴 줄 " * 900)
        + record(71, 1, b" lbt")
        + record(77, 2, bytes(20))
        + cells
        + text_record("문의는 매표소로.")
    )
    [page, *_] = read(hwp(tmp_path / "a.hwp", records))
    words = " ".join(text_of(each) for each in read(tmp_path / "a.hwp"))
    assert words.startswith("부두 공지 배는 3번 부두에서 9시 40분에 떠납니다. 긴 줄")
    assert "".join(words.split()).endswith("요금원성인9,000문의는매표소로.")
    assert page.note.startswith("Only the words")
    assert inspect(tmp_path / "a.hwp", PLAIN).kind == "office"
    assert ".hwp" in readable_suffixes(OfficeSettings())


@pytest.mark.parametrize("flags", [0x3, 0x5, 0x11])
def test_locked_hwp_files_say_so(tmp_path: Path, flags: int) -> None:
    with pytest.raises(UnreadableFile, match=r"a\.hwp is locked"):
        open_source(hwp(tmp_path / "a.hwp", text_record("x"), flags))


def test_damaged_and_oversized_hwp_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = hwp(tmp_path / "a.hwp", text_record("x")).read_bytes()
    (tmp_path / "b.hwp").write_bytes(whole[:3000])
    with pytest.raises(UnreadableFile, match=r"b\.hwp is damaged"):
        open_source(tmp_path / "b.hwp")
    monkeypatch.setattr(hangul, "MAX_SECTION", 1 << 20)
    with pytest.raises(UnreadableFile, match="a section of more than 1 MiB"):
        open_source(hwp(tmp_path / "c.hwp", bytes(8 << 20)))
    monkeypatch.setitem(__import__("sys").modules, "olefile", None)
    with pytest.raises(FormatUnavailable, match="the package olefile"):
        open_source(tmp_path / "a.hwp")
    assert ".hwp" not in readable_suffixes(OfficeSettings("text"))


def test_hwp_3_needs_an_office_program(tmp_path: Path) -> None:
    (tmp_path / "old.hwp").write_bytes(b"HWP Document File V3.00 \x1a\x01\x02\x03\x04\x05")
    with pytest.raises(FormatUnavailable, match="LibreOffice alone"):
        open_source(tmp_path / "old.hwp", office=OfficeSettings("text"))


def test_hwpx(tmp_path: Path) -> None:
    space = 'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph"'
    run = "<hp:run><hp:t>{}</hp:t></hp:run>"
    cell = "<hp:tc><hp:subList><hp:p>" + run + "</hp:p></hp:subList></hp:tc>"
    table = f"<hp:tbl><hp:tr>{cell.format('요금')}{cell.format('9,000원')}</hp:tr></hp:tbl>"
    section = (
        f"<hs:sec xmlns:hs='s' {space}><hp:p>{run.format('부두<hp:lineBreak/>공지')}"
        f"<hp:run>{table}</hp:run></hp:p><hp:p>{run.format('끝.')}</hp:p></hs:sec>"
    )
    with zipfile.ZipFile(tmp_path / "a.hwpx", "w") as made:
        made.writestr("mimetype", "application/hwp+zip")
        made.writestr("Contents/section0.xml", section)
    [page] = read(tmp_path / "a.hwpx")
    assert text_of(page) == "부두 공지 요금 9,000원 끝."
    with zipfile.ZipFile(tmp_path / "b.hwpx", "w") as made:
        made.writestr("mimetype", "application/hwp+zip")
        made.writestr("Contents/section0.xml", b"\x8f\x02 encrypted")
    with pytest.raises(UnreadableFile, match=r"b\.hwpx is locked"):
        open_source(tmp_path / "b.hwpx")


# --- Outlook


def test_an_outlook_message(tmp_path: Path) -> None:
    texts = {
        0x0037: "Berth 7",
        0x1000: "The berth is free.",
        0x0C1A: "Ada",
        0x0C1F: "ada@example.org",
    }
    unicode = 0x001F
    properties = bytes(32) + b"".join(
        struct.pack("<HHIQ", unicode, tag, 6, 2 * len(text) + 2) for tag, text in texts.items()
    )
    streams = {
        "__properties_version1.0": properties,
        **{
            f"__substg1.0_{tag:04X}{unicode:04X}": text.encode("utf-16-le")
            for tag, text in texts.items()
        },
        "__nameid_version1.0/__substg1.0_00020102": b"",
    }
    (tmp_path / "a.msg").write_bytes(compound_file(streams))
    [page] = read(tmp_path / "a.msg")
    assert text_of(page).startswith("Berth 7")
    assert "The berth is free." in text_of(page)
