"""BM25 search over the full-text index (SQLite FTS5)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ingest.filter import PageFilter
from ingest.forms.terms import is_single
from ingest.library.pages import ROWS_OF_KEYS, PageReader, split_key

TITLE_WEIGHT = 0.5
"""A title's words count half of a page's own."""
FORMS_WEIGHT = 0.5
"""So do second forms of words, and dates, amounts and identifiers as a whole beside their pieces."""

MAX_MATCHES = 1_000_000


class Bm25Search(PageReader):
    """Reader of the full-text index."""

    def match_terms(
        self,
        terms: Sequence[str],
        filter: PageFilter | None = None,
        *,
        most: int | None = None,
        keys: Iterable[str] | None = None,
        also: Sequence[str] = (),
        required: str = "",
    ) -> dict[str, float]:
        """BM25 of every page that has one of the terms, by page key; higher is better.

        Okapi BM25 with k1 = 1.2 and b = 0.75 as SQLite's FTS5 computes it over
        a page's words, the document's title counted as part of each page.

        Args:
            filter: only among these pages.
            most: only so many, the best.
            keys: only of these pages.
            also: further expressions of FTS5, each of which counts as a term.
            required: an expression of FTS5 that the pages have to match.
        """
        if not terms and not also:
            return {}
        match = " OR ".join([*map(as_match, dict.fromkeys(terms)), *also])
        if required:
            match = f"({required}) AND ({match})"
        query = (
            f"SELECT document_id, number, bm25(terms, {TITLE_WEIGHT}, 1.0, {FORMS_WEIGHT}) AS score"
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

    def match_pages(
        self, expression: str, filter: PageFilter | None = None, *, most: int = MAX_MATCHES
    ) -> frozenset[str]:
        """Keys of the pages that match an expression of FTS5."""
        query = (
            "SELECT document_id, number FROM terms JOIN pages ON pages.row = terms.rowid"
            " WHERE terms MATCH ?"
        )
        values: list[Any] = [expression]
        if filter:
            condition, more = filter.to_sql()
            query, values = f"{query} AND {condition}", [*values, *more]
        rows = self._db.execute(f"{query} LIMIT ?", [*values, most])
        return frozenset(f"{document_id}-{number}" for document_id, number in rows)

    def page_frequency(self, terms: Iterable[str]) -> dict[str, int]:
        """Page frequency of each term, by its stem in the full-text index."""
        return {
            term: self._db.execute(
                "SELECT count(*) FROM terms WHERE terms MATCH ?", (as_match(term),)
            ).fetchone()[0]
            for term in set(terms)
        }


def as_match(term: str) -> str:
    """FTS5 query of a term: a single CJK character matches as the head of a pair too."""
    quoted = '"' + term.replace('"', '""') + '"'
    return f"{quoted}*" if is_single(term) else quoted
