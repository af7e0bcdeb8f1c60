"""BM25 search over the full-text index (SQLite FTS5)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ingest.filter import PageFilter
from ingest.library.fulltext import as_match
from ingest.library.pages import ROWS_OF_KEYS, PageReader, split_key

TITLE_WEIGHT = 0.5
"""A title's words count half of a page's own."""


class Bm25Search(PageReader):
    """Reader of the full-text index."""

    def match_terms(
        self,
        terms: Sequence[str],
        filter: PageFilter | None = None,
        *,
        most: int | None = None,
        keys: Iterable[str] | None = None,
    ) -> dict[str, float]:
        """BM25 of every page that has one of the terms, by page key; higher is better.

        Okapi BM25 with k1 = 1.2 and b = 0.75 as SQLite's FTS5 computes it over
        a page's words, the document's title counted as part of each page.

        Args:
            filter: only among these pages.
            most: only so many, the best.
            keys: only of these pages.
        """
        if not terms:
            return {}
        match = " OR ".join(map(as_match, dict.fromkeys(terms)))
        query = (
            f"SELECT document_id, number, bm25(terms, {TITLE_WEIGHT}, 1.0) AS score"
            " FROM terms JOIN pages ON pages.row = terms.rowid WHERE terms MATCH ?"
        )
        values: list[Any] = [match]
        if keys is not None:
            query += f" AND terms.rowid IN ({ROWS_OF_KEYS})"
            values.append(json.dumps([split_key(key) for key in keys]))
        if filter:
            condition, more = filter.to_sql()
            query, values = f"{query} AND {condition}", [*values, *more]
        if most is not None:
            query, values = f"{query} ORDER BY score LIMIT ?", [*values, most]
        rows = self._db.execute(query, values)
        return {f"{document_id}-{number}": -score for document_id, number, score in rows}

    def page_frequency(self, terms: Iterable[str]) -> dict[str, int]:
        """Page frequency of each term, by its stem in the full-text index."""
        return {
            term: self._db.execute(
                "SELECT count(*) FROM terms WHERE terms MATCH ?", (as_match(term),)
            ).fetchone()[0]
            for term in set(terms)
        }
