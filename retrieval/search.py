"""Find pages: the searcher.

A question goes to every index of the home and to the full-text index; each
gives the pages signals; `retrieval.fuse` makes one ranking of them. While the
library is small every page is scored exactly. Beyond `exhaustive_pages`, Chroma
and BM25 name candidates first. Knows no language models and no HTTP.
"""

from __future__ import annotations

import io
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from ingest.encoders.encoder import Encoder, Encoding, load_encoder
from ingest.fault import Fault
from ingest.home import Home
from ingest.index import Index, open_indexes, pool
from ingest.library import Library, NoPage, PageRecord
from ingest.manifest import Manifest
from ingest.page import WHOLE, Page, QueryVectors, Rendered
from ingest.terms import split_terms
from retrieval.explain import Explanation, explain_rows
from retrieval.fuse import Signal, fuse_kind, fuse_kinds
from retrieval.hit import Hit, Region
from retrieval.maxsim import maxsim, mean_row
from retrieval.regions import find_patch_regions, find_picture_region, find_word_regions
from retrieval.state import State
from retrieval.weigh import content_terms, token_weights

if TYPE_CHECKING:
    from PIL import Image

EXHAUSTIVE_PAGES = 1_000
"""Up to so many pages all are candidates: exact, and as fast as asking Chroma first."""
CANDIDATES = 200
"""Beyond that, so many from each of Chroma's collections and from BM25."""
TRIES = 5
Found = TypeVar("Found")


class EmptyQuery(Fault):
    """There is nothing to search for."""


class StillChanging(Fault):
    """Documents were removed faster than they could be searched."""


class NoPictures(Fault):
    """The home has no index of pictures to search."""


class NotSeen(Fault):
    """An encoder has no rows of a page."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidate pages with all that was found out of them.

    `scores` and each of `signals` (by name, see `Hit`) and `kinds` (by encoder)
    are (pages,), NaN where a page lacks it; `weights` are of the question's rows.
    """

    pages: Sequence[PageRecord]
    scores: Signal
    signals: dict[str, Signal]
    kinds: dict[str, Signal]
    weights: dict[str, npt.NDArray[np.float32]]

    def order(self) -> list[int]:
        """Places of the pages that have a score, best first."""
        order = np.argsort(-self.scores, kind="stable")
        return [int(i) for i in order if not np.isnan(self.scores[i])]


