"""Several queries in one pass, each as by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_quantization import unit_rows

from ingest.filter import ALL_PAGES, PageFilter
from ingest.library.home import Home
from ingest.library.library import Library
from retrieval.error import EmptyQuery
from retrieval.evaluate import run as module
from retrieval.evaluate.corpus import JudgedQuestion
from retrieval.evaluate.dataset import Question
from retrieval.evaluate.run import Plan, run
from retrieval.ranking import Ranking
from retrieval.scoring.maxsim import block_weights, maxsim
from retrieval.search import Searcher

QUESTIONS = [
    "When does the Seoul shuttle leave?",
    "a red bicycle by a wall",
    "How many steps do you have to climb to reach the lamp?",
    "the",
    "lens",
]


def same(a: Ranking, b: Ranking) -> None:
    assert [record.page.key for record in a.pages] == [record.page.key for record in b.pages]
    assert a.signals.keys() == b.signals.keys()
    for name, signal in a.signals.items():
        np.testing.assert_allclose(signal, b.signals[name], atol=1e-5, equal_nan=True)
    np.testing.assert_allclose(a.scores, b.scores, atol=1e-4, equal_nan=True)


def test_weights_are_kept_apart() -> None:
    apart = block_weights([np.array([1, 2]), np.array([3]), np.array([4, 0])])
    assert apart.tolist() == [[1, 2, 0, 0, 0], [0, 0, 3, 0, 0], [0, 0, 0, 4, 0]]


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=9),
    counts=st.lists(st.integers(1, 5), min_size=1, max_size=4),
)
def test_scores_are_those_of_each_question(
    seed: int, lengths: list[int], counts: list[int]
) -> None:
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    rows, query = unit_rows(seed, int(offsets[-1])), unit_rows(seed + 1, sum(counts))
    weights = [np.arange(1, count + 1, dtype=np.float32) % 3 for count in counts]
    together = maxsim(query, block_weights(weights), rows, offsets)
    first = 0
    for found, own in zip(together, weights, strict=True):
        alone = maxsim(query[first : first + len(own)], own, rows, offsets)
        np.testing.assert_allclose(found, alone, atol=1e-6, equal_nan=True)
        first += len(own)


def test_many_rows_of_questions_are_multiplied_with_fewer_rows_of_pages() -> None:
    rows, query = unit_rows(1, 5_000), unit_rows(2, 2_000)
    weights = block_weights([np.ones(1_000, np.float32)] * 2)
    offsets = np.array([0, 700, 700, 3_000, 5_000])
    together = maxsim(query, weights, rows, offsets)
    alone = maxsim(query[1_000:], np.ones(1_000, np.float32), rows, offsets)
    np.testing.assert_allclose(together[1], alone, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("exhaustive_pages", [1000, 0], ids=["exact", "through Chroma"])
@pytest.mark.parametrize("pictures", [False, True])
def test_rankings_are_those_of_each_question(
    sample_home: Home, exhaustive_pages: int, pictures: bool
) -> None:
    searcher = Searcher(sample_home, exhaustive_pages=exhaustive_pages)
    documents = [document.id for document in searcher.library.documents()][:6]
    for filter in (ALL_PAGES, PageFilter.to(documents)):
        together = searcher.rank_all(QUESTIONS, images=pictures, filter=filter)
        for question, ranking in zip(QUESTIONS, together, strict=True):
            same(ranking, searcher.rank(question, images=pictures, filter=filter))
    with pytest.raises(EmptyQuery):
        searcher.rank_all(["lens", " "])
    searcher.close()


def test_an_evaluation_has_the_same_figures_together(
    sample_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher, library = Searcher(sample_home), Library(sample_home)
    keys = [record.page.key for record in library.page_records()]
    ids = [document.id for document in library.documents()]
    asked = [
        JudgedQuestion(Question(str(i), query, {}), {keys[i]: 1.0}, ids[i] if i % 2 else None)
        for i, query in enumerate(QUESTIONS)
    ]
    plan = Plan(by_page=True, within=ids[:8], images=True, signals=True, text_encoders=["minilm"])
    apart = list(run(searcher, asked, plan))
    assert all(one.seconds for one in apart)
    monkeypatch.setattr(module, "TIMED_QUESTIONS", 1)
    monkeypatch.setattr(module, "BATCH_SIZE", 3)
    together = list(run(searcher, asked, plan))
    assert [one.seconds is None for one in together] == [False, True, True, True, True]
    for a, b in zip(apart, together, strict=True):
        assert (a.judged, a.figures, a.found) == (b.judged, b.figures, b.found)
        assert [list(scopes) for scopes in a.figures.values()] == [
            list(scopes) for scopes in b.figures.values()
        ]
    searcher.close()
