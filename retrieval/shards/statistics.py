"""Statistics over shards: what the weights of terms are computed from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.forms.terms import split_terms
from ingest.library.bm25 import Bm25Statistics
from ingest.page import QueryVectors
from retrieval.query.terms import token_weights
from retrieval.shards.shard import Shard, ask_shards


@dataclass(frozen=True, slots=True)
class Statistics:
    """Page counts and page frequencies, summed over shards."""

    shards: Sequence[Shard]

    @property
    def page_count(self) -> int:
        """Number of pages."""
        return sum(shard.snapshot.page_count for shard in self.shards)

    def frequency(self, terms: Iterable[str]) -> Mapping[str, int]:
        """Number of pages with each term."""
        wanted = set(terms)

        def count(shard: Shard) -> Mapping[str, int]:
            shard.snapshot.count_pages(shard.library, wanted)
            return shard.snapshot.frequency

        counts = ask_shards(self.shards, count) if wanted else []
        return {term: sum(its[term] for its in counts) for term in wanted}

    def row_weights(
        self, vectors: Mapping[str, QueryVectors]
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Weights of each encoder's query rows: by idf, or all one."""
        words = {word for query in vectors.values() for word in query.words}
        first_terms = {terms[0] for word in words if word and (terms := split_terms(word))}
        frequency = self.frequency(first_terms)
        return {
            name: np.ones(len(query.vectors), np.float32)
            if query.even
            else token_weights(query.words, frequency, self.page_count)
            for name, query in vectors.items()
        }

    def bm25(self, expressions: Sequence[str]) -> Bm25Statistics | None:
        """Statistics of BM25 for expressions; None for one library, which has its own."""
        if len(self.shards) == 1:
            return None
        parts = ask_shards(self.shards, lambda shard: shard.library.bm25_statistics(expressions))
        return Bm25Statistics(
            sum(part.rows for part in parts),
            sum(part.tokens for part in parts),
            {each: sum(part.matches[each] for part in parts) for each in set(expressions)},
        )
