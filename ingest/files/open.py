"""File opener: the kind of a file told by its first bytes."""

from __future__ import annotations

from pathlib import Path

from ingest.files.source import Source, UnreadableFile

_PICTURE_MARKS = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"II*\0", b"MM\0*", b"GIF8")


def open_source(path: Path, password: str | None = None) -> Source:
    """Open a file by what its first bytes say it is.

    Raises:
        UnreadableFile: it is not there, empty, not allowed, broken, or neither PDF nor image.
    """
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError as error:
        raise UnreadableFile(
            f"{path.name} cannot be opened: {error.strerror}.",
            hint="Check that it is there and may be read.",
        ) from error
    if not head:
        raise UnreadableFile(f"{path.name} is empty.", hint="Copy it again.")
    # A PDF may have a few bytes before its mark; a picture may have the mark in its metadata.
    if b"%PDF-" in head and not head.startswith(_PICTURE_MARKS):
        from ingest.files.pdf import PdfSource

        return PdfSource(path, password)
    from ingest.files.photo import PhotoSource

    return PhotoSource(path)
