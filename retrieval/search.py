"""Searcher: pages by text, image or both, ranked, with the regions that match."""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from ingest.encoders.encoder import Encoding
from ingest.filter import ALL_PAGES, PageFilter
from ingest.index.index import Index, open_indexes
from ingest.index.manifest import Manifest
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.pages import PageNotFound
from ingest.page import Clip, Page, QueryVectors
from retrieval.candidates import Candidates
from retrieval.error import LibraryChanging, PageNotEncoded
from retrieval.explain.explain import Explanation, explain_rows
from retrieval.hit import Hit
from retrieval.hit_regions import RegionFinder
from retrieval.make_hit import make_hit
from retrieval.query.encode import EncodedQuery, QueryEncoder, QueryParts
from retrieval.query.glossary.glossary_file import load_glossary
from retrieval.query.lexical import LexicalQuery
from retrieval.rank import CandidateRanker
from retrieval.ranking import CandidateSet, Ranking
from retrieval.scoring.scores import BatchScorer
from retrieval.snapshot import IndexBaseline, LibrarySnapshot, Opener

if TYPE_CHECKING:
    from PIL import Image

Result = TypeVar("Result")
EXHAUSTIVE_PAGES = 1_000
"""Up to this many pages, all are candidates: exact, and as fast as an ANN query first."""
TRIES = 5


