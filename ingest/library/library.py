"""Library: documents, pages, words and page images.

It is the source of truth: every index is derived from it. One SQLite database and
one folder of page images a document. This class reads; `ingest.library.writer`
writes. Knows no vectors.
"""

from __future__ import annotations

from ingest.library.bm25 import Bm25Search


class Library(Bm25Search):
    """The library of a home, readable from any thread.

    Raises:
        LibraryNotFound: there is none yet.
        LibraryFormatError: another version of pageglass wrote it.
    """
