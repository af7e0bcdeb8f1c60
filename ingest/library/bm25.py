"""BM25 search over the full-text index (SQLite FTS5)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.filter import PageFilter
from ingest.forms.terms import is_single
from ingest.library.pages import ROWS_OF_KEYS, PageReader, split_key

TITLE_WEIGHT = 0.5
"""A title's words count half of a page's own."""
FORMS_WEIGHT = 0.5
"""So do second forms of words, and dates, amounts and identifiers as a whole beside their pieces."""

MAX_MATCHES = 1_000_000
K1, B = 1.2, 0.75
"""Parameters of SQLite's bm25()."""
MIN_IDF = 1e-6
"""What bm25() takes for a phrase on more than half of the rows."""


@dataclass(frozen=True, slots=True)
class Bm25Statistics:
    """Statistics of several indexes: rows, tokens, and rows by expression."""

    rows: int
    tokens: int
    matches: Mapping[str, int]

    def idf(self, expression: str) -> float:
        """Inverse document frequency, as bm25() computes it."""
        return _idf(self.rows, self.matches[expression])

    def length_factor(self, tokens: int) -> float:
        """What bm25() adds to a frequency below the line, for a row of so many tokens."""
        return K1 * (1 - B + B * tokens * self.rows / self.tokens)


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
        statistics: Bm25Statistics | None = None,
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
            statistics: of all libraries that are searched together, with each of the
                expressions; `most` and `required` have no effect with it.
        """
        if not terms and not also:
            return {}
        expressions = match_expressions(terms, also)
        if statistics is not None:
            return self._match_shared(expressions, statistics, filter, keys)
        match = " OR ".join(expressions)
        if required:
            match = f"({required}) AND ({match})"
        query = (
            f"SELECT document_id, number, bm25(terms, {TITLE_WEIGHT}, 1.0, {FORMS_WEIGHT}) AS score"
            " FROM terms JOIN pages ON pages.row = terms.rowid WHERE terms MATCH ?"
        )
        condition, more = _restrict(filter, keys)
        query, values = query + condition, [match, *more]
        if most is not None:
            query, values = f"{query} ORDER BY score LIMIT ?", [*values, most]
        rows = self._db.execute(query, values)
        return {f"{document_id}-{number}": -score for document_id, number, score in rows}

    def _match_shared(
        self,
        expressions: Sequence[str],
        statistics: Bm25Statistics,
        filter: PageFilter | None,
        keys: Iterable[str] | None,
    ) -> dict[str, float]:
        """BM25 with the statistics of several libraries, from this one's of each expression.

        bm25() of one phrase is idf * (K1 + 1) / (1 + L / f), where f is its frequency in the
        row and L grows with the row's length over the average: L / f is what it tells.
        """
        condition, values = _restrict(filter, keys)
        query = (
            "SELECT document_id, number,"
            f" -bm25(terms, {TITLE_WEIGHT}, 1.0, {FORMS_WEIGHT}), terms_docsize.sz"
            " FROM terms JOIN pages ON pages.row = terms.rowid"
            " JOIN terms_docsize ON terms_docsize.id = terms.rowid"
            f" WHERE terms MATCH ?{condition}"
        )
        scores: dict[str, float] = {}
        with self.snapshot():
            own = self.bm25_statistics(expressions)
            for expression in expressions if own.rows else ():
                before, after = (K1 + 1) * own.idf(expression), statistics.idf(expression)
                for id_, number, score, sizes in self._db.execute(query, [expression, *values]):
                    tokens = sum(_varints(sizes))
                    ratio = before / score - 1
                    ratio *= statistics.length_factor(tokens) / own.length_factor(tokens)
                    key = f"{id_}-{number}"
                    scores[key] = scores.get(key, 0.0) + after * (K1 + 1) / (1 + ratio)
        return scores

    def bm25_statistics(self, expressions: Iterable[str]) -> Bm25Statistics:
        """What bm25() knows of this library, of these expressions."""
        # Of FTS5's own tables: the row count, then the tokens of each column.
        held = self._db.execute("SELECT block FROM terms_data WHERE id = 1").fetchone()
        rows, *tokens = _varints(held[0]) if held and held[0] else (0,)
        return Bm25Statistics(rows, sum(tokens), {e: self._count(e) for e in set(expressions)})

    def _count(self, expression: str) -> int:
        query = "SELECT count(*) FROM terms WHERE terms MATCH ?"
        return int(self._db.execute(query, (expression,)).fetchone()[0])

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
        return {term: self._count(as_match(term)) for term in set(terms)}

    def held_terms(self, terms: Iterable[str]) -> frozenset[str]:
        """Those of the terms that some page has in any form."""
        query = "SELECT 1 FROM terms WHERE terms MATCH ? LIMIT 1"
        return frozenset(t for t in terms if self._db.execute(query, [as_match(t)]).fetchone())

    def index_bodies(self, most: int) -> Iterator[str]:
        """The terms of each page as one text; of so many pages, evenly spaced, at most."""
        step = -(-self.page_count() // most) or 1
        query = "SELECT body FROM terms WHERE rowid % ? = 0"
        return (body for (body,) in self._db.execute(query, [step]))


def match_expressions(terms: Sequence[str], also: Sequence[str] = ()) -> list[str]:
    """Expressions of FTS5 that a search for terms counts."""
    return [*map(as_match, dict.fromkeys(terms)), *also]


def as_match(term: str) -> str:
    """FTS5 query of a term: a single CJK character matches as the head of a pair too."""
    quoted = '"' + term.replace('"', '""') + '"'
    return f"{quoted}*" if is_single(term) else quoted


def _restrict(filter: PageFilter | None, keys: Iterable[str] | None) -> tuple[str, list[Any]]:
    """SQL that restricts the rows of a match, and its values."""
    condition, values = "", []
    if keys is not None:
        condition += f" AND terms.rowid IN ({ROWS_OF_KEYS})"
        values.append(json.dumps([split_key(key) for key in keys]))
    if filter:
        of_filter, more = filter.to_sql()
        condition, values = f"{condition} AND {of_filter}", [*values, *more]
    return condition, values


def _idf(rows: int, matches: int) -> float:
    idf = math.log((rows - matches + 0.5) / (matches + 0.5))
    return idf if idf > 0 else MIN_IDF


def _varints(packed: bytes) -> Iterator[int]:
    """Integers of SQLite's variable length, of fewer than nine bytes each.

    >>> list(_varints(bytes([5, 0x81, 0x01])))
    [5, 129]
    """
    value = 0
    for byte in packed:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            yield value
            value = 0
