"""Reasons: what is wrong with a file that no reader opens, in plain words.

The messages of the libraries below ("code=7", "decoder error -2") say nothing
to the owner of a file; what its bytes show does.
"""

from __future__ import annotations

from pathlib import Path

from ingest.files.formats.kinds import READABLE_KINDS
from ingest.files.source import UnreadableFile

HEAD = 1_024
TAIL = 2_048
_PDF_PARTS = (b" obj", b"endobj", b"%%EOF", b"startxref")


def cannot_open(path: Path, error: OSError) -> UnreadableFile:
    """Error for a file that the system does not open."""
    return UnreadableFile(
        f"{path.name} cannot be opened: {error.strerror}.",
        hint="Check that it exists and may be read.",
    )


def looks_like_pdf(path: Path, head: bytes) -> bool:
    """Whether a file without a PDF header has the parts of one, or its name."""
    return path.suffix.lower() == ".pdf" or has_pdf_parts(head)


def has_pdf_parts(head: bytes) -> bool:
    """Whether the first bytes of a file have an object of a PDF."""
    return all(part in head for part in _PDF_PARTS[:2])


def no_pdf(path: Path) -> UnreadableFile:
    """Error for a PDF that cannot be opened."""
    name = path.name
    with path.open("rb") as file:
        head = file.read(HEAD)
        size = file.seek(0, 2)
        file.seek(max(size - TAIL, 0))
        tail = file.read()
    again = "Copy it again from where it came."
    if not any(part in head + tail for part in _PDF_PARTS):
        if b"%PDF-" in head:
            return UnreadableFile(f"{name} has a PDF's header and nothing after it.", hint=again)
        return UnreadableFile(
            f"{name} is not a PDF, though its name says so.",
            hint="Give it the name that its format has, or convert it to PDF.",
        )
    if b"%%EOF" not in tail and b"startxref" not in tail:
        return UnreadableFile(f"{name} is cut short: the end of the PDF is missing.", hint=again)
    if b"%PDF-" not in head:
        return UnreadableFile(
            f"{name} is a PDF with a damaged header: it does not begin with %PDF-.",
            hint="Copy it again, or save it again from a PDF reader.",
        )
    return UnreadableFile(
        f"{name} is a damaged PDF: no page of it can be found.",
        hint="Save it again from a PDF reader, or copy it again.",
    )


def no_image(path: Path) -> UnreadableFile:
    """Error for a file of no format that is read."""
    if path.suffix.lower() in _NAMES:
        kind = _NAMES[path.suffix.lower()]
        article = "an" if kind.startswith("A") else "a"
        return UnreadableFile(
            f"{path.name} is not {article} {kind}, though its name says so, nor another format that is read.",
            hint="Copy it again, or convert it to PDF, PNG or JPEG.",
        )
    return UnreadableFile(
        f"{path.name} is of no format that is read.",
        hint=f"Read are {READABLE_KINDS}: convert it to one of them.",
    )


def broken_image(path: Path, *, cut_short: bool = False) -> UnreadableFile:
    """Error for an image whose pixels cannot be decoded."""
    what = "is cut short" if cut_short else "is a damaged image: its pixels cannot be decoded"
    return UnreadableFile(
        f"{path.name} {what}.", hint="Copy it again, or save it again from an image editor."
    )


_NAMES = {
    ".png": "PNG image",
    ".jpg": "JPEG image",
    ".jpeg": "JPEG image",
    ".webp": "WebP image",
    ".tif": "TIFF image",
    ".tiff": "TIFF image",
    ".gif": "GIF image",
    ".bmp": "BMP image",
    ".avif": "AVIF image",
    ".heic": "HEIC image",
    ".jp2": "JPEG 2000 image",
}
