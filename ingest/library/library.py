"""Library: documents, pages, words and page images.

It is the source of truth: every index is derived from it. One SQLite database and
one folder of page images a document. This class reads; `ingest.library.writer`
writes. Knows no vectors.
"""

from __future__ import annotations

from collections.abc import Mapping

from ingest.library.bm25 import Bm25Search


class Library(Bm25Search):
    """The library of a home, readable from any thread.

    Raises:
        LibraryNotFound: there is none yet.
        LibraryFormatError: another version of pageglass wrote it.
        HomeInShards: there are several (ingest.shards.sharded_library).
    """

    def shards(self) -> Mapping[str, Library]:
        """The libraries of a home by the names of its shards; one without is its own."""
        return {"": self}

    @property
    def missing_shards(self) -> tuple[str, ...]:
        """Names of the shards that cannot be read, as of the last look at them."""
        return ()
