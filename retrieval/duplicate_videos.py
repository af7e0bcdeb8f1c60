"""Near-duplicate videos: saved again, resized, cut a little shorter.

Shots are matched by their vectors. Two videos are duplicates where the key frames of most
matched shots of the shorter one correlate: so two videos of one place are none.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from PIL import Image

from ingest.box import crop_image
from ingest.index.index import Index, open_indexes
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.pages import PageRecord
from ingest.page import Vectors
from retrieval.duplicates import MIN_CORRELATION, Duplicates, Grey, correlate, shrink
from retrieval.error import VideoIndexNotFound

MIN_COSINE = 0.7
"""The least mean cosine of matched shots."""
MIN_SHARE = 0.5
"""Of the shorter video's shots that correlate."""


@dataclass(frozen=True, slots=True)
class _Video:
    records: list[PageRecord]
    rows: Vectors


def find_duplicate_videos(home: Home, same: float = MIN_CORRELATION) -> list[Duplicates]:
    """Pairs of near-duplicate videos by their first shots, the most similar first.

    The longer video of a pair comes first; `similar` is the mean correlation of its shots.

    Args:
        same: the least correlation (-1..1) of two key frames.

    Raises:
        LibraryNotFound: nothing has been ingested yet.
        VideoIndexNotFound: the library has no index of videos.
    """
    library = Library(home)
    index = next((i for i in open_indexes(home) if i.manifest.modality == "video"), None)
    if index is None:
        raise VideoIndexNotFound(
            "The library has no index of videos.",
            hint="Ingest the videos with an encoder of clips.",
        )
    small: dict[str, Grey] = {}

    def grey(record: PageRecord) -> Grey:
        if (key := record.page.key) not in small:
            small[key] = _shrink_frame(library.image(record.page), record)
        return small[key]

    found = []
    for one, other in combinations(_videos(library, index), 2):
        long, short = (one, other) if len(one.records) >= len(other.records) else (other, one)
        cosines = short.rows @ long.rows.T
        if float(cosines.max(axis=1).mean()) < MIN_COSINE:
            continue
        matches = zip(short.records, cosines.argmax(axis=1).tolist(), strict=True)
        scores = np.array([correlate(grey(a), grey(long.records[b])) for a, b in matches])
        if float((scores >= same).mean()) >= MIN_SHARE:
            similar = round(float(scores[scores >= same].mean()), 4)
            found.append(Duplicates((long.records[0].page, short.records[0].page), similar))
    return sorted(found, key=lambda pair: -pair.similar)


def _videos(library: Library, index: Index) -> Iterator[_Video]:
    """Videos of which the index has rows."""
    records: dict[str, list[PageRecord]] = {}
    for record in library.page_records():
        if record.page.span:
            records.setdefault(record.page.document_id, []).append(record)
    for document in library.documents():
        if document.kind != "video" or not index.has(document):
            continue
        vectors = index.vectors(document)
        some = [(r, vectors.page(r.page.number).vectors) for r in records.get(document.id, ())]
        some = [(record, rows) for record, rows in some if len(rows)]
        if some:
            rows = np.concatenate([rows[:1] for _, rows in some]).astype(np.float32)
            yield _Video([record for record, _ in some], rows)


def _shrink_frame(image: bytes, record: PageRecord) -> Grey:
    """The frame of a shot, without the words below it, in grey."""
    if not record.figures:
        return shrink(image)
    with Image.open(io.BytesIO(image)) as panel:
        buffer = io.BytesIO()
        crop_image(panel.convert("RGB"), record.figures[0]).save(buffer, "PNG")
    return shrink(buffer.getvalue())
