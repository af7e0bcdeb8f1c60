"""A picture to search by, opened as carefully as any that is ingested."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


def open_picture(path: Path) -> Image.Image:
    """The picture (RGB, upright); of a TIFF with several, the first.

    Raises:
        UnreadableFile: it is not there, no picture that Pillow reads, broken, or a bomb.
    """
    from ingest.files.photo import PhotoSource
    from ingest.files.source import UnreadableFile
    from ingest.library.documents import readable

    try:
        path.open("rb").close()
    except OSError as error:
        raise UnreadableFile(
            f"{readable(path.name)} cannot be opened: {error.strerror}.",
            hint="Check that it is there and may be read.",
        ) from error
    return PhotoSource(path).page_image(1, dpi=72).image
