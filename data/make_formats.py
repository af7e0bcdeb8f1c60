"""Make data/formats: one small document of each of several formats, all about one lighthouse.

    python data/make_formats.py [--out DIR]

They are apart from data/samples, since some need LibreOffice or an extra. The photo is written by
the package pillow-heif, which is in no environment here: without it the others are made.
"""

from __future__ import annotations

import argparse
import zipfile
from email.message import EmailMessage
from importlib.util import find_spec
from pathlib import Path

import docx
import openpyxl
import pptx
from PIL import ExifTags, Image

BOOK = """<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The keeper's handbook</dc:title></metadata>
<manifest>{items}</manifest><spine>{spine}</spine></package>"""
CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>"""
CHAPTERS = {
    "The lamp": "The lamp burns four litres of oil a night. Trim the wick at dusk and at midnight.",
    "The fog bell": "In fog the bell is struck twice a minute, and the clockwork is wound each hour.",
}


def make_book(path: Path) -> None:
    names = [f"chapter{number}" for number in range(len(CHAPTERS))]
    items = "".join(
        f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>'
        for name in names
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr("META-INF/container.xml", CONTAINER)
        book.writestr("book.opf", BOOK.format(items=items, spine=spine))
        for name, (title, text) in zip(names, CHAPTERS.items(), strict=True):
            book.writestr(
                f"{name}.xhtml",
                '<html xmlns="http://www.w3.org/1999/xhtml"><body>'
                f"<h1>{title}</h1><p>{text}</p></body></html>",
            )


def make_mail(path: Path) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Ida Holm <ida@example.org>", "harbour@example.org"
    mail["Subject"], mail["Date"] = "Visitors on Sunday", "Thu, 02 May 2024 08:30:00 +0200"
    mail.set_content("The school brings 27 pupils on Sunday at ten. The boat list is attached.\n")
    mail.add_attachment("boat,seats\nTern,12\nEider,16\n", subtype="csv", filename="boats.csv")
    path.write_bytes(mail.as_bytes())


def make_text(path: Path) -> None:
    document = docx.Document()
    document.core_properties.title = "Rules of the lighthouse"
    document.add_heading("Rules of the lighthouse", 1)
    document.add_paragraph("No more than eight visitors stand on the gallery at once.")
    table = document.add_table(rows=1, cols=2)
    for row in (("Ticket", "Crowns"), ("Adult", "90"), ("Child", "40")):
        cells = table.rows[0].cells if row[0] == "Ticket" else table.add_row().cells
        for cell, text in zip(cells, row, strict=True):
            cell.text = text
    document.save(str(path))


def make_slides(path: Path) -> None:
    talk = pptx.Presentation()
    for title, text in (
        ("A new lens", "The first-order lens weighs 2,300 kg."),
        ("What it costs", "Glass and brass: 61,200 crowns."),
    ):
        slide = talk.slides.add_slide(talk.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = title, text
    talk.save(str(path))


def make_sheet(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Oil"
    sheet.append(["month", "nights", "litres"])
    for month, nights in (("January", 31), ("February", 29), ("March", 31)):
        sheet.append([month, nights, nights * 4])
    book.save(path)


def make_notice(path: Path) -> None:
    """Hangul's XML format: the fewest parts that say something."""
    texts = (
        "부두 공지",
        "등대로 가는 배는 3번 부두에서 9시 40분에 떠납니다.",
        "매표소 전화는 02-555-0142입니다.",
    )
    paragraphs = "".join(f"<hp:p><hp:run><hp:t>{text}</hp:t></hp:run></hp:p>" for text in texts)
    name = "http://www.hancom.co.kr/hwpml/2011/"
    with zipfile.ZipFile(path, "w") as notice:
        notice.writestr("mimetype", "application/hwp+zip")
        notice.writestr(
            "Contents/section0.xml",
            f'<hs:sec xmlns:hs="{name}section" xmlns:hp="{name}paragraph">{paragraphs}</hs:sec>',
        )


def make_photo(path: Path) -> None:
    """A phone's photo: HEIC, with the time and the camera."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Phone"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2024:05:02 18:30:00"
    with Image.open(Path(__file__).parent / "samples" / "sailboat.png") as picture:
        picture.convert("RGB").resize((480, 360)).save(path, quality=50, exif=exif.tobytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "formats")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    make_book(out / "handbook.epub")
    make_mail(out / "visitors.eml")
    make_text(out / "rules.docx")
    make_slides(out / "lens.pptx")
    make_sheet(out / "oil.xlsx")
    make_notice(out / "notice.hwpx")
    if find_spec("pillow_heif"):
        make_photo(out / "boat.heic")


if __name__ == "__main__":
    main()
