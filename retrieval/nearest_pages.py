"""Nearest pages: those of a shard that an index finds by approximate MaxSim.

From its inverted lists, or by an ANN query where it has none; the result is prefiltered
by page centroids. The filter is part of the query, never applied to its result.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.filter import PageFilter
from ingest.index.chroma import MAX_FILTER_VALUES, Where
from ingest.index.index import Index
from ingest.library.pages import PageAddress, split_key
from ingest.page import Document, Page, Vectors
from retrieval.scoring.prefilter import PageCodes, prefilter
from retrieval.shards.shard import Shard
from retrieval.snapshot import LibrarySnapshot

ANN_TOP_K = 2_000
"""Results of an ANN query that are prefiltered by page centroids."""
LISTED_TOP_K = 2_000
"""Pages named by inverted lists that are prefiltered by page centroids."""
ANN_TOP_K_DIRECT = 400
"""Results of an ANN query where the index has no page centroids."""


@dataclass(frozen=True, slots=True)
class NearestPages:
    """Scores of pages by key, unknown ones infinite, and how many are wanted.

    Scores of the same index in several shards compare.
    """

    scores: Mapping[str, float]
    wanted: int


def find_nearest(
    shard: Shard,
    index: Index,
    rows: Vectors,
    weights: npt.NDArray[np.float32],
    filter: PageFilter,
    ids: Collection[str],
    most: int,
    *,
    compared: bool,
) -> NearestPages:
    """The pages of a shard that one index finds nearest, and newer ones.

    Args:
        rows: (q, dim) of the query.
        weights: (q,), not all zero.
        ids: of the documents that match the filter.
        most: pages that page centroids leave.
        compared: the scores will be compared with those of other shards.
    """
    if not index.manifest.centroids:
        scores = _nearest_records(shard, index, rows, weights, ANN_TOP_K_DIRECT, filter, ids)
        return NearestPages(scores, ANN_TOP_K_DIRECT)
    query = index.center_query(rows)
    if (listed := shard.snapshot.listed(index)) is not None:
        newer = _pages_of(listed.unlisted, filter, ids)
        places = listed.nearest(query, weights, LISTED_TOP_K, filter, ids)
        found = newer + listed.addresses(places)
    else:
        nearest = _nearest_records(shard, index, rows, weights, ANN_TOP_K, filter, ids)
        found = [split_key(key) for key in nearest]
    if not found or (len(found) <= most and not compared):
        return NearestPages({_key(page): math.inf for page in found}, most)
    if listed is not None and listed.codes is not None:
        centroids = PageCodes(*listed.codes.take(places))
        if newer:
            centroids = _read_centroids(shard, index, newer) + centroids
    else:
        centroids = _read_centroids(shard, index, found)
    best = prefilter(query, weights, centroids, most)
    return NearestPages({_key(found[position]): score for position, score in best.items()}, most)


def _read_centroids(shard: Shard, index: Index, pages: Sequence[PageAddress]) -> PageCodes:
    return PageCodes.of(shard.snapshot.centroids(shard.library, index, pages))


def _nearest_records(
    shard: Shard,
    index: Index,
    rows: Vectors,
    weights: npt.NDArray[np.float32],
    count: int,
    filter: PageFilter,
    ids: Iterable[str],
) -> dict[str, float]:
    """Scores of the pages that Chroma finds nearest, and of those that it may not know."""
    snapshot = shard.snapshot
    scores = {_key(page): math.inf for page in _pages_of(snapshot.pending, filter, ids)}
    with shard.lock:
        for where in _filters(snapshot, filter, ids):
            nearest = index.nearest_scored(rows, weights, count, where)
            scores |= _without(nearest, snapshot.pending) if snapshot.pending else nearest
    return scores


def _pages_of(
    documents: Mapping[str, Document], filter: PageFilter, ids: Iterable[str]
) -> list[PageAddress]:
    """Pages of some documents that match the filter, whose documents are `ids`."""
    return [
        (document_id, number)
        for document_id in (ids if documents else ())
        if (document := documents.get(document_id))
        for number in range(1, document.page_count + 1)
        if (filter.first or 1) <= number <= (filter.last or number)
    ]


def _key(page: PageAddress) -> str:
    return Page(*page).key


def _filters(snapshot: LibrarySnapshot, filter: PageFilter, ids: Iterable[str]) -> list[Where]:
    """The filter in Chroma's terms, one for each batch of the documents.

    Chroma fails on a filter that matches a record added since it was opened, so
    the documents are always listed.
    """
    if not filter:
        return [Where()]
    known = [i for i in ids if i in snapshot.documents and i not in snapshot.pending]
    return [
        Where(tuple(known[at : at + MAX_FILTER_VALUES]), filter.first, filter.last)
        for at in range(0, len(known), MAX_FILTER_VALUES)
    ]


def _without(scores: Mapping[str, float], documents: Container[str]) -> dict[str, float]:
    """The scores of pages of other documents."""
    return {key: score for key, score in scores.items() if split_key(key)[0] not in documents}
