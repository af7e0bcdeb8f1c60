"""Small hostile files of other kinds than PDFs and plain images, by what they do."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from pathlib import Path

from PIL import Image

GB = 1 << 30
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"{}>{}</svg>'
)
CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles><rootfile full-path="b.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>"""
BOOK = """<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata/><manifest>
<item id="c" href="c.xhtml" media-type="application/xhtml+xml"/>
<item id="s" href="s.css" media-type="text/css"/></manifest><spine><itemref idref="c"/></spine></package>"""
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default'
    ' Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    "{}</Types>"
)
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """ZIP archive of files by their names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return file.getvalue()


def with_claims(archive: bytes, size: int) -> bytes:
    """ZIP archive whose directory claims a size of every file."""
    changed, at = bytearray(archive), archive.find(b"PK\1\2")
    while at >= 0:
        changed[at + 24 : at + 28] = struct.pack("<I", size)
        at = archive.find(b"PK\1\2", at + 4)
    return bytes(changed)


def epub(chapter: str, css: str = "") -> bytes:
    """EPUB of one chapter with a style sheet."""
    head = '<html xmlns="http://www.w3.org/1999/xhtml"><head><link rel="stylesheet" href="s.css"/></head>'
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "b.opf": BOOK,
            "s.css": css,
            "c.xhtml": f"{head}<body>{chapter}</body></html>",
        }
    )


def tar_of(*members: tarfile.TarInfo) -> bytes:
    """TAR of headers, with a short text after each that is a file."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as made:
        for member in members:
            member.size = 5 if member.isreg() else 0
            made.addfile(member, io.BytesIO(b"words"))
    return file.getvalue()


def member(
    name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mtime: int = 0
) -> tarfile.TarInfo:
    """Header of a file in a TAR."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mtime = kind, link, mtime
    return info


def tar_claim(size: int) -> bytes:
    """TAR whose only file claims a size and is not there."""
    info = tarfile.TarInfo("a.txt")
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)


def nested_uses(depth: int) -> str:
    """SVG whose groups each draw the next one ten times."""
    groups = "".join(
        f'<g id="g{n}">' + f'<use xlink:href="#g{n + 1}"/>' * 10 + "</g>" for n in range(depth)
    )
    last = f'<g id="g{depth}"><rect width="9" height="9"/></g>'
    return SVG.format(
        ' width="99" height="99"', f'<defs>{groups}{last}</defs><use xlink:href="#g0"/>'
    )


def laughs(depth: int = 12) -> str:
    """Document type whose last entity is ten of the one before, and so on."""
    entities = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(depth)
    )
    return f"<!DOCTYPE svg [{entities}]>"


def docx(body: str, head: str = "", **relation: str) -> bytes:
    """DOCX with a body of raw XML; `relation` are the attributes of one of its relations."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    override = f'<Override PartName="/word/document.xml" ContentType="{main}"/>'
    inner = "".join(f' {key}="{value}"' for key, value in relation.items())
    return zipped(
        {
            "[Content_Types].xml": TYPES.format(override),
            "_rels/.rels": relations(
                f'<Relationship Id="r1" Type="{RELATION}/officeDocument" Target="word/document.xml"/>'
            ),
            "word/document.xml": (
                f'{head}<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>'
            ),
            "word/_rels/document.xml.rels": relations(f"<Relationship{inner}/>" if inner else ""),
        }
    )


def relations(inner: str) -> str:
    """Part with the relations of another."""
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f"{inner}</Relationships>"
    )


def with_size(image: bytes, side: int) -> bytes:
    """AVIF or HEIC whose property of its size claims another."""
    at = image.index(b"ispe") + 8
    return image[:at] + struct.pack(">II", side, side) + image[at + 8 :]


def avif() -> bytes:
    """Small AVIF."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "AVIF")
    return file.getvalue()


def jxl(side: int) -> bytes:
    """JPEG XL codestream of a header alone: its size in 30 bits each way."""
    bits = 3 << 1 | (side - 1) << 3 | 1 << 33  # not small; the selector of 30 bits; 1:1
    return b"\xff\x0a" + bits.to_bytes(40, "little")


def gif(frames: int) -> bytes:
    """GIF of many images of one pixel."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x21\xf9\x04\0\x01\0\0\0" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0)
    return head + (frame + b"\x02\x02\x44\x01\0") * frames + b"\x3b"


def raw_previews(count: int) -> bytes:
    """Camera RAW with the starts of many JPEGs."""
    return b"II*\0" + b"\xff\xd8\xff\xe0" * count


def mail_of_parts(depth: int) -> bytes:
    """E-mail whose parts lie in each other."""
    lines = [b"Subject: deep", b"From: a@example.org"]
    for n in range(depth):
        lines += [b'Content-Type: multipart/mixed; boundary="b%d"' % n, b"", b"--b%d" % n]
    return b"\n".join([*lines, b"", b"words"])


