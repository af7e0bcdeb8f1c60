"""File formats that are read, by name, with the suffixes of their files.

A suffix says which files of a folder are read. What a file is, its bytes decide.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from ingest.page import DocumentKind


@dataclass(frozen=True, slots=True)
class FileFormat:
    """File format: its name, suffixes, and kind of document.

    `office` where a program converts its files (`ingest.files.formats.office`).
    """

    name: str
    kind: DocumentKind
    suffixes: tuple[str, ...]
    office: bool = False


FORMATS = (
    FileFormat("PDF", "pdf", (".pdf",)),
    FileFormat("PNG", "image", (".png",)),
    FileFormat("JPEG", "image", (".jpg", ".jpeg", ".jpe", ".jfif")),
    FileFormat("WebP", "image", (".webp",)),
    FileFormat("TIFF", "image", (".tif", ".tiff")),
    FileFormat("GIF", "image", (".gif",)),
    FileFormat("BMP", "image", (".bmp",)),
    FileFormat("AVIF", "image", (".avif",)),
    FileFormat("HEIC", "image", (".heic", ".heif", ".hif")),
    FileFormat("JPEG 2000", "image", (".jp2", ".j2k", ".jpf", ".jpx")),
    FileFormat("JPEG XL", "image", (".jxl",)),
    FileFormat(
        "camera RAW",
        "image",
        (".cr2", ".cr3", ".nef", ".arw", ".dng", ".raf", ".orf", ".rw2", ".pef", ".srw"),
    ),
    FileFormat("SVG", "image", (".svg",)),
    FileFormat("MP4", "video", (".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3g2")),
    FileFormat("WebM", "video", (".webm", ".mkv")),
    FileFormat("AVI", "video", (".avi",)),
    FileFormat("MPEG", "video", (".mpg", ".mpeg", ".vob", ".mts", ".m2ts")),
    FileFormat("WMV", "video", (".wmv", ".asf")),
    FileFormat("FLV", "video", (".flv",)),
    FileFormat("Ogg", "video", (".ogv",)),
    FileFormat("MP3", "audio", (".mp3",)),
    FileFormat("AAC", "audio", (".m4a", ".m4b", ".aac")),
    FileFormat("WAV", "audio", (".wav",)),
    FileFormat("FLAC", "audio", (".flac",)),
    FileFormat("Opus", "audio", (".ogg", ".oga", ".opus", ".weba", ".mka")),
    FileFormat("text", "text", (".txt", ".text")),
    FileFormat("Markdown", "text", (".md", ".markdown")),
    FileFormat("HTML", "text", (".html", ".htm", ".xhtml")),
    FileFormat("CSV", "text", (".csv", ".tsv")),
    FileFormat("JSON Lines", "text", (".jsonl", ".ndjson")),
    FileFormat("EPUB", "book", (".epub",)),
    FileFormat("FB2", "book", (".fb2",)),
    FileFormat("MOBI", "book", (".mobi",)),
    FileFormat("CBZ", "book", (".cbz",)),
    FileFormat("XPS", "office", (".xps", ".oxps")),
    FileFormat("e-mail", "mail", (".eml", ".msg", ".mbox")),
    FileFormat("ZIP", "archive", (".zip",)),
    FileFormat("TAR", "archive", (".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")),
    FileFormat("Word", "office", (".docx", ".docm", ".dotx", ".doc"), office=True),
    FileFormat("PowerPoint", "office", (".pptx", ".pptm", ".ppsx", ".ppt"), office=True),
    FileFormat("Excel", "office", (".xlsx", ".xlsm", ".xls"), office=True),
    FileFormat("OpenDocument", "office", (".odt", ".odp", ".ods", ".odg"), office=True),
    FileFormat("RTF", "office", (".rtf",), office=True),
    FileFormat("HWP", "office", (".hwp",), office=True),
    FileFormat("HWPX", "office", (".hwpx",)),
)

SUFFIXES = frozenset(suffix for each in FORMATS for suffix in each.suffixes if not each.office)
"""Suffixes of the formats that are read without another program."""
IMAGE_SUFFIXES = frozenset(
    suffix for each in FORMATS for suffix in each.suffixes if each.kind == "image"
)
MEDIA_SUFFIXES = frozenset(
    suffix for each in FORMATS for suffix in each.suffixes if each.kind in ("video", "audio")
)
"""Suffixes of videos and sound, which PyAV reads."""
RAW_SUFFIXES = frozenset(
    suffix for each in FORMATS for suffix in each.suffixes if each.name == "camera RAW"
)
SUBTITLE_SUFFIXES = (".srt", ".vtt", ".ass", ".ssa")
"""Suffixes of files that are read with the recording beside them."""
OFFICE_SUFFIXES = frozenset(suffix for each in FORMATS if each.office for suffix in each.suffixes)
"""Suffixes of formats that a program converts."""
_BY_SUFFIX = {suffix: each for each in FORMATS for suffix in each.suffixes}

_NAMES = [each.name for each in FORMATS]
CONTAINER_SUFFIXES = frozenset(
    suffix
    for each in FORMATS
    for suffix in each.suffixes
    if each.kind in ("pdf", "mail", "archive")
)
"""Suffixes of formats whose files may hold others."""
READABLE_KINDS = f"{', '.join(_NAMES[:-1])} and {_NAMES[-1]}"
"""Names of the formats, for messages."""


def suffix_of(name: str | os.PathLike[str]) -> str:
    """Suffix of a file name in small letters.

    >>> suffix_of("a/Report.DOCX"), suffix_of("Makefile"), suffix_of("a.tar.gz")
    ('.docx', '', '.tar.gz')
    """
    head, suffix = os.path.splitext(os.fspath(name).lower())
    packed = head.endswith(".tar") and f".tar{suffix}" in _BY_SUFFIX
    return f".tar{suffix}" if packed else suffix


def is_subtitles(path: str | os.PathLike[str]) -> bool:
    """Whether a file is subtitles of a recording beside it: talk.ko.srt, talk.mp4."""
    stem, suffix = os.path.splitext(os.fspath(path))
    if suffix.lower() not in SUBTITLE_SUFFIXES:
        return False
    stems = {stem, os.path.splitext(stem)[0]}
    return any(os.path.exists(one + suffix) for one in stems for suffix in MEDIA_SUFFIXES)


def format_of(name: str | os.PathLike[str]) -> FileFormat | None:
    """The format whose suffix a file name has; None for an unknown one."""
    return _BY_SUFFIX.get(suffix_of(name))
