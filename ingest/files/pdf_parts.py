"""PDF parts: figures and check boxes of a page, as far as they are whole.

By PyMuPDF. Boxes are fractions of the page as displayed. Form fields and the list of
images are optional: a page whose list of them is damaged keeps its words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ingest.box import area, clip_if_centered
from ingest.files.mupdf import pymupdf
from ingest.files.source import LONGEST_SIDE, MIN_FIGURE
from ingest.page import Box

PDF_ERRORS = (
    *(pymupdf.FileDataError, pymupdf.mupdf.FzErrorBase, RuntimeError),
    *(ValueError, IndexError, TypeError, AttributeError, KeyError, OSError),
)
"""What PyMuPDF raises for damaged parts of a file."""
TICK_FIELDS = frozenset({pymupdf.PDF_WIDGET_TYPE_CHECKBOX, pymupdf.PDF_WIDGET_TYPE_RADIOBUTTON})
"""Fields that are ticked or not."""

Edges = npt.NDArray[np.float64]


def fractions(page: Any, edges: Edges) -> Edges:
    """Rectangles (n, 4) of the unrotated page as boxes; they may lie off the page."""
    a, b, c, d, e, f = page.rotation_matrix
    x, y = edges[:, 0::2], edges[:, 1::2]
    across = (a * x + c * y + e) / page.rect.width
    down = (b * x + d * y + f) / page.rect.height
    return np.stack([across.min(1), down.min(1), across.max(1), down.max(1)], axis=1)


def is_check_mark(page: Any, texts: list[str], edges: Edges) -> npt.NDArray[np.bool_]:
    """Which words are marks of check boxes: a letter of a symbol font, such as "3"."""
    mark = np.array([len(text) == 1 for text in texts])
    if not mark.any():
        return mark
    x, y = (edges[:, 0] + edges[:, 2]) / 2, (edges[:, 1] + edges[:, 3]) / 2
    inside = np.zeros(len(texts), dtype=np.bool_)
    for left, top, right, bottom in _check_boxes(page):
        inside |= (left <= x) & (x <= right) & (top <= y) & (y <= bottom)
    return mark & inside


def _check_boxes(page: Any) -> list[tuple[float, float, float, float]]:
    try:
        return [tuple(w.rect) for w in page.widgets() if w.field_type in TICK_FIELDS]
    except PDF_ERRORS:
        return []


def draw_page(page: Any, dpi: int) -> Image.Image:
    """Page image, its longer side of `LONGEST_SIDE` pixels at most."""
    width, height = page.rect.width, page.rect.height
    zoom = min(dpi / 72, LONGEST_SIDE / max(width, height, 1))
    if min(width, height) * zoom < 1:
        raise ValueError("the page is a line")
    pixmap = page.get_pixmap(
        matrix=pymupdf.Matrix(zoom, zoom), alpha=False, colorspace=pymupdf.csRGB
    )
    return Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)


def read_figures(page: Any) -> tuple[Box, ...]:
    """Boxes of a page's images, without logos and bullets."""
    try:
        infos = page.get_image_info()
    except PDF_ERRORS:
        return ()
    return tuple(dict.fromkeys(_figures(page, infos)))


def _figures(page: Any, infos: list[dict[str, Any]]) -> Iterator[Box]:
    for info in infos:
        edges = np.array([info["bbox"]], dtype=np.float64)
        left, top, right, bottom = fractions(page, edges)[0].tolist()
        box = clip_if_centered((left, top, right, bottom))
        if box and area(box) >= MIN_FIGURE:
            yield box
