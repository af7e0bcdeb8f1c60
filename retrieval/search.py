"""Find pages: the searcher.

A question goes to every index of the home and to the full-text index; each
gives the pages signals; `retrieval.fuse` makes one ranking of them. Which pages
are scored is for `retrieval.candidates` to say. Knows no language models and no HTTP.
"""

from __future__ import annotations

import io
import threading
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from ingest.encoders.encoder import Encoder, Encoding
from ingest.encoders.load import load_encoder
from ingest.error import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from ingest.filter import ALL_PAGES, PageFilter
from ingest.index.index import Index, open_indexes
from ingest.index.manifest import Manifest
from ingest.index.tensor_layout import FloatRows
from ingest.library.fulltext import split_terms
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.pages import PageNotFound, PageRecord
from ingest.page import WHOLE, Page, QueryVectors, Rendered, Vectors
from retrieval.candidates import Candidates
from retrieval.explain.explain import Explanation, explain_rows
from retrieval.explain.regions import find_image_region, find_patch_regions, find_word_regions
from retrieval.fuse import Signal, fuse_modalities, fuse_signals
from retrieval.hit import Hit, Region
from retrieval.query.terms import content_terms, token_weights
from retrieval.ranking import BM25, CandidateSet, Ranking
from retrieval.scoring.maxsim import keep_apart, mean_row
from retrieval.scoring.scores import score_batches
from retrieval.state import IndexBaseline, LibrarySnapshot, Opener

if TYPE_CHECKING:
    from PIL import Image

    from retrieval.gpu.vector_cache import GpuVectorCache

EXHAUSTIVE_PAGES = 1_000
"""Up to so many pages all are candidates: exact, and as fast as asking Chroma first."""
TRIES = 5
Found = TypeVar("Found")


class EmptyQuery(InvalidInputError):
    """There is nothing to search for."""

    code = "empty-query"


class LibraryChanging(UnavailableError):
    """Documents were removed faster than they could be searched."""

    code = "library-changing"


class ImageIndexNotFound(ConflictError):
    """The home has no index of pictures to search."""

    code = "image-index-not-found"


class PageNotEncoded(NotFoundError):
    """An encoder has no rows of a page."""

    code = "page-not-encoded"