class Searcher:
    """Searches a home, for as long as it likes, from any thread, whoever changes it meanwhile.

    Raises:
        NoLibrary: nothing has been ingested yet.
    """

    def __init__(
        self,
        home: Home,
        *,
        exhaustive_pages: int = EXHAUSTIVE_PAGES,
        encoding: Encoding | None = None,
    ) -> None:
        self.library = Library(home)
        self._home = home
        self._encoding = encoding or Encoding()
        self._exhaustive_pages = exhaustive_pages
        self._lock = threading.RLock()
        self._state: State | None = None
        self._indexes: list[Index] = []
        self._encoders: dict[str, Encoder] = {}

    def search(
        self,
        query: str,
        *,
        top: int = 10,
        pictures: bool = False,
        documents: Sequence[str] | None = None,
        tags: Sequence[str] = (),
    ) -> list[Hit]:
        """The best pages for a question or a description, best first.

        Args:
            pictures: only photos and figures, by what they show.
            documents: ids to search within.
            tags: only pages that have all of them.

        Raises:
            EmptyQuery: the question is blank.
            NoPictures: `pictures`, and no index of pictures.
        """

        def find(state: State) -> list[Hit]:
            asked = self._ask(query, pictures)
            terms = [] if pictures else content_terms(query)
            return self._hits(state, asked, self._rank(state, asked, terms, documents, tags), top)

        return self._retry(find)

    def like(
        self,
        picture: Image.Image,
        *,
        top: int = 10,
        documents: Sequence[str] | None = None,
        tags: Sequence[str] = (),
    ) -> list[Hit]:
        """The photos and figures most like a picture.

        Raises:
            NoPictures: no index of pictures.
        """

        def find(state: State) -> list[Hit]:
            asked = self._show(picture)
            return self._hits(state, asked, self._rank(state, asked, [], documents, tags), top)

        return self._retry(find)

    def combine(
        self,
        parts: Sequence[tuple[float, str | Image.Image]],
        *,
        top: int = 10,
        documents: Sequence[str] | None = None,
        tags: Sequence[str] = (),
    ) -> list[Hit]:
        """The photos and figures most like a weighted sum of texts and pictures.

        Args:
            parts: a weight, less than 0 to take away, with each text or picture.

        Raises:
            NoPictures: no index of pictures.
            EmptyQuery: the parts leave nothing.
        """

        def find(state: State) -> list[Hit]:
            asked = self._mix(parts)
            return self._hits(state, asked, self._rank(state, asked, [], documents, tags), top)

        return self._retry(find)

    def rank(
        self, query: str, *, pictures: bool = False, documents: Sequence[str] | None = None
    ) -> Ranking:
        """Every candidate page with its score and signals, for evaluation.

        Raises:
            EmptyQuery, NoPictures: as `search`.
        """
        terms = [] if pictures else content_terms(query)
        return self._retry(
            lambda state: self._rank(state, self._ask(query, pictures), terms, documents)
        )

    def explain(self, query: str, page: Page, encoder: str | None = None) -> Explanation:
        """Why a page scores as it does: MaxSim taken apart by the question's tokens.

        Args:
            encoder: whose view; None takes the one that the page ranks by.

        Raises:
            EmptyQuery: the question is blank.
            NotSeen: the encoder, or every one, has nothing of this page.
            NoPage: the page has gone.
        """

        def find(state: State) -> Explanation:
            asked = self._ask(query, pictures=False)
            ranking = self._rank(state, asked, content_terms(query), [page.document_id])
            place = next((i for i, r in enumerate(ranking.pages) if r.page.key == page.key), None)
            if place is None:
                raise NoPage(f"{page} has been removed.", remedy="Search again.")
            able = {n: k[place] for n, k in ranking.kinds.items() if not np.isnan(k[place])}
            if not able or (encoder is not None and encoder not in able):
                raise NotSeen(
                    f"{encoder or 'No encoder'} has seen nothing on {page}.",
                    remedy=f"Take one of {', '.join(able)}." if able else "It may be blank.",
                )
            name = encoder or max(able, key=lambda name: float(able[name]))
            index = next(index for index in self._indexes if index.manifest.encoder == name)
            seen = state.open(index, page.document_id).vectors.page(page.number)
            return explain_rows(page, name, asked[name], ranking.weights[name], seen)

        return self._retry(find)

    def manifests(self) -> list[Manifest]:
        """What each index remembers of its encoder."""
        self._refresh()
        return [index.manifest for index in self._indexes]

    def close(self) -> None:
        """Let go of the index."""
        with self._lock:
            for index in self._indexes:
                index.records.close()

    def _retry(self, find: Callable[[State], Found]) -> Found:
        """Look; once more if a document was removed under our hands."""
        for _ in range(TRIES):
            try:
                return find(self._refresh())
            except (FileNotFoundError, NoPage):
                with self._lock:
                    self._state = None
        raise StillChanging(
            "The library kept changing while it was searched.", remedy="Search again."
        )

    def _refresh(self) -> State:
        """The state as of the library's present generation; indexes opened anew if it moved on."""
        with self._lock:
            if self._state is None or self._state.generation != self.library.generation:
                self.close()
                self._indexes = open_indexes(self._home)
                self._state = State.read(self.library, self._state)
            return self._state

    def _ask(self, query: str, pictures: bool) -> dict[str, QueryVectors]:
        """The question as each encoder that may answer it sees it."""
        if not query.strip():
            raise EmptyQuery("The question is empty.", remedy="Ask something.")
        indexes = self._reading("pictures") if pictures else self._indexes
        return {
            index.manifest.encoder: self._encoder(index).encode_queries([query])[0]
            for index in indexes
        }

    def _show(self, picture: Image.Image) -> dict[str, QueryVectors]:
        """A picture as a question."""
        shown = as_rendered(picture)
        asked = {}
        for index in self._reading("pictures"):
            rows = self._encoder(index).encode_pages([shown])[0].vectors
            asked[index.manifest.encoder] = QueryVectors(rows, ("",) * len(rows))
        return asked

    def _mix(self, parts: Sequence[tuple[float, str | Image.Image]]) -> dict[str, QueryVectors]:
        """Several texts and pictures as one question."""
        asked = {}
        for index in self._reading("pictures"):
            encoder = self._encoder(index)
            total = np.zeros(index.manifest.dim, np.float32)
            for weight, part in parts:
                if isinstance(part, str):
                    row = encoder.encode_queries([part])[0].vectors[0]
                else:
                    row = encoder.encode_pages([as_rendered(part)])[0].vectors[0]
                total += np.float32(weight) * row
            length = float(np.linalg.norm(total))
            if length < 1e-6:
                raise EmptyQuery(
                    "What is added and what is taken away leave nothing.",
                    remedy="Give one of the parts another weight.",
                )
            asked[index.manifest.encoder] = QueryVectors(total[None] / length, ("",))
        return asked

    def _reading(self, what: str) -> list[Index]:
        found = [index for index in self._indexes if index.manifest.reads == what]
        if not found:
            raise NoPictures(
                f"No index in {self._home.root} reads {what}.",
                remedy="Run `pageglass ingest` again with the default encoders.",
            )
        return found

    def _encoder(self, index: Index) -> Encoder:
        """The encoder that the index remembers, loaded once."""
        name = index.manifest.encoder
        with self._lock:
            if name not in self._encoders:
                self._encoders[name] = load_encoder(name, self._encoding)
            return self._encoders[name]

    def _rank(
        self,
        state: State,
        asked: Mapping[str, QueryVectors],
        terms: Sequence[str],
        documents: Sequence[str] | None,
        tags: Sequence[str] = (),
    ) -> Ranking:
        lexical = self.library.match_terms(terms, documents)
        pages = self._candidates(state, asked, lexical, documents, tags)
        weights = self._weights(asked, len(state.pages))
        ranking = Ranking(pages, np.full(len(pages), np.nan, np.float32), {}, {}, weights)
        if not pages:
            return ranking
        for index in self._indexes:
            name = index.manifest.encoder
            if name not in asked:
                continue
            late, dense = self._score(state, index, asked[name], weights[name], pages)
            ranking.signals[f"late.{name}"] = late
            # A patch's neighbours say little of it: the mean of patches is no passage.
            if index.manifest.reads == "pages":
                dense, parts = late, [late]
            else:
                ranking.signals[f"dense.{name}"] = dense
                parts = [late, dense]
            if index.manifest.reads != "pictures" and terms:
                found = [lexical.get(record.page.key, 0.0) for record in pages]
                parts.append(np.where(np.isnan(late), np.nan, np.array(found, np.float32)))
                ranking.signals["bm25"] = parts[-1]
            ranking.kinds[name] = fuse_kind(parts, dense, index.manifest.reach)
        ranking.scores[:] = fuse_kinds(ranking.kinds)
        return ranking

    def _hits(
        self, state: State, asked: Mapping[str, QueryVectors], ranking: Ranking, top: int
    ) -> list[Hit]:
        return [
            Hit(
                page=ranking.pages[i].page,
                score=round(float(ranking.scores[i]), 6),
                regions=self._regions(state, asked, ranking, i),
                signals={
                    name: round(float(signal[i]), 6)
                    for name, signal in ranking.signals.items()
                    if not np.isnan(signal[i])
                },
            )
            for i in ranking.order()[:top]
        ]

    def _candidates(
        self,
        state: State,
        asked: Mapping[str, QueryVectors],
        lexical: Mapping[str, float],
        documents: Sequence[str] | None,
        tags: Sequence[str],
    ) -> list[PageRecord]:
        """The pages to score exactly, in the state's order."""
        wanted = None if documents is None else set(documents)
        pages = [r for r in state.pages if wanted is None or r.page.document_id in wanted]
        if tags:
            tagged = self.library.tagged(tags)
            return [record for record in pages if record.page.key in tagged]
        if len(pages) <= self._exhaustive_pages:
            return pages
        keys = set(sorted(lexical, key=lambda key: -lexical[key])[:CANDIDATES])
        for index in self._indexes:
            if question := asked.get(index.manifest.encoder):
                with self._lock:
                    vector = pool(question.vectors)
                    keys.update(index.records.nearest(vector, CANDIDATES, documents))
        return [record for record in pages if record.page.key in keys]

    def _weights(
        self, asked: Mapping[str, QueryVectors], page_count: int
    ) -> dict[str, npt.NDArray[np.float32]]:
        words = {word for question in asked.values() for word in question.words}
        terms = {split[0] for word in words if word and (split := split_terms(word))}
        frequency = self.library.page_frequency(terms)
        return {
            name: np.ones(len(question.vectors), np.float32)
            if question.even
            else token_weights(question.words, frequency, page_count)
            for name, question in asked.items()
        }

    def _score(
        self,
        state: State,
        index: Index,
        question: QueryVectors,
        weights: npt.NDArray[np.float32],
        pages: Sequence[PageRecord],
    ) -> tuple[Signal, Signal]:
        """Late-interaction and dense cosines of each page (pages,)."""
        late = np.full(len(pages), np.nan, np.float32)
        dense = late.copy()
        if not len(question.vectors):
            return late, dense
        whole = mean_row(question.vectors)
        by_document: dict[str, list[int]] = defaultdict(list)
        for i, record in enumerate(pages):
            by_document[record.page.document_id].append(i)
        for document_id, places in by_document.items():
            try:
                mapped = state.open(index, document_id)
            except FileNotFoundError:
                if self.library.generation != state.generation:
                    raise
                continue  # an index that is still being made
            numbers = np.array([pages[i].page.number for i in places])
            if len(places) == mapped.vectors.page_count:
                rows, offsets = mapped.vectors.vectors, mapped.vectors.offsets
                late[places] = maxsim(question.vectors, weights, rows, offsets)[numbers - 1]
            else:
                for i, number in zip(places, numbers, strict=True):
                    rows = mapped.vectors.vectors[mapped.vectors.rows(number)]
                    late[i] = maxsim(question.vectors, weights, rows, [0, len(rows)])[0]
            passages, offsets = mapped.passages
            dense[places] = maxsim(whole, np.ones(1, np.float32), passages, offsets)[numbers - 1]
        return late, dense

    def _regions(
        self, state: State, asked: Mapping[str, QueryVectors], ranking: Ranking, place: int
    ) -> tuple[Region, ...]:
        """Where on the page the evidence that won is."""
        page = ranking.pages[place].page
        name = max(
            (name for name, kind in ranking.kinds.items() if not np.isnan(kind[place])),
            key=lambda name: float(ranking.kinds[name][place]),
        )
        index = next(index for index in self._indexes if index.manifest.encoder == name)
        seen = state.open(index, page.document_id).vectors.page(page.number)
        match index.manifest.reads:
            case "words":
                words = self.library.words(page)
                return find_word_regions(asked[name], ranking.weights[name], seen, words)
            case "pages":
                return find_patch_regions(asked[name], seen, self.library.words(page))
        return find_picture_region(asked[name], seen)


def as_rendered(picture: Image.Image) -> Rendered:
    """A picture that is no page of the library, in the form that encoders take."""
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "PNG", compress_level=1)
    return Rendered(
        page=Page("", 1),
        image=buffer.getvalue(),
        width=picture.width,
        height=picture.height,
        words=(),
        figures=(WHOLE,),
        source="none",
    )