class Searcher:
    """Searches a home from any thread, while other processes may change it.

    Args:
        exhaustive_pages: up to this many pages, all are scored exactly.
        encoding: device and batch size of the encoders.
        opener: opens a document's vectors, to evaluate others than the index holds.
        scorer: computes MaxSim on a device; None for the CPU.

    Raises:
        LibraryNotFound: nothing has been ingested yet.
        InvalidGlossary: the home's own glossary cannot be read.
    """

    def __init__(
        self,
        home: Home,
        *,
        exhaustive_pages: int = EXHAUSTIVE_PAGES,
        encoding: Encoding | None = None,
        opener: Opener = Index.vectors,
        scorer: BatchScorer | None = None,
    ) -> None:
        self.library = Library(home)
        self._opener, self._home = opener, home
        self._glossary = load_glossary(home.root)
        self._lock, self._exhaustive_pages = threading.RLock(), exhaustive_pages
        self._encoder = QueryEncoder(encoding or Encoding())
        candidates = Candidates(self.library, exhaustive_pages, self._lock)
        self._ranker = CandidateRanker(self.library, candidates, scorer)
        self._snapshot: LibrarySnapshot | None = None
        self._baseline: IndexBaseline | None = None
        self._indexes: list[Index] = []
        self._regions = RegionFinder(self.library)

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
            images: only photos and figures, by what they show.
            filter: only pages that match it.

        Raises:
            EmptyQuery: the query is blank.
            ImageIndexNotFound: `images`, and the library has no index of images.
        """

        def find(snapshot: LibrarySnapshot) -> list[Hit]:
            words = LexicalQuery.of(query, images=images, glossary=self._glossary)
            encoded = self._encoder.encode_text(words.text, self._indexes, images=images)
            return self._find_hits(snapshot, encoded, words, filter, top)

        return self._retry(find)

    def search_by_image(
        self, image: Image.Image, *, top: int = 10, filter: PageFilter = ALL_PAGES
    ) -> list[Hit]:
        """The photos and figures most similar to an image.

        Raises:
            ImageIndexNotFound: the library has no index of images.
        """
        return self._find(lambda _: self._encoder.encode_image(image, self._indexes), filter, top)

    def search_by_clip(
        self, clip: Clip | Page, *, top: int = 10, filter: PageFilter = ALL_PAGES
    ) -> list[Hit]:
        """The shots of videos most similar to a clip, or to a shot of the library.

        Raises:
            VideoIndexNotFound: the library has no index of videos.
        """
        encode = self._encoder.encode_clip
        return self._find(lambda now: encode(clip, self._indexes, now.page_rows), filter, top)

    def search_composed(
        self, parts: QueryParts, *, top: int = 10, filter: PageFilter = ALL_PAGES
    ) -> list[Hit]:
        """The photos and figures most similar to a weighted sum of texts and images.

        Args:
            parts: a weight, negative to subtract, with each text or image.

        Raises:
            ImageIndexNotFound: the library has no index of images.
            EmptyQuery: the parts cancel out.
        """
        return self._find(
            lambda _: self._encoder.encode_composed(parts, self._indexes), filter, top
        )

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
        """The rankings of several queries.

        Queries with equal candidates are scored in one pass.

        Raises:
            EmptyQuery, ImageIndexNotFound: as `search`.
        """

        def find(snapshot: LibrarySnapshot) -> list[Ranking]:
            by_pages: dict[tuple[str, ...], list[CandidateSet]] = defaultdict(list)
            rankings = []
            for query in queries:
                words = LexicalQuery.of(query, images=images, glossary=self._glossary)
                encoded = self._encoder.encode_text(words.text, self._indexes, images=images)
                candidates = self._ranker.select(snapshot, self._indexes, encoded, words, filter)
                pages = candidates.ranking.pages
                by_pages[tuple(record.page.key for record in pages)].append(candidates)
                rankings.append(candidates.ranking)
            for sets in by_pages.values():
                self._ranker.score(snapshot, self._indexes, sets)
            return rankings

        return self._retry(find)

    def explain(self, query: str, page: Page, encoder: str | None = None) -> Explanation:
        """A page's MaxSim by the query's tokens and the page's rows.

        Args:
            encoder: whose vectors; None takes the encoder that scores the page best.

        Raises:
            EmptyQuery: the query is blank.
            PageNotEncoded: the encoder, or every one, has no vectors of the page.
            PageNotFound: the page has been removed.
        """

        def find(snapshot: LibrarySnapshot) -> Explanation:
            words = LexicalQuery.of(query, glossary=self._glossary).unrestricted
            encoded = self._encoder.encode_text(words.text, self._indexes)
            only = PageFilter.to([page.document_id])
            ranking = self._ranker.rank(snapshot, self._indexes, encoded, words, only)
            position = next(
                (i for i, r in enumerate(ranking.pages) if r.page.key == page.key), None
            )
            if position is None:
                raise PageNotFound(f"{page} has been removed.", hint="Search again.")
            names = ranking.encoders_of(position)
            if not names or (encoder is not None and encoder not in names):
                raise PageNotEncoded(
                    f"{encoder or 'No encoder'} has no vectors of {page}.",
                    hint=f"Take one of {', '.join(names)}." if names else "The page may be blank.",
                )
            name = encoder or names[0]
            index = self._index_of(name)
            vectors = snapshot.open(index, page.document_id).page(page.number)
            return explain_rows(page, name, encoded[name], ranking.weights[name], vectors)

        return self._retry(find)

    def manifests(self) -> list[Manifest]:
        """The manifest of each index."""
        self._refresh()
        return [index.manifest for index in self._indexes]

    def close(self) -> None:
        """Close the indexes."""
        with self._lock:
            for index in self._indexes:
                index.records.close()

    def _retry(self, find: Callable[[LibrarySnapshot], Result]) -> Result:
        """The result of `find`; tried again where a document was removed meanwhile."""
        for _ in range(TRIES):
            try:
                return find(self._refresh())
            except (FileNotFoundError, PageNotFound):
                with self._lock:
                    self._snapshot = None
        raise LibraryChanging(
            "The library kept changing while it was searched.", hint="Search again."
        )

    def _refresh(self) -> LibrarySnapshot:
        """The library's present snapshot; indexes are reopened where they have changed too much."""
        with self._lock:
            if self._snapshot is None or self._snapshot.generation != self.library.generation:
                indexes = open_indexes(self._home)
                snapshot = LibrarySnapshot.read(
                    self.library, self._snapshot, self._exhaustive_pages, self._opener
                )
                same = [i.manifest for i in indexes] == [i.manifest for i in self._indexes]
                is_open = same and any(index.records.snapshot for index in self._indexes)
                if not (is_open and self._baseline and snapshot.can_reuse(self._baseline)):
                    self.close()
                    self._indexes = indexes
                    self._baseline = IndexBaseline(snapshot.documents, snapshot.derived)
                self._snapshot = snapshot
            return self._snapshot

    def _index_of(self, encoder: str) -> Index:
        return next(index for index in self._indexes if index.manifest.encoder == encoder)

    def _find(
        self, encode: Callable[[LibrarySnapshot], EncodedQuery], filter: PageFilter, top: int
    ) -> list[Hit]:
        """Hits for a query without words."""
        return self._retry(
            lambda snapshot: self._find_hits(
                snapshot, encode(snapshot), LexicalQuery(""), filter, top
            )
        )

    def _find_hits(
        self,
        snapshot: LibrarySnapshot,
        encoded: EncodedQuery,
        words: LexicalQuery,
        filter: PageFilter,
        top: int,
    ) -> list[Hit]:
        ranking = self._ranker.rank(snapshot, self._indexes, encoded, words, filter)
        return [self._hit(snapshot, encoded, ranking, i) for i in ranking.order()[:top]]

    def _hit(
        self,
        snapshot: LibrarySnapshot,
        encoded: Mapping[str, QueryVectors],
        ranking: Ranking,
        position: int,
    ) -> Hit:
        signals = {n: round(float(s[position]), 6) for n, s in ranking.signals.items()}
        page, names = ranking.pages[position].page, ranking.encoders_of(position)
        index = self._index_of(names[0]) if names else None
        return make_hit(
            ranking.pages[position],
            self.library,
            score=round(float(ranking.scores[position]), 6),
            regions=self._regions.find(snapshot, index, encoded, ranking.weights, page)
            if index
            else (),
            signals={n: value for n, value in signals.items() if not math.isnan(value)},
        )
