"""Near-duplicate photos: resized, saved again, cropped a little, or of one burst.

Pairs whose vectors are similar are candidates. They are duplicates where small
grey-scale versions correlate, one of them cropped a little against the other. So
two photos of different dogs are none, however similar their vectors.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from PIL import Image

from ingest.index.index import Index, open_indexes
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import Page, Vectors
from retrieval.error import ImageIndexNotFound

MIN_COSINE = 0.7
"""The least cosine of a candidate pair."""
MIN_CORRELATION = 0.85
"""The least correlation of the grey-scale versions of duplicates."""
SIDE = 32
MARGINS = (0, 2, 3)
"""Pixels of the grey-scale version that a crop may have cut off at each side."""
MIN_UNCROPPED = 0.2
"""Below this correlation of the whole images no crop is tried."""
BLOCK_ROWS = 2_048

Grey = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Group of near-duplicates, largest image first.

    `similar` is the lowest correlation that joined the group.
    """

    pages: tuple[Page, ...]
    similar: float


def find_duplicates(home: Home, same: float = MIN_CORRELATION) -> list[Duplicates]:
    """Groups of near-duplicate photos, the largest group first.

    Args:
        same: the least correlation (-1..1) of two photos.

    Raises:
        LibraryNotFound: nothing has been ingested yet.
        ImageIndexNotFound: the library has no index of images.
    """
    library = Library(home)
    indexes = [index for index in open_indexes(home) if index.manifest.modality == "image"]
    if not indexes:
        raise ImageIndexNotFound(
            "The library has no index of images.",
            hint="Ingest the files with an image encoder, as the default ones are.",
        )
    sizes, pages, rows = _photos(library, indexes[0])
    small: dict[int, Grey] = {}

    def grey(i: int) -> Grey:
        if i not in small:
            small[i] = shrink(library.image(pages[i]))
        return small[i]

    parents = list(range(len(pages)))
    lowest: dict[int, float] = {}
    for i, j in _similar_pairs(rows):
        correlation = correlate(grey(i), grey(j))
        if correlation >= same:
            old, new = sorted((_root(parents, i), _root(parents, j)), reverse=True)
            parents[old] = new
            lowest[new] = min(lowest.get(old, 1.0), lowest.get(new, 1.0), correlation)
    members: dict[int, list[int]] = {}
    for i in range(len(pages)):
        members.setdefault(_root(parents, i), []).append(i)
    found = [
        Duplicates(
            tuple(pages[i] for i in sorted(some, key=lambda i: -sizes[i])), round(lowest[root], 4)
        )
        for root, some in members.items()
        if len(some) > 1
    ]
    return sorted(found, key=lambda duplicates: -len(duplicates.pages))


def correlate(a: Grey, b: Grey) -> float:
    """Maximum correlation of two grey-scale images (SIDE, SIDE) over small crops.

    One image, either of the two, is cropped at a time.
    """
    uncropped = _correlation(a, b)
    if uncropped < MIN_UNCROPPED:
        return uncropped
    return max(_correlate_crops(a, b), _correlate_crops(b, a))


def _correlate_crops(whole: Grey, part: Grey) -> float:
    """The best correlation of `part` with crops of `whole`."""
    best = -1.0
    for left, top, right, bottom in _CROPS:
        crop = Image.fromarray(whole).crop((left, top, SIDE - right, SIDE - bottom))
        resized = np.asarray(crop.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
        best = max(best, _correlation(resized, part))
    return best


_CROPS = list(product(MARGINS, repeat=4))


def _correlation(a: Grey, b: Grey) -> float:
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float((a * b).sum() / scale) if scale > 1e-3 else 0.0


def _photos(library: Library, index: Index) -> tuple[list[int], list[Page], Vectors]:
    """Sizes in pixels, pages, and whole-image rows (photos, dim) of the photos."""
    documents = {document.id: document for document in library.documents()}
    sizes, pages, rows = [], [], [np.zeros((0, index.manifest.dim), np.float32)]
    for record in library.page_records():
        document = documents[record.page.document_id]
        if document.kind == "image" and index.has(document):
            vectors = index.vectors(document).page(record.page.number).vectors
            if len(vectors):
                sizes.append(record.width * record.height)
                pages.append(record.page)
                rows.append(vectors[:1])
    return sizes, pages, np.concatenate(rows)


def _similar_pairs(rows: Vectors) -> Iterator[tuple[int, int]]:
    """Pairs of rows with a cosine of at least MIN_COSINE, first before second."""
    for start in range(0, len(rows), BLOCK_ROWS):
        for begin in range(start, len(rows), BLOCK_ROWS):
            similar = rows[start : start + BLOCK_ROWS] @ rows[begin : begin + BLOCK_ROWS].T
            for i, j in np.argwhere(similar >= MIN_COSINE).tolist():
                if start + i < begin + j:
                    yield start + i, begin + j


def _root(parents: Sequence[int], i: int) -> int:
    while parents[i] != i:
        i = parents[i]
    return i


def shrink(image: bytes) -> Grey:
    """An encoded image as a grey-scale one (SIDE, SIDE)."""
    with Image.open(io.BytesIO(image)) as opened:
        grey = opened.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(grey, np.float32)
