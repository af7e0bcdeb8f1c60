"""Format sniffer: the format of a file that is no PDF or photo, by its bytes.

Text formats have no mark of their own: among them the suffix decides.
"""

from __future__ import annotations

import re
import zipfile
from mmap import ACCESS_READ, mmap
from pathlib import Path

from ingest.files.formats.kinds import FORMATS, format_of, suffix_of
from ingest.files.formats.plain_text import looks_like_text

_BY_SUFFIX = {
    **dict.fromkeys((".md", ".markdown"), "markdown"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    **dict.fromkeys((".csv", ".tsv"), "csv"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    **{".fb2": "fb2", ".svg": "svg", ".txt": "txt", ".text": "txt"},
}
"""Formats of text files by suffix."""
_MARKUP = (
    (re.compile(rb"<FictionBook[\s>]"), "fb2"),
    (re.compile(rb"<svg[\s>]", re.IGNORECASE), "svg"),
    (re.compile(rb"<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE), "html"),
)
_TAR_SUFFIXES = frozenset(
    suffix for each in FORMATS if each.name == "TAR" for suffix in each.suffixes
)
_HEADERS = re.compile(
    rb"^(?:Received|From|To|Return-Path|MIME-Version|Delivered-To|Message-ID|Subject|Date):",
    re.IGNORECASE | re.MULTILINE,
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_COMPOUND = b"\xd0\xcf\x11\xe0"
_TAR = b"ustar"
_TYPES = "[Content_Types].xml"
_OFFICE_PARTS = {"word/": "docx", "ppt/": "pptx", "xl/": "xlsx"}
_OPEN_DOCUMENT = re.compile(
    rb"application/vnd\.oasis\.opendocument\.(text|presentation|spreadsheet|graphics)"
)
_OPEN_DOCUMENTS = {
    **{b"text": "odt", b"presentation": "odp"},
    **{b"spreadsheet": "ods", b"graphics": "odg"},
}
_STREAMS = (
    ("__properties_version1.0", "msg"),
    *(("WordDocument", "doc"), ("PowerPoint Document", "ppt")),
    *(("Workbook", "xls"), ("Book", "xls"), ("HwpSummaryInformation", "hwp5")),
)
"""Streams of a compound file (MS-CFB), by which its program is known."""
OFFICE = frozenset(
    {*_OFFICE_PARTS.values(), *_OPEN_DOCUMENTS.values(), "rtf", "doc", "ppt", "xls", "hwp"}
)
"""Formats that an office program reads."""
HANGUL = frozenset({"hwp5", "hwpx"})
"""Formats of newer Hangul files, of which the words alone are read."""
_DAMAGED = {
    **{f".{name}": name for name in OFFICE},
    **{".epub": "epub", ".xps": "xps", ".oxps": "xps", ".hwpx": "hwpx"},
}
"""Formats of ZIP archives that cannot be opened as such, by suffix."""
HEAD = 4_096
"""Bytes that are looked at."""


def sniff(path: Path, head: bytes) -> str:
    """Name of the format of a file; empty for one that is not known.

    Args:
        head: the first `HEAD` bytes.
    """
    if head.startswith(_ZIP):
        return _sniff_zip(path)
    if head.startswith(_COMPOUND):
        return _sniff_compound(path)
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if head.startswith(b"HWP Document File V3"):
        return "hwp"
    if head[60:68] in (b"BOOKMOBI", b"TEXtREAd"):
        return "mobi"
    if _is_tar(path, head):
        return "tar"
    if looks_like_text(head):
        return _sniff_text(path, head)
    return ""


def is_container(head: bytes) -> bool:
    """Whether a file may have the bytes of other files in it, by its first bytes."""
    return head.startswith((*_ZIP, _COMPOUND)) or head[257:262] == _TAR


def _is_tar(path: Path, head: bytes) -> bool:
    if head[257:262] == _TAR:
        return True
    packed = head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"))
    return packed and suffix_of(path) in _TAR_SUFFIXES


def _sniff_text(path: Path, head: bytes) -> str:
    suffix = suffix_of(path)
    if head.lstrip(b"\r\n").startswith(b"From ") and (suffix == ".mbox" or not format_of(path)):
        return "mbox"
    if suffix == ".eml" or (not format_of(path) and len(_HEADERS.findall(head)) > 1):
        return "eml"
    narrow = head.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf")
    by_suffix = _BY_SUFFIX.get(suffix, "")
    if by_suffix not in ("markdown", "txt", "csv", "jsonl"):
        for pattern, name in _MARKUP:
            if pattern.search(narrow[:1024] if name == "html" else narrow):
                return name
    if by_suffix:
        return by_suffix
    # A photo's or a PDF's name on a text is a mistake; a name without a known suffix is none.
    return "" if format_of(path) else "txt"


def _sniff_compound(path: Path) -> str:
    """Format of a compound file, by the names of its streams; of an encrypted one its suffix."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        for stream, name in _STREAMS:
            if data.find(stream.encode("utf-16-le")) >= 0:
                return name
    suffix = suffix_of(path)[1:]
    return "hwp5" if suffix == "hwp" else suffix if suffix in OFFICE else ""


def _sniff_zip(path: Path) -> str:
    """Format of a ZIP archive by what is in it."""
    if suffix_of(path) == ".cbz":
        return "cbz"
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist()[:10_000])
            types = archive.open(_TYPES).read(1 << 20) if _TYPES in names else b""
            mimetype = archive.open("mimetype").read(100) if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return _DAMAGED.get(suffix_of(path), "zip")
    if mimetype.startswith(b"application/epub+zip") or "META-INF/container.xml" in names:
        return "epub"
    for part, name in _OFFICE_PARTS.items():
        if any(each.startswith(part) for each in names) and types:
            return name
    if mimetype.startswith(b"application/hwp+zip") or "Contents/section0.xml" in names:
        return "hwpx"
    if found := _OPEN_DOCUMENT.match(mimetype):
        return _OPEN_DOCUMENTS[found[1]]
    if any(name.lower().endswith(".fdseq") for name in names):
        return "xps"
    return "zip"
