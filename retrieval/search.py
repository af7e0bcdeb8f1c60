"""Find pages: the searcher.

A question goes to every index of the home and to the full-text index; each
gives the pages signals; `retrieval.fuse` makes one ranking of them. While the
library is small, or narrowed down to few pages, every page is scored exactly.
Beyond `exhaustive_pages`, Chroma and BM25 name candidates first, among the pages
asked for and no others. Knows no language models and no HTTP.
"""

from __future__ import annotations

import io
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from ingest.chroma import MOST_VALUES, Where
from ingest.encoders.encoder import Encoder, Encoding, load_encoder
from ingest.fault import Fault
from ingest.home import Home
from ingest.index import Index, open_indexes
from ingest.library import Library, NoPage, PageRecord
from ingest.manifest import Manifest
from ingest.narrow import Narrow
from ingest.page import WHOLE, Page, QueryVectors, Rendered, Vectors
from ingest.terms import split_terms
from retrieval.explain import Explanation, explain_rows
from retrieval.fuse import Signal, fuse_kind, fuse_kinds
from retrieval.hit import Hit, Region
from retrieval.maxsim import mean_row
from retrieval.regions import find_patch_regions, find_picture_region, find_word_regions
from retrieval.score import Part, score_parts
from retrieval.state import Opener, State
from retrieval.weigh import content_terms, token_weights

if TYPE_CHECKING:
    from PIL import Image

