"""Photos that are nearly the same: resized, saved again, cropped a little, or taken in one burst.

The index names pairs (their vectors are close), the pictures themselves decide:
small grey versions of the two, one moved and scaled a little against the other,
must correlate. So two photos of different dogs are no duplicates, however alike
an encoder finds them.
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
from retrieval.search import ImageIndexNotFound

ALIKE = 0.7
"""The cosine from which a pair is looked at."""
SAME = 0.85
"""The correlation of grey versions from which a pair counts as the same photo."""
SIDE = 32
MARGINS = (0, 2, 3)
"""Pixels of the grey version that a crop may have cut away on a side."""
STRANGE = 0.2
"""Below this correlation as they are, no crop makes two pictures the same."""
AT_ONCE = 2_048

Grey = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Photos that are nearly the same, largest first; `similar` is the lowest correlation that joined them."""

    pages: tuple[Page, ...]
    similar: float


def find_duplicates(home: Home, same: float = SAME) -> list[Duplicates]:
    """Groups of near-duplicate photos, the largest group first.

    Args:
        same: the correlation (-1..1) two photos must reach.

    Raises:
        LibraryNotFound: nothing has been ingested yet.
        ImageIndexNotFound: the home has no index of pictures.
    """
    library = Library(home)
    indexes = [index for index in open_indexes(home) if index.manifest.modality == "image"]
    if not indexes:
        raise ImageIndexNotFound(
            f"No index in {home.root} reads pictures.",
            hint="Run `pageglass ingest` again with the default encoders.",
        )
    sizes, pages, rows = _photos(library, indexes[0])
    small: dict[int, Grey] = {}

    def grey(i: int) -> Grey:
        if i not in small:
            small[i] = shrink(library.image(pages[i]))
        return small[i]

    group = list(range(len(pages)))
    lowest: dict[int, float] = {}
    for i, j in _close(rows):
        correlation = correlate(grey(i), grey(j))
        if correlation >= same:
            old, new = sorted((_root(group, i), _root(group, j)), reverse=True)
            group[old] = new
            worst = min(lowest.get(old, 1.0), lowest.get(new, 1.0), correlation)
            lowest[new] = worst
    members: dict[int, list[int]] = {}
    for i in range(len(pages)):
        members.setdefault(_root(group, i), []).append(i)
    found = [
        Duplicates(
            tuple(pages[i] for i in sorted(some, key=lambda i: -sizes[i])), round(lowest[root], 4)
        )
        for root, some in members.items()
        if len(some) > 1
    ]
    return sorted(found, key=lambda duplicates: -len(duplicates.pages))


def correlate(a: Grey, b: Grey) -> float:
    """The best correlation of two grey pictures (SIDE, SIDE), either one cropped a little on any side."""
    straight = _correlation(a, b)
    return straight if straight < STRANGE else max(_search(a, b), _search(b, a))


def _search(whole: Grey, part: Grey) -> float:
    """Take `part` for a crop of `whole`: cut whole at each of a few places and compare."""
    best = -1.0
    for left, top, right, bottom in _CROPS:
        cut = Image.fromarray(whole).crop((left, top, SIDE - right, SIDE - bottom))
        resized = np.asarray(cut.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
        best = max(best, _correlation(resized, part))
    return best


_CROPS = list(product(MARGINS, repeat=4))


def _correlation(a: Grey, b: Grey) -> float:
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float((a * b).sum() / scale) if scale > 1e-3 else 0.0


def _photos(library: Library, index: Index) -> tuple[list[int], list[Page], Vectors]:
    """Sizes in pixels and addresses of photos, and the row of each as a whole (photos, dim)."""
    kinds = {document.id: document for document in library.documents()}
    sizes, pages, rows = [], [], [np.zeros((0, index.manifest.dim), np.float32)]
    for record in library.page_records():
        document = kinds[record.page.document_id]
        if document.kind == "image" and index.has(document):
            seen = index.vectors(document).page(record.page.number).vectors
            if len(seen):
                sizes.append(record.width * record.height)
                pages.append(record.page)
                rows.append(seen[:1])
    return sizes, pages, np.concatenate(rows)


def _close(rows: Vectors) -> Iterator[tuple[int, int]]:
    """Pairs of rows with a cosine of `ALIKE` or more, first before second."""
    for start in range(0, len(rows), AT_ONCE):
        for begin in range(start, len(rows), AT_ONCE):
            similar = rows[start : start + AT_ONCE] @ rows[begin : begin + AT_ONCE].T
            for i, j in np.argwhere(similar >= ALIKE).tolist():
                if start + i < begin + j:
                    yield start + i, begin + j


def _root(group: Sequence[int], i: int) -> int:
    while group[i] != i:
        i = group[i]
    return i


def shrink(image: bytes) -> Grey:
    """An encoded picture as a grey one (SIDE, SIDE)."""
    with Image.open(io.BytesIO(image)) as picture:
        grey = picture.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(grey, np.float32)
