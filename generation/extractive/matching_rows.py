"""Rows of a table that meet a condition: more than a number, or the most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from generation.extractive.page.item_list import SUM
from generation.extractive.page.passage import Passage
from generation.extractive.question.condition import read_condition
from generation.extractive.question.question_terms import question_stems
from generation.extractive.scoring.scorer import Scorer
from ingest.forms.whole.find_forms import normalize_digits
from ingest.forms.whole.numbers import read_numbers
from retrieval.query.terms import content_stems

MIN_ROWS = 2
"""Rows with a number in the column, at least."""
IMPLIED = 1.0
"""Weight of a column that the condition is about without naming it."""


class MatchingRows(NamedTuple):
    """Rows, top to bottom, and the share of the question's other terms on their page."""

    passages: list[Passage]
    share: float


def rows_meeting(scorer: Scorer, best_passage: Passage) -> MatchingRows:
    """The rows that meet the condition of a question; none without one.

    They are of the table, on the page of the best passage, whose column's heads have most of
    the question. Where a cell has nothing but terms of the question, as in "executive"
    directors, other rows are left out.
    """
    condition = read_condition(scorer.question)
    if condition is None:
        return MatchingRows([], 0.0)
    terms = question_stems(condition.rest) & scorer.weights.keys()
    implied = content_stems(condition.column)
    best: tuple[float, dict[int, Decimal], Sequence[Passage]] = (0.0, {}, ())
    for rows in _tables([p for p in scorer.passages if p.evidence is best_passage.evidence]):
        for heads, values in _columns(rows).items():
            share = scorer.weight_of(terms, heads) + IMPLIED * bool(implied & heads)
            # The column decides, then what else the table has of the question.
            whole = share + 0.1 * scorer.weight_of(terms, _terms_of(rows))
            if share and len(values) >= MIN_ROWS and whole > best[0]:
                best = whole, values, rows
    _, values, table = best
    named = [at for at in values if _is_named(table[at], terms)]
    places = named or list(values)
    met = condition.meets([values[at] for at in places])
    page = scorer.page_terms[best_passage.evidence.label]
    share = scorer.weight_of(terms, page) / (scorer.weight_of(terms, terms) or 1.0)
    return MatchingRows([table[places[at]] for at in met], share)


def _tables(passages: Sequence[Passage]) -> Iterator[list[Passage]]:
    """Rows of each table, without sums."""
    with_row = (p for p in passages if p.unit.row is not None and not SUM.match(p.text))

    def table(passage: Passage) -> tuple[int, int]:
        return passage.evidence.label, passage.unit.row.table if passage.unit.row else -1

    for _, rows in groupby(with_row, key=table):
        yield list(rows)


def _columns(rows: Sequence[Passage]) -> Mapping[frozenset[str], dict[int, Decimal]]:
    """Numbers of each column by their rows' places, the columns by their heads."""
    columns: dict[frozenset[str], dict[int, Decimal]] = {}
    for at, passage in enumerate(rows):
        for cell in passage.unit.row.cells[1:] if passage.unit.row else ():
            numbers = list(read_numbers(normalize_digits(cell.text)))
            if len(numbers) == 1 and cell.heads:
                columns.setdefault(cell.heads, {}).setdefault(at, numbers[0].values[0])
    return columns


def _terms_of(rows: Sequence[Passage]) -> frozenset[str]:
    return frozenset[str]().union(*(row.terms | row.context_terms for row in rows))


def _is_named(row: Passage, terms: frozenset[str]) -> bool:
    """Whether one of its cells has nothing but terms of the question, and no number."""
    cells = row.unit.row.cells if row.unit.row else ()
    stems = (content_stems(c.text) for c in cells if not any(map(str.isdigit, c.text)))
    return any(some and some <= terms for some in stems)
