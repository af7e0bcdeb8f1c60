"""Texts, markup, tables and books: their words, headings, pages, and what is never fetched."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from ingest.files.formats.guess_encoding import guess_encoding
from ingest.files.formats.office import OfficeSettings
from ingest.files.formats.plain_text import decode_text
from ingest.files.formats.tables.table_rows import NotATable, read_csv, read_json_lines
from ingest.files.open import open_source
from ingest.files.render import RenderSettings, inspect, render
from ingest.files.source import UnreadableFile
from ingest.page import Page, Rendered

PLAIN = RenderSettings(dpi=40, ocr="none")


def read(path: Path) -> list[Rendered]:
    count = inspect(path, PLAIN).page_count
    return render(path, Page("d", 1, path.name), count, PLAIN)


def text_of(page: Rendered, role: str = "") -> str:
    return " ".join(word.text for word in page.words if role in ("", word.role))


def write(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def epub(path: Path, chapters: int = 2) -> Path:
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
            '<rootfiles><rootfile full-path="o.opf" media-type="application/oebps-package+xml"/>'
            "</rootfiles></container>",
        )
        items = "".join(
            f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>'
            for n in range(chapters)
        )
        spine = "".join(f'<itemref idref="c{n}"/>' for n in range(chapters))
        book.writestr(
            "o.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata'
            ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Lamp Log</dc:title>'
            f"</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>",
        )
        for n in range(chapters):
            book.writestr(
                f"c{n}.xhtml",
                '<html xmlns="http://www.w3.org/1999/xhtml"><body>'
                f"<h1>Chapter {n}</h1><p>The lamp of night {n} was lit.</p></body></html>",
            )
    return path


# --- encodings


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Grüße aus Köln", "utf-8"),
        ("Grüße aus Köln", "utf-8-sig"),
        ("Depth of the harbour", "utf-16"),
        ("Depth of the harbour", "utf-16-le"),
        ("Grüße aus Köln – für Ärzte. L'été à la mer, où ça?\n", "cp1252"),
        ("등대의 등불은 삼백육십 일 동안 켜져 있었습니다.\n두 번째 줄", "cp949"),
        ("灯台の灯は三百六十夜ともされていました。", "shift_jis"),
        ("Маяк горел триста шестьдесят ночей в году.", "cp1251"),
        ("Müller", "cp1252"),
        ("Café", "cp1252"),
        ("naïve at 25 °C", "cp1252"),
        ("“Quoted” — with dashes… and €5", "cp1252"),
        ("São João não está", "cp1252"),
        ("Name;Ort\nИванов;Москва\n", "cp1251"),
        ("Договор подписан.", "koi8-r"),
        ("Договор подписан.", "cp866"),
        ("Umowa najmu łodzi została zawarta w piątek.", "cp1250"),
        ("Smlouva o nájmu člunu byla uzavřena v pátek.", "iso8859-2"),
        ("Η σύμβαση μίσθωσης του σκάφους λήγει.", "cp1253"),
        ("Tekne kira sözleşmesi İstanbul'da imzalandı.", "cp1254"),
        ("חוזה השכרת הסירה מסתיים בחודש דצמבר", "cp1255"),
        ("ينتهي عقد إيجار القارب في شهر ديسمبر", "cp1256"),
        ("Laivo nuomos sutartis pasirašyta šeštadienį.", "cp1257"),
        ("Die Straße führt über den Fluß nach Köln.", "cp850"),
        ("Die Straße führt über den Fluß nach Köln.", "mac_roman"),
        ("契約書は山田商事が署名しました。", "euc_jp"),
        ("租赁合同由房东张伟签署。", "gb18030"),
        ("買賣契約由賣方陳美玲簽署。", "big5"),
        ("สัญญาเช่าเรือลำนี้สิ้นสุด", "cp874"),
    ],
)
def test_text_is_decoded_whatever_its_encoding(text: str, encoding: str) -> None:
    assert decode_text(text.encode(encoding)) == text


def test_control_characters_and_foreign_line_ends_go() -> None:
    assert decode_text(b"a\x00b\x07\r\nc\rd") == "ab\nc\nd"


# --- text and markup


def test_plain_text_is_laid_out_in_pages_that_stay(tmp_path: Path) -> None:
    path = write(
        tmp_path / "log.txt", "\n".join(f"Night {n}: the lamp burned." for n in range(200))
    )
    pages = read(path)
    assert len(pages) == 4
    assert "Night 199:" in text_of(pages[-1])
    assert inspect(path, PLAIN).kind == "text"
    assert text_of(read(path)[1]) == text_of(pages[1])


def test_a_text_without_a_known_suffix_is_read_and_one_that_claims_to_be_a_photo_is_not(
    tmp_path: Path,
) -> None:
    assert "Lamp" in text_of(read(write(tmp_path / "LICENCE", "Lamp oil licence"))[0])
    with pytest.raises(UnreadableFile, match="not a PNG image, though its name says so"):
        open_source(write(tmp_path / "a.png", "words"))
    with pytest.raises(UnreadableFile, match="has no text in it"):
        open_source(write(tmp_path / "blank.txt", " \n "))


def test_markdown_keeps_headings_lists_tables_and_targets(tmp_path: Path) -> None:
    text = (
        "---\ntitle: Tide book\n---\n# Tide tables\n\nWater is *high* [here](https://example.org/x)."
        "\n\n| Port | Depth |\n|---|---|\n| Husum | 3.5 |\n\n- one\n- two\n"
    )
    [page] = read(write(tmp_path / "a.md", text))
    assert inspect(tmp_path / "a.md", PLAIN).title == "Tide book"
    assert text_of(page, "heading") == "Tide tables"
    assert "Husum 3.5" in text_of(page)
    assert text_of(page, "item") == "• one • two"
    assert set(text_of(page, "hidden").split()) == {
        "title:",
        "Tide",
        "book",
        "https://example.org/x",
    }


def test_html_runs_nothing_and_fetches_nothing(tmp_path: Path) -> None:
    Image.new("RGB", (400, 400), "red").save(tmp_path / "secret.png")
    html = (
        "<title>Notice</title><style>.no{display:none}</style><script>var run = 'script'</script>"
        "<h1>Notice</h1><p class=no>unseen</p><p>The pier is shut.</p>"
        f'<img src="secret.png" alt="A red square"><img src="file://{tmp_path}/secret.png">'
        '<img src="http://127.0.0.1:9/a.png"><iframe src="http://127.0.0.1:9/"></iframe>'
    )
    [page] = read(write(tmp_path / "a.html", html))
    assert text_of(page) == "Notice The pier is shut. A red square"
    assert "are not shown" in page.note
    assert page.figures == ()
    red = page.pixels().getcolors(1 << 20) or []
    assert not any(color[0] > 200 and color[1] < 80 for _, color in red if isinstance(color, tuple))


def test_html_shows_values_of_fields_and_keeps_words_apart(tmp_path: Path) -> None:
    html = (
        "<meta name=description content='Berths of Ostwick'><h1>Form</h1>"
        "<details><summary>More</summary>closed words</details>"
        '<label>Name</label><input value="Ada &amp; Bea"><input type=hidden value=secret>'
        "<select><option>Yawl</option><option selected>Ketch</option></select><textarea>note</textarea>"
        "<input type=checkbox checked> power <input type=radio> water"
    )
    [page] = read(write(tmp_path / "a.html", html))
    shown = " ".join(word.text for word in page.words if word.role != "hidden")
    assert shown == "Form More closed words Name Ada & Bea Yawl ☒ Ketch note ☒ power ☐ water"
    assert text_of(page, "hidden") == "description Berths of Ostwick"


def test_html_in_its_own_encoding_with_a_picture_in_it(tmp_path: Path) -> None:
    import base64

    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(buffer, "PNG")
    picture = base64.b64encode(buffer.getvalue()).decode()
    html = (
        '<meta charset="euc-kr"><h1>부두 공지</h1><p>오늘은 쉽니다.</p>'
        f'<img width=300 height=300 src="data:image/png;base64,{picture}">'
    )
    [page] = read(write(tmp_path / "a.htm", html.encode("cp949")))
    assert text_of(page, "heading") == "부두 공지"
    assert len(page.figures) == 1
    assert page.note == ""


def test_books_have_their_title_and_chapters(tmp_path: Path) -> None:
    path = epub(tmp_path / "log.epub")
    seen = inspect(path, PLAIN)
    assert (seen.kind, seen.title, seen.page_count) == ("book", "The Lamp Log", 2)
    assert [text_of(page, "heading") for page in read(path)] == ["Chapter 0", "Chapter 1"]
    fb2 = (
        '<?xml version="1.0"?><FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0">'
        "<body><section><title><p>Night</p></title><p>The lamp was lit.</p></section></body>"
        "</FictionBook>"
    )
    assert "The lamp was lit." in text_of(read(write(tmp_path / "a.fb2", fb2))[0])


def test_comic_books_and_drawings_are_pictures(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(buffer, "PNG")
    with zipfile.ZipFile(tmp_path / "a.cbz", "w") as book:
        for name in ("1.png", "2.png"):
            book.writestr(name, buffer.getvalue())
    pages = read(tmp_path / "a.cbz")
    assert [(page.width, page.height, page.figures) for page in pages] == [
        (300, 200, ((0.0, 0.0, 1.0, 1.0),))
    ] * 2
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        ' width="300" height="200"><text x="20" y="60" font-size="24">Harbour plan</text>'
        '<image xlink:href="file:///etc/hostname" width="9" height="9"/></svg>'
    )
    [page] = read(write(tmp_path / "a.svg", svg))
    assert inspect(tmp_path / "a.svg", PLAIN).kind == "image"
    assert text_of(page) == "Harbour plan"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.epub", b"PK\x03\x04 broken"),
        ("a.cbz", b"PK\x03\x04 broken"),
        ("a.mobi", b"\0" * 60 + b"BOOKMOBI" + b"\xff" * 40),
        ("a.xps", b"PK\x03\x04\0\0\0\0"),
    ],
)
def test_damaged_books_are_refused_by_name(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(UnreadableFile, match=name):
        open_source(write(tmp_path / name, data))


# --- tables


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    file = io.StringIO()
    rows = [["port", "note, with; marks"], ["Husum", 'said "no"\nand went'], ["Kiel", "3,5"]]
    csv.writer(file, delimiter=delimiter).writerows(rows)
    table = read_csv(file.getvalue())
    assert table.header == ("port", "note, with; marks")
    assert table.rows == (("Husum", 'said "no" and went'), ("Kiel", "3,5"))


def test_every_page_of_a_table_has_the_header(tmp_path: Path) -> None:
    file = io.StringIO()
    csv.writer(file).writerows(
        [["night", "keeper", "depth in metres"]]
        + [
            [n, f"Keeper {n}", f"A remark that is long enough to take two lines of {n}"]
            for n in range(90)
        ]
    )
    pages = read(write(tmp_path / "a.csv", file.getvalue()))
    assert len(pages) > 2
    for page in pages:
        assert text_of(page).startswith("night keeper depth in metres")
    assert "Keeper 89" in text_of(pages[-1])
    assert inspect(tmp_path / "a.csv", PLAIN).title == "a"


def test_a_wide_table_is_split_with_its_first_column_on_each_page(tmp_path: Path) -> None:
    header = ",".join(f"column{n}" for n in range(60))
    row = ",".join(f"value {n}" for n in range(60))
    pages = read(write(tmp_path / "a.csv", f"{header}\n{row}\n"))
    assert len(pages) > 1
    assert all("column0 " in text_of(page) and "value 0 " in text_of(page) for page in pages)
    assert "value 59" in text_of(pages[-1])


def test_json_lines_are_a_table_or_records(tmp_path: Path) -> None:
    lines = [{"port": "Husum", "tags": ["a", "b"]}, {"port": "Kiel", "open": True, "at": {"x": 1}}]
    table = read_json_lines("\n".join(map(json.dumps, lines)))
    assert table.header == ("port", "tags", "open", "at")
    assert table.rows == (("Husum", "a, b", "", ""), ("Kiel", "", "true", '{"x": 1}'))
    long = json.dumps({"id": 7, "text": "word " * 300})
    [page] = read(write(tmp_path / "a.jsonl", long))
    assert text_of(page).startswith("id: 7 text: word word")
    with pytest.raises(NotATable, match="line 2 is not JSON"):
        read_json_lines('{"a": 1}\n{"a": ')
    with pytest.raises(UnreadableFile, match=r"a\.ndjson cannot be read as a table: line 1"):
        open_source(write(tmp_path / "a.ndjson", "[1,"))


def test_rows_beyond_the_limit_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ingest.files.formats.tables.table_rows.MAX_ROWS", 3)
    [page] = read(write(tmp_path / "a.csv", "a,b\n" + "1,2\n" * 9))
    assert page.note == "Only the first 3 rows of the file are read."


# --- the samples

FORMATS = Path(__file__).parents[1] / "data" / "formats"


@pytest.mark.parametrize(
    ("name", "pages", "said"),
    [
        ("handbook.epub", 2, "four litres of oil a night"),
        ("visitors.eml", 1, "27 pupils on Sunday"),
        ("rules.docx", 1, "Adult 90"),
        ("lens.pptx", 2, "weighs 2,300 kg"),
        ("oil.xlsx", 1, "February 29 116"),
        ("notice.hwpx", 1, "9시 40분에 떠납니다."),
        ("boat.heic", 1, ""),
    ],
)
def test_samples_of_each_format(name: str, pages: int, said: str) -> None:
    settings = RenderSettings(dpi=40, ocr="none", office=OfficeSettings("text"))
    count = inspect(FORMATS / name, settings).page_count
    shown = render(FORMATS / name, Page("d", 1, name), count, settings)
    assert count == pages
    assert said in " ".join(map(text_of, shown))


@pytest.mark.timeout(30)
def test_the_encoding_of_a_text_with_a_word_of_millions_of_letters_is_guessed() -> None:
    assert guess_encoding(b"a" * 3_000_000 + " Müller".encode("cp1252")) == "cp1252"
