"""Searcher: pages by text, image or both, ranked, with the regions that match."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.encoders.encoder import Encoding
from ingest.filter import ALL_PAGES, PageFilter
from ingest.index.index import Index
from ingest.index.manifest import Manifest
from ingest.library.home import Home
from ingest.library.pages import PageNotFound
from ingest.page import Clip, Page, QueryVectors, Vectors
from ingest.shards.sharded_library import open_library
from retrieval.candidates import Candidates
from retrieval.error import PageNotEncoded
from retrieval.explain.explain import Explanation, explain_rows
from retrieval.hit import Hit
from retrieval.hit_regions import RegionFinder
from retrieval.make_hit import make_hit
from retrieval.query.encode import EncodedQuery, QueryEncoder, QueryParts
from retrieval.query.glossary.glossary_file import load_glossary
from retrieval.query.lexical import LexicalQuery
from retrieval.rank import CandidateRanker
from retrieval.ranking import CandidateSet, Ranking
from retrieval.rerank.reranker import Reranker
from retrieval.scoring.scores import BatchScorer
from retrieval.shards.attempts import Attempts
from retrieval.shards.open_shard_readers import OpenShardReaders, indexes_of, manifests_of
from retrieval.shards.shard import Shard
from retrieval.snapshot import Opener
from retrieval.translation.translator import Translator

if TYPE_CHECKING:
    from PIL import Image

EXHAUSTIVE_PAGES = 1_000
"""Up to this many pages, all are candidates: exact, and as fast as an ANN query first."""


class Searcher:
    """Searches a home from any thread, while other processes may change it.

    Args:
        exhaustive_pages: up to this many pages, all are scored exactly.
        encoding: device and batch size of the encoders.
        opener: opens a document's vectors, to evaluate others than the index holds.
        scorer: computes MaxSim on a device; None for the CPU.
        reranker: reads the best pages with the question; None ranks without.

    Raises:
        LibraryNotFound: nothing has been ingested yet.
        ShardsMissing: the library is in shards, and none can be read.
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
        reranker: Reranker | None = None,
    ) -> None:
        self.library = open_library(home)
        self._glossary = load_glossary(home.root)
        self._encoder = QueryEncoder(encoding or Encoding())
        self._translator = Translator(self._encoder)
        self._ranker = CandidateRanker(Candidates(exhaustive_pages), scorer)
        self._shards = OpenShardReaders(self.library, exhaustive_pages, opener)
        self._regions = RegionFinder()
        self._reranker = reranker
        self._attempts = Attempts(self._shards)

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

        def find(shards: Sequence[Shard]) -> list[Hit]:
            if not images:
                self._encoder.open_ahead(indexes_of(shards), self._reranker)
            words = self._read(query, shards, images)
            encoded = self._encoder.encode_text(words.text, indexes_of(shards), images=images)
            return self._find_hits(shards, encoded, words, filter, top)

        return self._attempts.run(find)

    def search_by_image(
        self, image: Image.Image, *, top: int = 10, filter: PageFilter = ALL_PAGES
    ) -> list[Hit]:
        """The photos and figures most similar to an image.

        Raises:
            ImageIndexNotFound: the library has no index of images.
        """

        def find(shards: Sequence[Shard]) -> list[Hit]:
            encoded = self._encoder.encode_image(image, indexes_of(shards))
            return self._find_hits(shards, encoded, LexicalQuery(""), filter, top)

        return self._attempts.run(find)

    def search_by_clip(
        self, clip: Clip | Page, *, top: int = 10, filter: PageFilter = ALL_PAGES
    ) -> list[Hit]:
        """The shots of videos most similar to a clip, or to a shot of the library.

        Raises:
            VideoIndexNotFound: the library has no index of videos.
        """

        def find(shards: Sequence[Shard]) -> list[Hit]:
            def page_rows(index: Index, page: Page) -> Vectors:
                holds = (s for s in shards if page.document_id in s.snapshot.documents)
                document = next(holds, shards[0]).open(index.manifest.encoder, page.document_id)
                return document.page(page.number).vectors

            encoded = self._encoder.encode_clip(clip, indexes_of(shards), page_rows)
            return self._find_hits(shards, encoded, LexicalQuery(""), filter, top)

        return self._attempts.run(find)

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

        def find(shards: Sequence[Shard]) -> list[Hit]:
            encoded = self._encoder.encode_composed(parts, indexes_of(shards))
            return self._find_hits(shards, encoded, LexicalQuery(""), filter, top)

        return self._attempts.run(find)

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

        def find(shards: Sequence[Shard]) -> list[Ranking]:
            indexes = indexes_of(shards)
            by_pages: dict[tuple[str, ...], list[CandidateSet]] = defaultdict(list)
            rankings = []
            for query in queries:
                words = self._read(query, shards, images)
                encoded = self._encoder.encode_text(words.text, indexes, images=images)
                candidates = self._ranker.select(shards, encoded, words, filter)
                pages = candidates.ranking.pages
                by_pages[tuple(record.page.key for record in pages)].append(candidates)
                rankings.append(candidates.ranking)
            for sets in by_pages.values():
                self._ranker.score(manifests_of(shards), sets, self._reranker)
            return rankings

        return self._attempts.run(find)

    def explain(self, query: str, page: Page, encoder: str | None = None) -> Explanation:
        """A page's MaxSim by the query's tokens and the page's rows.

        Args:
            encoder: whose vectors; None takes the encoder that scores the page best.

        Raises:
            EmptyQuery: the query is blank.
            PageNotEncoded: the encoder, or every one, has no vectors of the page.
            PageNotFound: the page has been removed.
        """

        def find(shards: Sequence[Shard]) -> Explanation:
            words = self._read(query, shards).unrestricted
            encoded = self._encoder.encode_text(words.text, indexes_of(shards))
            only = PageFilter.to([page.document_id])
            ranking = self._ranker.rank(shards, manifests_of(shards), encoded, words, only)
            keys = [record.page.key for record in ranking.pages]
            if page.key not in keys:
                raise PageNotFound(f"{page} has been removed.", hint="Search again.")
            names = ranking.encoders_of(position := keys.index(page.key))
            if not names or (encoder is not None and encoder not in names):
                raise PageNotEncoded(
                    f"{encoder or 'No encoder'} has no vectors of {page}.",
                    hint=f"Take one of {', '.join(names)}." if names else "The page may be blank.",
                )
            name, shard = encoder or names[0], ranking.shard_of(position)
            vectors = shard.open(name, page.document_id).page(page.number)
            return explain_rows(page, name, encoded[name], ranking.weights[name], vectors)

        return self._attempts.run(find)

    def translations(self, query: str) -> tuple[str, ...]:
        """Words of the pages for those of a query in another language; none for most."""

        def find(shards: Sequence[Shard]) -> tuple[str, ...]:
            return tuple(one.term for one in self._read(query, shards).translations)

        return self._attempts.run(find)

    def manifests(self) -> list[Manifest]:
        """The manifest of each index."""
        return manifests_of(self._shards.read())

    @property
    def missing_shards(self) -> tuple[str, ...]:
        """Names of the shards that this thread's last search went without."""
        return self._attempts.without

    def close(self) -> None:
        """Close the indexes."""
        self._shards.close()

    def _read(self, query: str, shards: Sequence[Shard], images: bool = False) -> LexicalQuery:
        words = LexicalQuery.of(query, images=images, glossary=self._glossary)
        return words if images else self._translator.translate(words, shards)

    def _find_hits(
        self,
        shards: Sequence[Shard],
        encoded: EncodedQuery,
        words: LexicalQuery,
        filter: PageFilter,
        top: int,
    ) -> list[Hit]:
        of = manifests_of(shards)
        ranking = self._ranker.rank(shards, of, encoded, words, filter, self._reranker)
        names = self.library.display_names()
        return [self._hit(encoded, ranking, i, names) for i in ranking.order()[:top]]

    def _hit(
        self,
        encoded: Mapping[str, QueryVectors],
        ranking: Ranking,
        position: int,
        display_names: Mapping[str, str],
    ) -> Hit:
        signals = {n: round(float(s[position]), 6) for n, s in ranking.signals.items()}
        record, encoders = ranking.pages[position], ranking.encoders_of(position)
        shard = ranking.shard_of(position)
        index = shard.index(encoders[0]) if encoders else None
        name = display_names.get(record.page.document_id, record.page.document_name)
        return make_hit(
            replace(record, page=replace(record.page, document_name=name)),
            shard.library,
            score=round(float(ranking.scores[position]), 6),
            regions=self._regions.find(shard, index, encoded, ranking.weights, record.page)
            if index
            else (),
            signals={n: value for n, value in signals.items() if not math.isnan(value)},
        )