class Searcher:
    """Searches a home, for as long as it likes, from any thread, whoever changes it meanwhile.

    Args:
        opener: gives a document's multi-vectors, for evaluation of others than the index holds.
        on: the device that scores pages, None for the CPU.

    Raises:
        LibraryNotFound: nothing has been ingested yet.
    """

    def __init__(
        self,
        home: Home,
        *,
        exhaustive_pages: int = EXHAUSTIVE_PAGES,
        encoding: Encoding | None = None,
        opener: Opener = Index.vectors,
        on: GpuVectorCache | None = None,
    ) -> None:
        self.library = Library(home)
        self._opener = opener
        self._on = on
        self._home = home
        self._encoding = encoding or Encoding()
        self._lock = threading.RLock()
        self._candidates = Candidates(self.library, exhaustive_pages, self._lock)
        self._state: LibrarySnapshot | None = None
        self._baseline: IndexBaseline | None = None
        self._indexes: list[Index] = []
        self._encoders: dict[str, Encoder] = {}

    def search(
        self,
        query: str,
        *,
        top: int = 10,
        images: bool = False,
        filter: PageFilter = ALL_PAGES,
    ) -> list[Hit]:
        """The best pages for a question or a description, best first.

        Args:
            pictures: only photos and figures, by what they show.
            within: only pages that it leaves.

        Raises:
            EmptyQuery: the question is blank.
            ImageIndexNotFound: `images`, and no index of pictures.
        """

        def find(state: LibrarySnapshot) -> list[Hit]:
            asked = self._ask(query, images)
            terms = [] if images else content_terms(query)
            return self._hits(state, asked, self._rank(state, asked, terms, filter), top)

        return self._retry(find)

    def search_by_image(
        self,
        picture: Image.Image,
        *,
        top: int = 10,
        filter: PageFilter = ALL_PAGES,
    ) -> list[Hit]:
        """The photos and figures most like a picture.

        Raises:
            ImageIndexNotFound: no index of pictures.
        """

        def find(state: LibrarySnapshot) -> list[Hit]:
            asked = self._show(picture)
            return self._hits(state, asked, self._rank(state, asked, [], filter), top)

        return self._retry(find)

    def search_composed(
        self,
        parts: Sequence[tuple[float, str | Image.Image]],
        *,
        top: int = 10,
        filter: PageFilter = ALL_PAGES,
    ) -> list[Hit]:
        """The photos and figures most like a weighted sum of texts and pictures.

        Args:
            parts: a weight, less than 0 to take away, with each text or picture.

        Raises:
            ImageIndexNotFound: no index of pictures.
            EmptyQuery: the parts leave nothing.
        """

        def find(state: LibrarySnapshot) -> list[Hit]:
            asked = self._mix(parts)
            return self._hits(state, asked, self._rank(state, asked, [], filter), top)

        return self._retry(find)

    def rank(self, query: str, *, images: bool = False, filter: PageFilter = ALL_PAGES) -> Ranking:
        """Every candidate page with its score and signals, for evaluation.

        Raises:
            EmptyQuery, ImageIndexNotFound: as `search`.
        """
        return self.rank_all([query], images=images, filter=filter)[0]

    def rank_all(
        self,
        queries: Sequence[str],
        *,
        images: bool = False,
        filter: PageFilter = ALL_PAGES,
    ) -> list[Ranking]:
        """As `rank`, of several questions: those with the same candidates are scored in one pass over their rows.

        Raises:
            EmptyQuery, ImageIndexNotFound: as `search`.
        """

        def find(state: LibrarySnapshot) -> list[Ranking]:
            alike: dict[tuple[str, ...], list[CandidateSet]] = defaultdict(list)
            drawn = []
            for query in queries:
                terms = [] if images else content_terms(query)
                drawn.append(self._draw(state, self._ask(query, images), terms, filter))
                pages = drawn[-1].ranking.pages
                alike[tuple(record.page.key for record in pages)].append(drawn[-1])
            for some in alike.values():
                self._fill(state, some)
            return [one.ranking for one in drawn]

        return self._retry(find)

    def explain(self, query: str, page: Page, encoder: str | None = None) -> Explanation:
        """Why a page scores as it does: MaxSim taken apart by the question's tokens.

        Args:
            encoder: whose view; None takes the one that the page ranks by.

        Raises:
            EmptyQuery: the question is blank.
            PageNotEncoded: the encoder, or every one, has nothing of this page.
            PageNotFound: the page has gone.
        """

        def find(state: LibrarySnapshot) -> Explanation:
            asked = self._ask(query, images=False)
            ranking = self._rank(
                state, asked, content_terms(query), PageFilter.to([page.document_id])
            )
            place = next((i for i, r in enumerate(ranking.pages) if r.page.key == page.key), None)
            if place is None:
                raise PageNotFound(f"{page} has been removed.", hint="Search again.")
            able = ranking.readers(place)
            if not able or (encoder is not None and encoder not in able):
                raise PageNotEncoded(
                    f"{encoder or 'No encoder'} has seen nothing on {page}.",
                    hint=f"Take one of {', '.join(able)}." if able else "It may be blank.",
                )
            name = encoder or able[0]
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

    def _retry(self, find: Callable[[LibrarySnapshot], Found]) -> Found:
        """Look; once more if a document was removed under our hands."""
        for _ in range(TRIES):
            try:
                return find(self._refresh())
            except (FileNotFoundError, PageNotFound):
                with self._lock:
                    self._state = None
        raise LibraryChanging(
            "The library kept changing while it was searched.", hint="Search again."
        )

    def _refresh(self) -> LibrarySnapshot:
        """The state as of the library's present generation; indexes opened anew if they moved on too far."""
        with self._lock:
            if self._state is None or self._state.generation != self.library.generation:
                indexes = open_indexes(self._home)
                state = LibrarySnapshot.read(
                    self.library, self._state, self._candidates.exhaustive_pages, self._opener
                )
                same = [i.manifest for i in indexes] == [i.manifest for i in self._indexes]
                kept = same and any(index.records.snapshot for index in self._indexes)
                if not (kept and self._baseline and state.can_reuse(self._baseline)):
                    self.close()
                    self._indexes = indexes
                    self._baseline = IndexBaseline(state.documents, state.derived)
                self._state = state
            return self._state

    def _ask(self, query: str, images: bool) -> dict[str, QueryVectors]:
        """The question as each encoder that may answer it sees it."""
        if not query.strip():
            raise EmptyQuery("The question is empty.", hint="Ask something.")
        indexes = self._indexes_of("image") if images else self._indexes
        composed = unicodedata.normalize("NFKC", query)
        return {
            index.manifest.encoder: self._encoder(index).encode_queries([composed])[0]
            for index in indexes
        }

    def _show(self, picture: Image.Image) -> dict[str, QueryVectors]:
        """A picture as a question."""
        shown = render_query_image(picture)
        asked = {}
        for index in self._indexes_of("image"):
            rows = self._encoder(index).encode_pages([shown])[0].vectors
            asked[index.manifest.encoder] = QueryVectors(rows, ("",) * len(rows))
        return asked

    def _mix(self, parts: Sequence[tuple[float, str | Image.Image]]) -> dict[str, QueryVectors]:
        """Several texts and pictures as one question."""
        asked = {}
        for index in self._indexes_of("image"):
            encoder = self._encoder(index)
            total = np.zeros(index.manifest.dim, np.float32)
            for weight, part in parts:
                if isinstance(part, str):
                    row = encoder.encode_queries([part])[0].vectors[0]
                else:
                    row = encoder.encode_pages([render_query_image(part)])[0].vectors[0]
                total += np.float32(weight) * row
            length = float(np.linalg.norm(total))
            if length < 1e-6:
                raise EmptyQuery(
                    "What is added and what is taken away leave nothing.",
                    hint="Give one of the parts another weight.",
                )
            asked[index.manifest.encoder] = QueryVectors(total[None] / length, ("",))
        return asked

    def _indexes_of(self, what: str) -> list[Index]:
        found = [index for index in self._indexes if index.manifest.modality == what]
        if not found:
            raise ImageIndexNotFound(
                f"No index in {self._home.root} reads {what}.",
                hint="Run `pageglass ingest` again with the default encoders.",
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
        state: LibrarySnapshot,
        asked: Mapping[str, QueryVectors],
        terms: Sequence[str],
        filter: PageFilter,
    ) -> Ranking:
        drawn = self._draw(state, asked, terms, filter)
        self._fill(state, [drawn])
        return drawn.ranking

    def _draw(
        self,
        state: LibrarySnapshot,
        asked: Mapping[str, QueryVectors],
        terms: Sequence[str],
        filter: PageFilter,
    ) -> CandidateSet:
        weights = self._weights(state, asked)
        pages, lexical = self._candidates.find(state, self._indexes, asked, weights, terms, filter)
        nothing = np.full(len(pages), np.nan, np.float32)
        ranking = Ranking(pages, nothing, {}, {}, weights)
        return CandidateSet(asked, terms, lexical if terms else None, ranking)

    def _fill(self, state: LibrarySnapshot, drawn: Sequence[CandidateSet]) -> None:
        """Find the signals of questions with the same candidates, and their scores."""
        pages = drawn[0].ranking.pages
        if not pages:
            return
        for one in drawn:
            if one.lexical is not None:
                found = [one.lexical.get(r.page.key, 0.0) if r.has_text else np.nan for r in pages]
                one.ranking.signals[BM25] = np.array(found, np.float32)
        for index in self._indexes:
            name = index.manifest.encoder
            if name not in drawn[0].asked:
                continue
            rows = [one.asked[name].vectors for one in drawn]
            weights = [one.ranking.weights[name] for one in drawn]
            lates = self._score(state, index, rows, weights, pages, "vectors")
            # A patch's neighbours say little of it: the mean of patches is no passage.
            denses = lates
            if index.manifest.modality != "page":
                means = [mean_row(some) if len(some) else some for some in rows]
                once = [np.ones(len(mean), np.float32) for mean in means]
                denses = self._score(state, index, means, once, pages, "passages")
            for one, late, dense in zip(drawn, lates, denses, strict=True):
                self._fuse(state, one, index.manifest, late, dense)
        for one in drawn:
            self._finish(state, one)

    def _fuse(
        self,
        state: LibrarySnapshot,
        drawn: CandidateSet,
        manifest: Manifest,
        late: Signal,
        dense: Signal,
    ) -> None:
        """Add what one index says of a question's candidates."""
        name, signals = manifest.encoder, drawn.ranking.signals
        question = drawn.asked[name]
        parts = [late]
        signals[f"late.{name}"] = late
        if manifest.modality != "page" and len(question.vectors):
            signals[f"dense.{name}"] = dense
            parts.append(dense)
        share = 0.0
        if manifest.modality != "image" and drawn.lexical is not None:
            parts.append(signals[BM25])
            share = self._share(state, drawn) if question.known < 1 else 0.0
        drawn.ranking.kinds[name] = fuse_signals(
            parts, dense, manifest.cosine_range, question.known, share
        )

    def _finish(self, state: LibrarySnapshot, drawn: CandidateSet) -> None:
        """Fuse the kinds of evidence; BM25 is one of its own where no encoder has read words."""
        ranking = drawn.ranking
        reading = [i.manifest.encoder for i in self._indexes if i.manifest.modality != "image"]
        read = any(
            not np.isnan(ranking.signals[f"late.{n}"]).all() for n in reading if n in drawn.asked
        )
        if drawn.lexical is not None and not read:
            words = ranking.signals[BM25]
            share = self._share(state, drawn)
            ranking.kinds[BM25] = fuse_signals([words], words * np.nan, known=0, share=share)
        if ranking.kinds:
            ranking.scores[:] = fuse_modalities(ranking.kinds)

    def _share(self, state: LibrarySnapshot, drawn: CandidateSet) -> float:
        """How much of the question, by idf, stands on the page that BM25 puts first."""
        signal = drawn.ranking.signals[BM25]
        if np.isnan(signal).all():
            return 0.0
        best = drawn.ranking.pages[int(np.nanargmax(signal))].page.key
        state.count(self.library, drawn.terms)
        weights = token_weights(drawn.terms, state.frequency, state.page_count)
        there = np.array([bool(self.library.match_terms([t], keys=[best])) for t in drawn.terms])
        return float(weights[there].sum() / weights.sum())

    def _hits(
        self, state: LibrarySnapshot, asked: Mapping[str, QueryVectors], ranking: Ranking, top: int
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

    def _weights(
        self, state: LibrarySnapshot, asked: Mapping[str, QueryVectors]
    ) -> dict[str, npt.NDArray[np.float32]]:
        words = {word for question in asked.values() for word in question.words}
        state.count(
            self.library, {split[0] for word in words if word and (split := split_terms(word))}
        )
        return {
            name: np.ones(len(question.vectors), np.float32)
            if question.even
            else token_weights(question.words, state.frequency, state.page_count)
            for name, question in asked.items()
        }

    def _score(
        self,
        state: LibrarySnapshot,
        index: Index,
        rows: Sequence[Vectors],
        weights: Sequence[npt.NDArray[np.float32]],
        pages: Sequence[PageRecord],
        what: FloatRows,
    ) -> Signal:
        """MaxSim of each question's rows with each page's vectors or passages (questions, pages)."""
        scores = np.full((len(rows), len(pages)), np.nan, np.float32)
        asking = [i for i, some in enumerate(rows) if len(some)]
        if not asking:
            return scores
        addresses = [(record.page.document_id, record.page.number) for record in pages]
        parts = state.parts(self.library, index, addresses)
        query = np.concatenate([rows[i] for i in asking])
        each = keep_apart([weights[i] for i in asking])
        scores[asking] = score_batches(query, each, parts, len(pages), what, on=self._on)
        state.unmap(parts)
        return scores

    def _regions(
        self,
        state: LibrarySnapshot,
        asked: Mapping[str, QueryVectors],
        ranking: Ranking,
        place: int,
    ) -> tuple[Region, ...]:
        """Where on the page the evidence that won is."""
        page = ranking.pages[place].page
        readers = ranking.readers(place)
        if not readers:
            return ()
        name = readers[0]
        index = next(index for index in self._indexes if index.manifest.encoder == name)
        seen = state.open(index, page.document_id).page(page.number)
        match index.manifest.modality:
            case "text":
                words = self.library.words(page)
                return find_word_regions(asked[name], ranking.weights[name], seen, words)
            case "page":
                return find_patch_regions(asked[name], seen, self.library.words(page))
        return find_image_region(asked[name], seen)


def render_query_image(picture: Image.Image) -> Rendered:
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
