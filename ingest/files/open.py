"""File opener: a source by the first bytes of a file."""

from __future__ import annotations

from pathlib import Path

from ingest.file_state import FileStamp, stamp_of
from ingest.files.formats.kinds import RAW_SUFFIXES, suffix_of
from ingest.files.formats.office import LIBREOFFICE, OfficeSettings, convert_to_pdf
from ingest.files.formats.sniff import HEAD, OFFICE, is_container, sniff
from ingest.files.reasons import cannot_open, has_pdf_parts, looks_like_pdf
from ingest.files.source import Source, UnreadableFile
from ingest.files.video.media_type import may_be_animated, sniff_media
from ingest.files.video.video_settings import SHOTS, VideoSettings

_IMAGE_MAGIC = (
    *(b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"II*\0", b"MM\0*", b"GIF8", b"BM"),
    *(b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"),  # JPEG 2000, as a file or a bare codestream
    *(b"\0\0\0\x0cJXL ", b"\xff\x0a"),  # JPEG XL, alike
)

_TIFF_MAGIC = (b"II*\0", b"MM\0*")
_tiff: dict[tuple[Path, FileStamp | None], Source] = {}
"""The TIFF opened last stays open: to find a frame, or count them, is to walk there from the first."""


def open_source(
    path: Path,
    password: str | None = None,
    *,
    second_reader: bool = True,
    office: OfficeSettings = LIBREOFFICE,
    video: VideoSettings = SHOTS,
) -> Source:
    """Open a file as the kind that its first bytes show.

    Args:
        second_reader: whether PDFium reads what MuPDF does not.
        office: how office documents are read.
        video: how videos are read.

    Raises:
        UnreadableFile: it is missing, empty, not permitted, broken, or of no format that is read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise cannot_open(path, error) from error
    if not head:
        raise UnreadableFile(f"{path.name} is empty.", hint="Copy it again.")
    if media := sniff_media(head):
        from ingest.files.video.video_source import open_video

        return open_video(path, media, video)
    if suffix_of(path) in RAW_SUFFIXES:
        from ingest.files.formats.raw_photo import read_preview
        from ingest.files.photo import PhotoSource

        return PhotoSource(path, read_preview(path))
    if not _is_image(head):
        # A PDF may have bytes before its header; an image may have that header in its metadata,
        # and an archive in the first of its files.
        contains = is_container(head)
        is_pdf = not contains and b"%PDF-" in head[:1024]
        name = sniff(path, head) if contains or not (is_pdf or has_pdf_parts(head)) else ""
        if is_pdf or (not name and looks_like_pdf(path, head)):
            return _open_pdf(path, password, second_reader=second_reader)
        if name:
            return _open_known(path, name, office, second_reader=second_reader)
    return _open_image(path, head, video)


def _open_image(path: Path, head: bytes, video: VideoSettings) -> Source:
    from ingest.files.photo import PhotoSource

    if may_be_animated(head):
        from ingest.files.video.animation import AnimationSource, is_animated

        if is_animated(path):
            return AnimationSource(path, clips=video.clips)
    key = path, stamp_of(path)
    if key not in _tiff:
        _tiff.clear()
        source = PhotoSource(path)
        if not head.startswith(_TIFF_MAGIC):
            return source
        _tiff[key] = source
    return _tiff[key]


def _open_known(path: Path, name: str, office: OfficeSettings, *, second_reader: bool) -> Source:
    """Open a file of a format that `sniff` knows."""
    if name in OFFICE and office.by != "text":
        source = _open_pdf(convert_to_pdf(path, name, office), None, second_reader=second_reader)
        source.kind = "office"
        return source
    from ingest.files.formats.open_format import open_format

    return open_format(path, name)


def is_readable_head(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a PDF, an image or a recording."""
    return _is_image(head) or b"%PDF-" in head or bool(sniff_media(head))


def _is_image(head: bytes) -> bool:
    return head.startswith(_IMAGE_MAGIC) or head[4:8] == b"ftyp"


def _open_pdf(path: Path, password: str | None, *, second_reader: bool) -> Source:
    """Open a PDF by MuPDF, else by PDFium.

    Raises:
        UnreadableFile: neither opens it; the reason is that of the first.
    """
    from ingest.files.page_tree import TooManyPages
    from ingest.files.pdf import NeedsPassword, PdfSource
    from ingest.files.pdfium import PdfiumSource

    try:
        return PdfSource(path, password, second_reader=second_reader)
    except (NeedsPassword, TooManyPages):
        raise
    except UnreadableFile:
        if not second_reader:
            raise
        try:
            return PdfiumSource(path, password)
        except UnreadableFile:
            pass
        raise
