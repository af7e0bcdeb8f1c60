"""Put a set's questions to a searcher, and keep every figure of every question: the main act of this folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ingest.encoders.encoder import Encoding, load_encoder
from ingest.home import Home
from ingest.index import open_indexes
from retrieval.evaluate.corpus import Asked
from retrieval.evaluate.metrics import measure
from retrieval.evaluate.signals import DEFAULT, orders
from retrieval.search import Ranking

KEPT = 10
"""Places of the ranking that a result keeps, for whoever looks into a question."""
IMAGES = "images"
"""The ranking of pictures alone, as `search --images` has it."""
TIMED = 200
"""Questions that the encoders are timed on, at most."""
Figures = dict[str, dict[str, dict[str, float]]]
"""By ranking, by scope ("document", "set" or "home"), by metric."""


class Ranker(Protocol):
    """What is evaluated: a Searcher, or whatever ranks as it does."""

    def rank(
        self, query: str, *, pictures: bool = False, documents: Sequence[str] | None = None
    ) -> Ranking:
        """Every candidate page with its score and signals."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured.

    `within` are the set's documents where the home holds others too; `pictures`
    measures `search --images` first; `by_page` ranks pages, else documents at
    their best page; `signals` measures each signal alone too, with BM25 as the
    companion of the encoders that are `readers` of pages.
    """

    by_page: bool
    within: Sequence[str] | None = None
    pictures: bool = False
    signals: bool = False
    readers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """A question's figures, the first keys that the default ranking gave over the set, and seconds it took."""

    asked: Asked
    figures: Figures
    found: Sequence[str]
    seconds: float


def run(ranker: Ranker, questions: Sequence[Asked], plan: Plan) -> Iterator[Answered]:
    """Each question's outcome as it comes. `seconds` are those of ranking the whole set once.

    Raises:
        EmptyQuery, NoPictures: as `Searcher.rank`.
    """
    for asked in questions:
        figures: Figures = {}
        found: list[str] = []
        took = 0.0
        scopes: list[tuple[str, Sequence[str] | None]] = []
        if asked.document is not None and plan.by_page:
            scopes.append(("document", [asked.document]))
        scopes.append(("set", plan.within))
        if plan.within is not None:
            scopes.append(("home", None))
        for pictures in (True, False) if plan.pictures else (False,):
            for scope, documents in scopes:
                started = time.perf_counter()
                ranking = ranker.rank(asked.question.query, pictures=pictures, documents=documents)
                seconds = time.perf_counter() - started
                for name, order in _named(ranking, pictures, plan).items():
                    keys = _keys(ranking, order, plan.by_page)
                    figures.setdefault(name, {})[scope] = measure(keys, asked.relevant)
                    if scope == "set" and not found and name in {DEFAULT, IMAGES}:
                        found, took = keys[:KEPT], seconds
        yield Answered(asked, figures, found, took)


def time_encoding(
    home: Home, queries: Sequence[str], encoding: Encoding, *, pictures: bool = False
) -> list[float]:
    """Seconds that a home's encoders take for each of some questions (the first 200), loaded anew.

    Args:
        pictures: by the encoders of pictures alone.
    """
    names = []
    for index in open_indexes(home):
        if not pictures or index.manifest.reads == "pictures":
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


def follow(answered: Iterator[Answered], told: Callable[[], None]) -> list[Answered]:
    """All of them, telling of each."""
    done = []
    for one in answered:
        done.append(one)
        told()
    return done


def _named(ranking: Ranking, pictures: bool, plan: Plan) -> dict[str, list[int]]:
    if not plan.signals or pictures:
        return {IMAGES if pictures else DEFAULT: ranking.order()}
    return orders(ranking, plan.readers)


def _keys(ranking: Ranking, order: Sequence[int], by_page: bool) -> list[str]:
    pages = (ranking.pages[i].page for i in order)
    return list(dict.fromkeys(page.key if by_page else page.document_id for page in pages))
