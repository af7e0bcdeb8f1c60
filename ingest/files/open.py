"""File opener: a source by the first bytes of a file."""

from __future__ import annotations

from pathlib import Path

from ingest.files.source import Source, UnreadableFile

_IMAGE_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"II*\0", b"MM\0*", b"GIF8")


def open_source(path: Path, password: str | None = None) -> Source:
    """Open a file as the kind that its first bytes show.

    Raises:
        UnreadableFile: it is missing, empty, not permitted, broken, or neither PDF nor image.
    """
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError as error:
        raise UnreadableFile(
            f"{path.name} cannot be opened: {error.strerror}.",
            hint="Check that it exists and may be read.",
        ) from error
    if not head:
        raise UnreadableFile(f"{path.name} is empty.", hint="Copy it again.")
    # A PDF may have bytes before its header; an image may have that header in its metadata.
    if b"%PDF-" in head and not head.startswith(_IMAGE_MAGIC):
        from ingest.files.pdf import PdfSource

        return PdfSource(path, password)
    from ingest.files.photo import PhotoSource

    return PhotoSource(path)
