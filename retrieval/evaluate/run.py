"""Put a set's questions to a searcher, and keep every figure of every question: the main act of this folder."""

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
from retrieval.evaluate.corpus import Asked
from retrieval.evaluate.metrics import measure
from retrieval.evaluate.signals import DEFAULT, orders
from retrieval.ranking import Ranking

KEPT = 10
"""Places of the ranking that a result keeps, for whoever looks into a question."""
IMAGES = "images"
"""The ranking of pictures alone, as `search --images` has it."""
TIMED = 100
"""Questions that are timed, at most, searches one by one as users make them."""
TOGETHER = 32
"""Questions ranked together beyond those: several times as fast where every page is scored (benchmarks/kernel.py)."""
Figures = dict[str, dict[str, dict[str, float]]]
"""By ranking, by scope ("document", "set" or "home"), by metric."""


class Ranker(Protocol):
    """What is evaluated: a Searcher, or whatever ranks as it does."""

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
    """What is measured.

    `within` are the set's documents where the home holds others too; `images`
    measures `search --images` first; `by_page` ranks pages, else documents at
    their best page; `signals` measures each signal alone too, with BM25 as the
    companion of the encoders that are `readers` of pages.
    """

    by_page: bool
    within: Sequence[str] | None = None
    images: bool = False
    signals: bool = False
    readers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """A question's figures, the first keys that the default ranking gave over the set, and seconds it took if timed."""

    asked: Asked
    figures: Figures
    found: Sequence[str]
    seconds: float | None


def run(ranker: Ranker, questions: Sequence[Asked], plan: Plan) -> Iterator[Answered]:
    """Each question's outcome as it comes. The first TIMED are ranked one by one, the rest TOGETHER.

    Raises:
        EmptyQuery, ImageIndexNotFound: as `Searcher.rank`.
    """
    for at in range(min(TIMED, len(questions))):
        yield from _answer(ranker, questions[at : at + 1], plan, timed=True)
    for at in range(TIMED, len(questions), TOGETHER):
        yield from _answer(ranker, questions[at : at + TOGETHER], plan, timed=False)


def _answer(
    ranker: Ranker, batch: Sequence[Asked], plan: Plan, *, timed: bool
) -> Iterator[Answered]:
    figures: list[Figures] = [{} for _ in batch]
    found: list[list[str]] = [[] for _ in batch]
    took = None
    for images in (True, False) if plan.images else (False,):
        for scope in ("document", "set", "home"):
            started = time.perf_counter()
            rankings = _rank(ranker, batch, scope, images, plan)
            seconds = time.perf_counter() - started
            for place, ranking in rankings.items():
                asked = batch[place]
                for name, order in _named(ranking, images, plan).items():
                    keys = _keys(ranking, order, plan.by_page)
                    figures[place].setdefault(name, {})[scope] = measure(keys, asked.relevant)
                    if scope == "set" and not found[place] and name in {DEFAULT, IMAGES}:
                        found[place] = keys[:KEPT]
                        took = seconds if timed else None
    for asked, its_figures, keys in zip(batch, figures, found, strict=True):
        yield Answered(asked, its_figures, keys, took)


def _rank(
    ranker: Ranker, batch: Sequence[Asked], scope: str, images: bool, plan: Plan
) -> dict[int, Ranking]:
    """Rankings in a scope, by the places of the questions that have it."""
    queries = [asked.question.query for asked in batch]
    if scope != "document":
        if scope == "home" and plan.within is None:
            return {}
        filter = ALL_PAGES if scope == "home" or plan.within is None else PageFilter.to(plan.within)
        ranked = ranker.rank_all(queries, images=images, filter=filter)
        return dict(enumerate(ranked))
    if not plan.by_page:
        return {}
    # Few pages, and seldom the same ones.
    return {
        place: ranker.rank_all(
            [queries[place]], images=images, filter=PageFilter.to([asked.document])
        )[0]
        for place, asked in enumerate(batch)
        if asked.document is not None
    }


def time_encoding(
    home: Home, queries: Sequence[str], encoding: Encoding, *, images: bool = False
) -> list[float]:
    """Seconds that a home's encoders take for each of the first TIMED questions, loaded anew.

    Args:
        pictures: by the encoders of pictures alone.
    """
    names = []
    for index in open_indexes(home):
        if not images or index.manifest.modality == "image":
            names.append(index.manifest.encoder)
        index.records.close()
    encoders = [load_encoder(name, encoding) for name in names]
    timed = queries[:TIMED]
    for encoder in encoders:
        encoder.encode_queries(timed[:1])
    took = []
    for query in timed:
        started = time.perf_counter()
        for encoder in encoders:
            encoder.encode_queries([query])
        took.append(time.perf_counter() - started)
    return took


def collect(answered: Iterator[Answered], advance: Callable[[], None]) -> list[Answered]:
    """All of them, telling of each."""
    done = []
    for one in answered:
        done.append(one)
        advance()
    return done


def _named(ranking: Ranking, images: bool, plan: Plan) -> dict[str, list[int]]:
    if not plan.signals or images:
        return {IMAGES if images else DEFAULT: ranking.order()}
    return orders(ranking, plan.readers)


def _keys(ranking: Ranking, order: Sequence[int], by_page: bool) -> list[str]:
    pages = (ranking.pages[i].page for i in order)
    return list(dict.fromkeys(page.key if by_page else page.document_id for page in pages))
