"""Evaluation run: ranks a dataset's questions and measures every ranking."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ingest.encoders.encoder import Encoding
from ingest.encoders.load import load_encoder
from ingest.filter import ALL_PAGES, PageFilter
from ingest.index.index import open_indexes
from ingest.library.home import Home
from retrieval.evaluate.ablation import DEFAULT, rank_by_signal
from retrieval.evaluate.corpus import JudgedQuestion
from retrieval.evaluate.metrics import measure
from retrieval.ranking import Ranking

KEPT_KEYS = 10
"""The first keys of a ranking that a result keeps, to look into a question."""
IMAGES = "images"
"""The ranking of images alone."""
TIMED_QUESTIONS = 100
"""The first questions are ranked one by one, as users search, and timed."""
BATCH_SIZE = 32
"""The others are ranked in batches: several times as fast where every page is scored (benchmarks/kernel.py)."""
Figures = dict[str, dict[str, dict[str, float]]]
"""Values by ranking, by scope ("document", "set" or "home"), by metric."""


class Ranker(Protocol):
    """What is evaluated: a Searcher, or another ranker."""

    def rank_all(
        self,
        queries: Sequence[str],
        *,
        images: bool = False,
        filter: PageFilter = ALL_PAGES,
    ) -> list[Ranking]:
        """Every candidate page of each question with its score and signals."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure.

    `within` are the dataset's documents where the library has others too; `images`
    measures the search for images first; `by_page` ranks pages, otherwise documents
    by their best page; `signals` measures each signal alone too, and BM25 with each
    of the `text_encoders`.
    """

    by_page: bool
    within: Sequence[str] | None = None
    images: bool = False
    signals: bool = False
    text_encoders: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """Result of a question: metrics, top keys and time.

    `found` are the first keys of its default ranking; `seconds` is set if the
    question was timed.
    """

    judged: JudgedQuestion
    figures: Figures
    found: Sequence[str]
    seconds: float | None


def run(
    ranker: Ranker, questions: Sequence[JudgedQuestion], plan: Plan
) -> Iterator[QuestionResult]:
    """Rank and measure questions; yields each result as it comes.

    Raises:
        EmptyQuery, ImageIndexNotFound: as `Searcher.rank`.
    """
    for at in range(min(TIMED_QUESTIONS, len(questions))):
        yield from _measure(ranker, questions[at : at + 1], plan, timed=True)
    for at in range(TIMED_QUESTIONS, len(questions), BATCH_SIZE):
        yield from _measure(ranker, questions[at : at + BATCH_SIZE], plan, timed=False)


def _measure(
    ranker: Ranker, batch: Sequence[JudgedQuestion], plan: Plan, *, timed: bool
) -> Iterator[QuestionResult]:
    figures: list[Figures] = [{} for _ in batch]
    found: list[list[str]] = [[] for _ in batch]
    took = None
    for images in (True, False) if plan.images else (False,):
        for scope in ("document", "set", "home"):
            started = time.perf_counter()
            rankings = _rank(ranker, batch, scope, images, plan)
            seconds = time.perf_counter() - started
            for position, ranking in rankings.items():
                judged = batch[position]
                for name, order in _orders(ranking, images, plan).items():
                    keys = _keys(ranking, order, plan.by_page)
                    figures[position].setdefault(name, {})[scope] = measure(keys, judged.relevant)
                    if scope == "set" and not found[position] and name in {DEFAULT, IMAGES}:
                        found[position] = keys[:KEPT_KEYS]
                        took = seconds if timed else None
    for judged, its_figures, keys in zip(batch, figures, found, strict=True):
        yield QuestionResult(judged, its_figures, keys, took)


def _rank(
    ranker: Ranker, batch: Sequence[JudgedQuestion], scope: str, images: bool, plan: Plan
) -> dict[int, Ranking]:
    """Rankings in a scope, by the positions of the questions that have it."""
    queries = [judged.question.query for judged in batch]
    if scope != "document":
        if scope == "home" and plan.within is None:
            return {}
        filter = ALL_PAGES if scope == "home" or plan.within is None else PageFilter.to(plan.within)
        ranked = ranker.rank_all(queries, images=images, filter=filter)
        return dict(enumerate(ranked))
    if not plan.by_page:
        return {}
    # Few pages, seldom the same ones: a batch would save nothing.
    return {
        position: ranker.rank_all(
            [queries[position]], images=images, filter=PageFilter.to([judged.document])
        )[0]
        for position, judged in enumerate(batch)
        if judged.document is not None
    }


def time_encoding(
    home: Home, queries: Sequence[str], encoding: Encoding, *, images: bool = False
) -> list[float]:
    """Seconds that newly loaded encoders take for each of the first questions.

    Args:
        images: only the encoders of images.
    """
    names = []
    for index in open_indexes(home):
        if not images or index.manifest.modality == "image":
            names.append(index.manifest.encoder)
        index.records.close()
    encoders = [load_encoder(name, encoding) for name in names]
    timed = queries[:TIMED_QUESTIONS]
    for encoder in encoders:
        encoder.encode_queries(timed[:1])
    took = []
    for query in timed:
        started = time.perf_counter()
        for encoder in encoders:
            encoder.encode_queries([query])
        took.append(time.perf_counter() - started)
    return took


def collect(results: Iterator[QuestionResult], advance: Callable[[], None]) -> list[QuestionResult]:
    """All results; `advance` is called after each."""
    done = []
    for one in results:
        done.append(one)
        advance()
    return done


def _orders(ranking: Ranking, images: bool, plan: Plan) -> dict[str, list[int]]:
    if not plan.signals or images:
        return {IMAGES if images else DEFAULT: ranking.order()}
    return rank_by_signal(ranking, plan.text_encoders)


def _keys(ranking: Ranking, order: Sequence[int], by_page: bool) -> list[str]:
    pages = (ranking.pages[i].page for i in order)
    return list(dict.fromkeys(page.key if by_page else page.document_id for page in pages))