def mail_of_pictures(count: int) -> bytes:
    """E-mail that shows one picture many times: each would be written out."""
    made = EmailMessage()
    made["Subject"], made["From"] = "pictures", "a@example.org"
    made.set_content('<img src="cid:p">' * count, subtype="html")
    made.add_related(bytes(3 << 20), maintype="image", subtype="png", cid="<p>")
    return made.as_bytes()


def json_keys(rows: int, each: int) -> str:
    """JSON lines none of whose keys is in another line."""
    return "\n".join(
        "{" + ", ".join(f'"k{row}-{at}": 1' for at in range(each)) + "}" for row in range(rows)
    )


def sheet(rows: str, dimension: str = "A1:XFD1048576") -> bytes:
    """XLSX of one sheet of raw rows that claims a dimension."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    overrides = (
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/s.xml" ContentType="{kind}.worksheet+xml"/>'
    )
    return zipped(
        {
            "[Content_Types].xml": TYPES.format(overrides),
            "_rels/.rels": relations(
                f'<Relationship Id="r1" Type="{RELATION}/officeDocument" Target="xl/workbook.xml"/>'
            ),
            "xl/_rels/workbook.xml.rels": relations(
                f'<Relationship Id="r1" Type="{RELATION}/worksheet" Target="s.xml"/>'
            ),
            "xl/workbook.xml": (
                f'<workbook xmlns="{main}" xmlns:r="{RELATION}"><sheets>'
                '<sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>'
            ),
            "xl/s.xml": (
                f'<worksheet xmlns="{main}"><dimension ref="{dimension}"/>'
                f"<sheetData>{rows}</sheetData></worksheet>"
            ),
        }
    )


def sparse(path: Path, size: int, head: bytes = b"") -> None:
    """File of a size that takes no space on the disk."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)


BOMBS: dict[str, tuple[Callable[[], bytes | str], str]] = {
    "claims.zip": (lambda: with_claims(zipped({"a.txt": "x" * 99}), 3 * GB), "unreadable-file"),
    "claims.docx": (lambda: with_claims(docx("<w:p/>"), 3 * GB), "unreadable-file"),
    "laughs.docx": (lambda: docx("&l11;", laughs()), "unreadable-file"),
    "outside.docx": (
        lambda: docx("&x;", '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>'),
        "read",
    ),
    "cut.docx": (lambda: docx("<w:p/>")[:200], "unreadable-file"),
    "claims.xlsx": (
        lambda: sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "read",
    ),
    "laughs.svg": (lambda: laughs() + SVG.format("", "<text>&l11;</text>"), "read"),
    "large.svg": (lambda: SVG.format(' width="1e9" height="1e9"', "<rect/>"), "read"),
    "styles.epub": (
        lambda: epub(
            "<p>words</p>" * 200, "".join(f"p.a{n} q {{margin: {n}px}}" for n in range(2_000))
        ),
        "read",
    ),
    "claim.tar": (lambda: tar_claim(8 * GB), "unreadable-file"),
    "links.tar": (
        lambda: tar_of(
            member("/etc/a.txt", mtime=1 << 62),
            member("b.txt", tarfile.SYMTYPE, "/etc/passwd"),
            member("c.txt", tarfile.LNKTYPE, "/etc/passwd"),
            member("d.txt", tarfile.CHRTYPE),
            member("../../e.txt"),
        ),
        "read",
    ),
    "parts.eml": (lambda: mail_of_parts(2_000), "unreadable-file"),
    "pictures.eml": (lambda: mail_of_pictures(500), "read"),
    "header.eml": (lambda: b"From: a\nTo: " + b"(" * 200_000 + b"\nSubject: x\n\nwords", "read"),
    "empty.mbox": (lambda: b"From a\n\n" * 3_000, "unreadable-file"),
    "keys.jsonl": (lambda: json_keys(300, 500), "read"),
    "line.csv": (lambda: "a," * 400_000, "read"),
    "size.avif": (lambda: with_size(avif(), 60_000), "unreadable-file"),
    "size.jxl": (lambda: jxl(1 << 29), "unreadable-file"),
    "frames.gif": (lambda: gif(20_000), "read"),
    "previews.dng": (lambda: raw_previews(50_000), "unreadable-file"),
}
"""Hostile files by their names: how each is made, and how it ends."""

ENDLESS: dict[str, Callable[[], bytes | str]] = {
    "uses.svg": lambda: nested_uses(9),
    "chapter.epub": lambda: epub("<div>" * 50_000),
}
"""Those that take their whole time."""


def with_frames(video: bytes, count: int) -> bytes:
    """MP4 whose header claims a number of frames of one byte each."""
    changed = bytearray(video)
    at = video.index(b"stsz") + 8
    changed[at : at + 8] = struct.pack(">II", 1, count)
    at = video.index(b"stts") + 8
    changed[at : at + 8] = struct.pack(">II", 1, count)
    return bytes(changed)
