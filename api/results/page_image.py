"""Page images of a library as Pillow images.

An image is whole, has boxes marked, or is cut to the boxes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from api.results.page_images import PageImages
    from ingest.page import Box, Page

CROP_MARGIN = 0.03
"""Share of the page's width and height around a crop."""
WHOLE_PAGE = 0.9
"""A box with more than this share of a page marks nothing on it."""


def open_page_image(library: PageImages, page: Page, boxes: Sequence[Box] = ()) -> Image.Image:
    """Open a page's image (RGB) with boxes marked.

    A box around nearly all of the page is not marked.

    Raises:
        PageNotFound: the page has been removed.
    """
    from generation.citations.highlight import highlight

    data = library.image(page)
    marked = [box for box in boxes if _area(box) <= WHOLE_PAGE]
    if marked:
        data = highlight(data, marked)
    with Image.open(io.BytesIO(data)) as opened:
        return opened.convert("RGB")


def crop_page_image(library: PageImages, page: Page, boxes: Sequence[Box]) -> Image.Image:
    """Open the part of a page (RGB) around its marked boxes.

    Without boxes, the whole page.

    Raises:
        PageNotFound: the page has been removed.
    """
    image = open_page_image(library, page, boxes)
    if not boxes:
        return image
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    return image.crop(
        (
            max(0, round((left - CROP_MARGIN) * image.width)),
            max(0, round((top - CROP_MARGIN) * image.height)),
            min(image.width, round((right + CROP_MARGIN) * image.width)),
            min(image.height, round((bottom + CROP_MARGIN) * image.height)),
        )
    )


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