EXHAUSTIVE_PAGES = 1_000
"""Up to so many pages all are candidates: exact, and as fast as asking Chroma first."""
CANDIDATES = 400
"""Beyond that, so many from each of Chroma's collections and from BM25."""
COMMON = 0.2
"""A term that stands in more of the pages than this names no candidates where a rarer one does."""
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

    Args:
        opener: gives a document's multi-vectors, for evaluation of others than the index holds.

    Raises:
        NoLibrary: nothing has been ingested yet.
    """

    def __init__(
        self,
        home: Home,
        *,
        exhaustive_pages: int = EXHAUSTIVE_PAGES,
        encoding: Encoding | None = None,
        opener: Opener = Index.vectors,
    ) -> None:
        self.library = Library(home)
        self._opener = opener
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
        narrow: Narrow | None = None,
    ) -> list[Hit]:
        """The best pages for a question or a description, best first.

        Args:
            pictures: only photos and figures, by what they show.
            documents: ids to search within.
            tags: only pages that have all of them.
            narrow: what else to search within: kind, days, page numbers.

        Raises:
            EmptyQuery: the question is blank.
            NoPictures: `pictures`, and no index of pictures.
        """
        within = _within(documents, tags, narrow)

        def find(state: State) -> list[Hit]:
            asked = self._ask(query, pictures)
            terms = [] if pictures else content_terms(query)
            return self._hits(state, asked, self._rank(state, asked, terms, within), top)

        return self._retry(find)

    def like(
        self,
        picture: Image.Image,
        *,
        top: int = 10,
        documents: Sequence[str] | None = None,
        tags: Sequence[str] = (),
        narrow: Narrow | None = None,
    ) -> list[Hit]:
        """The photos and figures most like a picture.

        Raises:
            NoPictures: no index of pictures.
        """
        within = _within(documents, tags, narrow)

        def find(state: State) -> list[Hit]:
            asked = self._show(picture)
            return self._hits(state, asked, self._rank(state, asked, [], within), top)

        return self._retry(find)

    def combine(
        self,
        parts: Sequence[tuple[float, str | Image.Image]],
        *,
        top: int = 10,
        documents: Sequence[str] | None = None,
        tags: Sequence[str] = (),
        narrow: Narrow | None = None,
    ) -> list[Hit]:
        """The photos and figures most like a weighted sum of texts and pictures.

        Args:
            parts: a weight, less than 0 to take away, with each text or picture.

        Raises:
            NoPictures: no index of pictures.
            EmptyQuery: the parts leave nothing.
        """
        within = _within(documents, tags, narrow)

        def find(state: State) -> list[Hit]:
            asked = self._mix(parts)
            return self._hits(state, asked, self._rank(state, asked, [], within), top)

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
            lambda state: self._rank(state, self._ask(query, pictures), terms, _within(documents))
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
            ranking = self._rank(state, asked, content_terms(query), _within([page.document_id]))
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
            seen = state.open(index, page.document_id).page(page.number)
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
                self._state = State.read(
                    self.library, self._state, self._exhaustive_pages, self._opener
                )
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
        within: Narrow,
    ) -> Ranking:
        weights = self._weights(state, asked)
        pages, lexical = self._candidates(state, asked, weights, terms, within)
        ranking = Ranking(pages, np.full(len(pages), np.nan, np.float32), {}, {}, weights)
        if not pages:
            return ranking
        for index in self._indexes:
            name = index.manifest.encoder
            if name not in asked:
                continue
            late = self._score(state, index, asked[name].vectors, weights[name], pages, "vectors")
            ranking.signals[f"late.{name}"] = late
            # A patch's neighbours say little of it: the mean of patches is no passage.
            if index.manifest.reads == "pages" or not len(asked[name].vectors):
                dense, parts = late, [late]
            else:
                whole, once = mean_row(asked[name].vectors), np.ones(1, np.float32)
                dense = self._score(state, index, whole, once, pages, "passages")
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
                caption=" ".join(c.text for c in self.library.captions(ranking.pages[i].page)),
            )
            for i in ranking.order()[:top]
        ]

    def _candidates(
        self,
        state: State,
        asked: Mapping[str, QueryVectors],
        weights: Mapping[str, npt.NDArray[np.float32]],
        terms: Sequence[str],
        within: Narrow,
    ) -> tuple[Sequence[PageRecord], Mapping[str, float]]:
        """The pages to score exactly, in order, and BM25 of those that have one of the terms."""
        if state.pages is not None and not within:
            return state.pages, self.library.match_terms(terms)
        # Tags are of pages, which Chroma's records do not have.
        if within.tags or self._few(state, within):
            pages = self.library.page_records(narrow=within)
            return _known(pages, state), self.library.match_terms(terms, within)
        keys = set(self.library.match_terms(self._rare(state, terms), within, most=CANDIDATES))
        for index in self._indexes:
            question = asked.get(index.manifest.encoder)
            if question and len(question.vectors):
                with self._lock:
                    for where in self._where(within):
                        keys.update(
                            index.nearest(
                                question.vectors, weights[index.manifest.encoder], CANDIDATES, where
                            )
                        )
        return _known(self.library.records_of(keys), state), self.library.match_terms(
            terms, keys=keys
        )

    def _few(self, state: State, within: Narrow) -> bool:
        if state.pages is not None:
            return True
        return bool(within) and self.library.count(within) <= self._exhaustive_pages

    def _rare(self, state: State, terms: Sequence[str]) -> Sequence[str]:
        """The terms that name candidates: every page with a common one would have to be ranked."""
        self._count(state, terms)
        rare = [t for t in terms if state.frequency[t] <= COMMON * state.page_count]
        return rare or terms

    def _where(self, within: Narrow) -> list[Where]:
        """What is searched within, as Chroma takes it: a filter for so many documents at once."""
        if not within.of_documents:
            return [Where(None, within.first, within.last)]
        ids = self.library.select_documents(within)
        return [
            Where(tuple(ids[at : at + MOST_VALUES]), within.first, within.last)
            for at in range(0, len(ids), MOST_VALUES)
        ]

    def _count(self, state: State, terms: Iterable[str]) -> None:
        """Have the state know in how many pages each term stands."""
        unknown = set(terms) - state.frequency.keys()
        state.frequency.update(self.library.page_frequency(unknown))

    def _weights(
        self, state: State, asked: Mapping[str, QueryVectors]
    ) -> dict[str, npt.NDArray[np.float32]]:
        words = {word for question in asked.values() for word in question.words}
        self._count(state, {split[0] for word in words if word and (split := split_terms(word))})
        return {
            name: np.ones(len(question.vectors), np.float32)
            if question.even
            else token_weights(question.words, state.frequency, state.page_count)
            for name, question in asked.items()
        }

    def _score(
        self,
        state: State,
        index: Index,
        rows: Vectors,
        weights: npt.NDArray[np.float32],
        pages: Sequence[PageRecord],
        what: Literal["vectors", "passages"],
    ) -> Signal:
        """MaxSim of a question's rows with each page's vectors or passages (pages,)."""
        if not len(rows):
            return np.full(len(pages), np.nan, np.float32)
        by_document: dict[str, list[int]] = defaultdict(list)
        for i, record in enumerate(pages):
            by_document[record.page.document_id].append(i)
        parts = []
        if index.mirrored:
            index.prefetch([state.documents[document_id] for document_id in by_document])
        for document_id, places in by_document.items():
            try:
                held = state.open(index, document_id)
            except FileNotFoundError:
                if self.library.generation != state.generation:
                    raise
                continue  # an index that is still being made
            numbers = np.array([pages[i].page.number for i in places])
            parts.append(Part(held, numbers, np.array(places)))
        scores = score_parts(rows, weights, parts, len(pages), what)
        state.unmap()
        return scores

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
        seen = state.open(index, page.document_id).page(page.number)
        match index.manifest.reads:
            case "words":
                words = self.library.words(page)
                return find_word_regions(asked[name], ranking.weights[name], seen, words)
            case "pages":
                return find_patch_regions(asked[name], seen, self.library.words(page))
        return find_picture_region(asked[name], seen)


def _within(
    documents: Sequence[str] | None, tags: Sequence[str] = (), narrow: Narrow | None = None
) -> Narrow:
    """Everything that a search is narrowed down by, in one."""
    ids = None if documents is None else tuple(documents)
    return replace(narrow or Narrow(), document_ids=ids, tags=tuple(tags))


def _known(pages: Sequence[PageRecord], state: State) -> list[PageRecord]:
    """Those pages whose documents the state knows: a newer one is found by the next search."""
    return [record for record in pages if record.page.document_id in state.documents]


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
