"""Units of a page: what can be quoted, each with its context, terms and role.

A sentence, a heading, a table's row, a list item, or a label with its value. The context
of a row is its column heads, that of a value its label: it counts in the score. So do
the words of the document's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from generation.extractive.page.chart_value import ChartValues, find_chart_values
from generation.extractive.page.cut_sentence import join_cut
from generation.extractive.page.field_row import Field, find_fields
from generation.extractive.page.table_row import ColumnCell, TableRow, read_tables
from generation.extractive.page.wrapped_row import join_wrapped
from generation.text.quote import MIN_CHARS
from generation.text.sentence import Sentence, split_sentences
from generation.text.stems import text_stems
from generation.text.value import Span, text_of
from ingest.box import union_box
from ingest.library.names import split_name
from ingest.page import Box, Word, WordRole
from ingest.reading.line import split_lines
from retrieval.query.terms import content_stems

SHORT = 10
"""Words in a heading, a label or a value, at most."""

LABEL_GAP = 2.0
"""A label is above its value by no more than this many heights of it."""

_SENTENCE_ENDS = tuple(".!?。！？")
_LEADERS = re.compile(r"[.·…_]{5,}|(?:[.·…] ){4,}")


@dataclass(frozen=True, slots=True)
class Unit:
    """Unit of a page: words `start` up to (not with) `end`.

    `label` are the words of a label that is quoted with it. `row` is set where it is of a
    table whose columns have heads; `is_head` marks a line of these. `leads` marks lines of a table of contents.
    """

    start: int
    end: int
    text: str
    box: Box
    context: str
    terms: frozenset[str]
    context_terms: frozenset[str]
    role: WordRole = "text"
    row: TableRow | None = None
    is_head: bool = False
    label: Span | None = None
    leads: bool = False

    @property
    def short(self) -> bool:
        """Whether it is no longer than a heading or a value."""
        return self.end - self.start <= SHORT


def read_units(words: Sequence[Word], document_name: str) -> list[Unit]:
    """Units of a page in reading order."""
    sentences = join_cut(words, split_sentences(words))
    fields = find_fields(words)
    heads, rows = read_tables(words, fields)
    sentences = join_wrapped(words, sentences, {*fields, *heads})
    boxes = [_box(words, s.start, s.end) for s in sentences]
    contexts = _contexts(sentences, boxes)
    named = content_stems(" ".join(split_name(document_name)))
    charts = _charts_beside(words, {*fields, *heads, *rows})
    units: list[Unit] = []
    for at, (each, box, context) in enumerate(zip(sentences, boxes, contexts, strict=True)):
        if sum(map(str.isalnum, each.text)) < MIN_CHARS:
            continue
        if each.row and each.start in fields:
            units += _fields(words, fields[each.start], named)
            continue
        unit = Unit(
            each.start,
            each.end,
            each.text,
            box,
            context,
            text_stems(each.text),
            content_stems(context) | named,
            _role(sentences, at),
            rows.get(each.start),
            each.start in heads,
            leads=bool(_LEADERS.search(each.text)),
        )
        units.append(unit)
    return _with_charts(words, units, charts, named)


def _charts_beside(words: Sequence[Word], starts: Set[int]) -> list[ChartValues]:
    """Charts with no value in a row; rows go from their starts to the ends of their lines."""
    charts = find_chart_values(words)
    if not charts:
        return []
    in_rows: set[int] = set()
    for line in split_lines(words):
        span = range(line.start, line.end)
        first = next((at for at in span if at in starts), line.end)
        in_rows.update(range(first, line.end))
    return [c for c in charts if not any(field.value[0] in in_rows for field in c.fields)]


def _with_charts(
    words: Sequence[Word],
    units: Sequence[Unit],
    charts: Sequence[ChartValues],
    named: frozenset[str],
) -> list[Unit]:
    """Units with the values of charts, in place of those that are nothing but values."""
    if not charts:
        return list(units)
    values = {at for chart in charts for field in chart.fields for at in range(*field.value)}
    found = [unit for unit in units if not set(range(unit.start, unit.end)) <= values]
    for chart in charts:
        title = text_of(words, chart.title)
        heads = content_stems(title)
        for unit in _fields(words, chart.fields, named):
            cells = ColumnCell(unit.context, frozenset()), ColumnCell(unit.text, heads)
            row = TableRow(chart.fields[0].value[0], cells, heads)
            context = f"{title} {unit.context}".strip()
            terms = unit.context_terms | heads
            found.append(replace(unit, context=context, context_terms=terms, row=row))
    return sorted(found, key=lambda unit: unit.start)


def _box(words: Sequence[Word], start: int, end: int) -> Box:
    return union_box([word.box for word in words[start:end]])


def _fields(
    words: Sequence[Word], fields: Sequence[Field], named: frozenset[str]
) -> Iterator[Unit]:
    """Values of a row, each with its label."""
    for field in fields:
        label, text = text_of(words, field.label), text_of(words, field.value)
        yield Unit(
            *field.value,
            text,
            _box(words, *field.value),
            label,
            text_stems(f"{label} {text}"),
            named,
            "row",
            label=field.label if label else None,
        )


def _contexts(units: Sequence[Sentence], boxes: Sequence[Box]) -> list[str]:
    """Context of each unit: its table's head, the label above it, or its heading."""
    contexts: list[str] = []
    heading = table = ""
    for at, unit in enumerate(units):
        short = unit.end - unit.start <= SHORT
        begins_table = unit.row and not (at and units[at - 1].row)
        if begins_table:
            table = f"{heading} {unit.text}".strip()
        is_value = short and unit.role != "item" and not unit.text.endswith(_SENTENCE_ENDS)
        label = _label_above(at, boxes) if is_value and (begins_table or not unit.row) else None
        if label is not None:
            contexts.append(units[label].text)
        else:
            contexts.append(table if unit.row and not begins_table else heading)
        if _is_heading(unit):
            heading = unit.text
    return contexts


def _is_heading(unit: Sentence) -> bool:
    short = unit.end - unit.start <= SHORT
    return (
        short
        and unit.role not in ("row", "header", "footer", "note", "item")
        and not unit.text.endswith((*_SENTENCE_ENDS, ",", ";"))
    )


def _role(units: Sequence[Sentence], at: int) -> WordRole:
    """Role of a unit; what stands above a sentence as a heading does is one in any size."""
    follows = units[at + 1].text if at + 1 < len(units) else ""
    if units[at].text.endswith((":", "：")):
        return units[at].role
    if units[at].role == "text" and _is_heading(units[at]) and follows.endswith(_SENTENCE_ENDS):
        return "heading"
    return units[at].role


def _label_above(at: int, boxes: Sequence[Box]) -> int | None:
    """The nearest unit right above unit `at`."""
    every = np.array(boxes)
    left, top, right, bottom = boxes[at]
    gaps = top - every[:, 3]
    height = bottom - top
    beside = np.minimum(every[:, 2], right) > np.maximum(every[:, 0], left)
    above = beside & (every[:, 1] < top) & (gaps > -0.5 * height) & (gaps < LABEL_GAP * height)
    above[at] = False
    return int(np.where(above, gaps, np.inf).argmin()) if above.any() else None
