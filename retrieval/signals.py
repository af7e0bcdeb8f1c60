"""Signals: what each index and BM25 say of the candidate pages of one shard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ingest.index.index import Index
from ingest.index.manifest import Manifest
from ingest.index.tensor_layout import FloatRows
from ingest.library.pages import PageRecord
from ingest.page import Vectors
from retrieval.fuse import Signal
from retrieval.ranking import BM25, CandidateSet, ShardPages
from retrieval.scoring.maxsim import block_weights, mean_row
from retrieval.scoring.scores import BatchScorer, score_batches
from retrieval.shards.shard import Shard


def shard_signals(
    part: ShardPages,
    manifests: Sequence[Manifest],
    sets: Sequence[CandidateSet],
    scorer: BatchScorer | None,
) -> dict[str, Signal]:
    """Signals of a shard's candidates (queries, pages) by name, NaN for none.

    Args:
        part: of candidates that are those of every query.
        manifests: the indexes to score by; one that the shard lacks gives NaN.
        scorer: computes MaxSim on a device; None for the CPU.
    """
    found: dict[str, Signal] = {}
    if part.pages:
        for manifest in manifests:
            found |= _of_index(part, manifest, sets, scorer)
    if any(one.bm25 is not None for one in sets):
        found[BM25] = np.stack([_bm25(one.bm25 or {}, part.pages) for one in sets])
    return found


def _bm25(scores: Mapping[str, float], pages: Sequence[PageRecord]) -> Signal:
    # A page without words has this signal where the name of its file has one of the terms.
    signal = [scores.get(r.page.key, 0.0 if r.has_text else np.nan) for r in pages]
    return np.array(signal, np.float32)


def _of_index(
    part: ShardPages,
    manifest: Manifest,
    sets: Sequence[CandidateSet],
    scorer: BatchScorer | None,
) -> dict[str, Signal]:
    """MaxSim with an index's rows, and with the mean row where that says something."""
    name = manifest.encoder
    index = part.shard.index(name)
    if index is None:
        return {}
    rows = [one.vectors[name].vectors for one in sets]
    weights = [one.ranking.weights[name] for one in sets]
    late = dense = _score_rows(part, index, rows, weights, "vectors", scorer)
    # A patch's neighbours say little of it: the mean of patches is no passage.
    if manifest.modality not in ("page", "passage"):
        means = [mean_row(some) if len(some) else some for some in rows]
        ones = [np.ones(len(mean), np.float32) for mean in means]
        dense = _score_rows(part, index, means, ones, "passages", scorer)
    return {f"late.{name}": late, f"dense.{name}": dense}


def _score_rows(
    part: ShardPages,
    index: Index,
    rows: Sequence[Vectors],
    weights: Sequence[npt.NDArray[np.float32]],
    kind: FloatRows,
    scorer: BatchScorer | None,
) -> Signal:
    """MaxSim of each query's rows with each page's vectors or passages (queries, pages)."""
    scores = np.full((len(rows), len(part.pages)), np.nan, np.float32)
    encoded = [i for i, some in enumerate(rows) if len(some)]
    if encoded:
        query = np.concatenate([rows[i] for i in encoded])
        apart = block_weights([weights[i] for i in encoded])
        scores[encoded] = _score_pages(part.shard, part.pages, index, query, apart, kind, scorer)
    return scores


def _score_pages(
    shard: Shard,
    pages: Sequence[PageRecord],
    index: Index,
    query: Vectors,
    weights: npt.NDArray[np.float32],
    kind: FloatRows,
    scorer: BatchScorer | None,
) -> Signal:
    """MaxSim of a shard's pages, from rows in memory or from files (..., pages)."""
    snapshot = shard.snapshot
    if pages is snapshot.pages and scorer is None:
        joined = snapshot.joined(shard.library, index, kind)
        if joined is not None:
            return joined.score(query, weights, len(pages))
    addresses = [(record.page.document_id, record.page.number) for record in pages]
    batches = snapshot.batches(shard.library, index, addresses)
    # Of words' rows, unlike patches', more of the first ten are kept by the query as it is.
    centered = index.center_query(query) if index.manifest.modality == "page" else None
    scores = score_batches(
        query, weights, batches, len(pages), kind, scorer=scorer, centered=centered
    )
    snapshot.unmap(batches)
    return scores
