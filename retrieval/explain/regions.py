"""Matching regions: the lines, or the parts of an image, that match a query best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import compress

import numpy as np
import numpy.typing as npt

from ingest.box import union_box
from ingest.caches.byte_cache import ByteCache
from ingest.index.quantization import Rows
from ingest.page import Box, PageVectors, QueryVectors, Word
from retrieval.hit import Region
from retrieval.scoring.dot_products import dot_products, dot_products_dense

MAX_REGIONS = 3
MAX_PATCHES = 40
MIN_RELATIVE_SCORE = 0.75
"""A region's least score, as a share of the best region's."""
CENTERS_BYTES = 8 << 20
WORD_BYTES = 366
"""Of a word that is held with its center, about."""
_centers = ByteCache[tuple[Sequence[Word], npt.NDArray[np.float64]]](CENTERS_BYTES)


class PlacedPage:
    """Rows of a page that have a place there, and the lines that these are on.

    They are as they are stored. `rows` (n, dim) and `boxes` (n, 4) are in reading order.
    """

    def __init__(self, rows: Rows, boxes: npt.NDArray[np.float32]) -> None:
        placed = boxes[:, 2] > boxes[:, 0]
        if not placed.all():
            scales = None if rows.scales is None else rows.scales[placed]
            rows, boxes = Rows(rows.values[placed], scales), boxes[placed]
        self.rows = rows
        self.boxes = boxes

    @cached_property
    def lines(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """The first row of each line (lines,), and the boxes of the lines (lines, 4)."""
        starts = line_starts(self.boxes)
        low = np.minimum.reduceat(self.boxes[:, :2], starts)
        high = np.maximum.reduceat(self.boxes[:, 2:], starts)
        return starts, np.concatenate([low, high], axis=1)

    @property
    def nbytes(self) -> int:
        """Size in bytes; lines are at most as many as boxes."""
        return self.rows.values.nbytes + 2 * self.boxes.nbytes


def find_word_regions(
    query: QueryVectors,
    weights: npt.NDArray[np.float32],
    page: PlacedPage,
    words: Sequence[Word],
) -> tuple[Region, ...]:
    """The lines that match a query best, best first, by the MaxSim of each line alone."""
    if not len(page.rows):
        return ()
    starts, lines = page.lines
    best = np.maximum.reduceat(dot_products(query.vectors, page.rows), starts, axis=1)
    scores = weights @ best / weights.sum()
    found = []
    for i in np.argsort(scores, kind="stable")[::-1][:MAX_REGIONS]:
        if scores[i] >= MIN_RELATIVE_SCORE * scores.max():
            left, top, right, bottom = lines[i].tolist()
            box = (left, top, right, bottom)
            found.append(Region(box, float(scores[i]), _text_in(box, words)))
    return tuple(found)


def find_image_region(query: QueryVectors, page: PageVectors) -> tuple[Region, ...]:
    """The part of an image that matches a query best."""
    if not len(page.vectors):
        return ()
    products = dot_products_dense(query.vectors, page.vectors).max(axis=0)
    best = int(products.argmax())
    left, top, right, bottom = page.boxes[best].tolist()
    return (Region((left, top, right, bottom), float(products[best])),)


def find_patch_regions(
    query: QueryVectors, page: PlacedPage, words: Sequence[Word]
) -> tuple[Region, ...]:
    """The parts of a page whose patches match a query best, best first.

    A patch's heat is the mean, over the query's rows, of its cosine less that
    row's mean on the page. Hot patches that touch are joined; a part's score is
    the best cosine of its patches.
    """
    if not len(page.rows):
        return ()
    products = dot_products(query.vectors, page.rows)
    heat = products.mean(axis=0)
    heat -= heat.mean()  # that of the rows' means
    order = np.argsort(-heat)[:MAX_PATCHES]
    hot = order[heat[order] >= MIN_RELATIVE_SCORE * heat[order[0]]]
    regions = []
    for patches in _join_touching(page.boxes, hot):
        box = union_box(page.boxes[patches].tolist())
        regions.append(Region(box, float(products[:, patches].max()), _text_in(box, words)))
    return tuple(regions)


def _join_touching(
    boxes: npt.NDArray[np.float32], hot: npt.NDArray[np.int64]
) -> Iterator[npt.NDArray[np.int64]]:
    """Connected components of boxes that touch, in the order of their first boxes.

    At most MAX_REGIONS are given.
    """
    chosen = boxes[hot]
    low, high = chosen[:, :2], chosen[:, 2:] + np.float32(1e-3)
    touch = (low[:, None] <= high).all(axis=2)
    touch &= touch.T
    first = np.arange(len(hot))  # the first box known to be connected to each
    while ((nearer := np.where(touch, first, len(hot)).min(axis=1)) != first).any():
        first = nearer
    for group in np.flatnonzero(first == np.arange(len(hot)))[:MAX_REGIONS].tolist():
        yield hot[first == group]


def line_starts(boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Indices of the boxes (n, 4), in reading order, that begin a line.

    The first box always does.

    A box continues its predecessor's line where they share half the height of the
    lower of the two, and it does not begin left of it.
    """
    before, here = boxes[:-1], boxes[1:]
    shared = np.minimum(before[:, 3], here[:, 3]) - np.maximum(before[:, 1], here[:, 1])
    height = np.minimum(before[:, 3] - before[:, 1], here[:, 3] - here[:, 1])
    begins = (shared < 0.5 * height) | (here[:, 0] < before[:, 0] - 1e-3)
    return np.concatenate([[0], np.flatnonzero(begins) + 1])


def _text_in(box: Box, words: Sequence[Word]) -> str:
    """The words whose centers are in a box, edges included."""
    if not words:
        return ""
    held = _centers.get(id(words))
    if held is None or held[0] is not words:
        boxes = np.array([word.box for word in words], np.float64)
        held = words, (boxes[:, :2] + boxes[:, 2:]) / 2
        _centers.put(id(words), held, WORD_BYTES * len(words))
    left, top, right, bottom = box
    x, y = held[1].T
    inside = (left <= x) & (x <= right) & (top <= y) & (y <= bottom)
    return " ".join(word.text for word in compress(words, inside.tolist()))
