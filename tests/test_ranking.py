"""Order of a ranking, and the encoders that have vectors of a page."""

from __future__ import annotations

from typing import Any

import numpy as np

from retrieval.promote import prove_words
from retrieval.ranking import BM25, Ranking

NAN = float("nan")


def row(*values: float) -> Any:
    return np.array(values, np.float32)


def test_pages_without_a_score_are_left_out_and_equal_ones_keep_their_order() -> None:
    ranking = Ranking([], row(0.2, NAN, 0.5, 0.2), {}, {}, {})
    assert ranking.order() == [2, 0, 3]


def test_encoders_of_a_page_have_vectors_of_it_and_the_best_is_first() -> None:
    signals = {"late.words": row(0.1, 0.2, NAN), "late.images": row(0.3, NAN, NAN)}
    fused = {"words": row(0.1, 0.9, NAN), "images": row(0.5, NAN, NAN), BM25: row(1, 1, 1)}
    ranking = Ranking([], row(0.5, 0.9, 1), signals, fused, {})
    assert [ranking.encoders_of(i) for i in range(3)] == [["images", "words"], ["words"], []]


def test_words_rank_pages_where_no_vector_comes_near() -> None:
    bm25, far, near = row(0.0, 2.4, 0.2, NAN), row(0.12, 0.1, 0.2, 0.1), row(0.1, 0.6, 0.1, 0.1)
    assert prove_words({BM25: bm25, "dense.minilm": far}).tolist() == [0, 0.25, 0, 0]
    assert not prove_words({BM25: bm25, "dense.minilm": near}).any()
    assert not prove_words({BM25: row(1, 1, 1, 0), "dense.minilm": far}).any()
    assert not prove_words({BM25: bm25, "dense.other": far}).any()
    assert not prove_words({BM25: bm25}).any()
