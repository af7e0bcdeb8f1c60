"""Query image: an image file opened to search by, with the checks of ingestion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


def open_query_image(path: Path) -> Image.Image:
    """Open an image file (RGB, upright); of a TIFF with several, the first.

    Raises:
        UnreadableFile: it is missing, in no format that Pillow reads, broken, or a
            decompression bomb.
    """
    from ingest.files.photo import PhotoSource
    from ingest.files.source import UnreadableFile
    from ingest.library.documents import readable

    try:
        path.open("rb").close()
    except OSError as error:
        raise UnreadableFile(
            f"{readable(path.name)} cannot be opened: {error.strerror}.",
            hint="Check that it exists and may be read.",
        ) from error
    return PhotoSource(path).page_image(1, dpi=72).image
