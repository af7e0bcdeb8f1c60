"""Read pages into a record without a language model: label and value pairs, typed values, copied as printed.

A property is looked for by the words of its name and title: the value stands
right of a label, or below it. Dates, numbers and amounts are looked for by
their form too. A seller's name and an address, which have no label on most
receipts, are sought at the head of the page. What is not found plainly is left
out, or null where the schema allows it; nothing is ever made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from generation.answer import Usage
from generation.extraction.extract import field
from generation.extraction.record import Record, RequiredFieldMissing
from generation.extraction.schema import Schema, escape, kinds, resolve, validation_errors
from generation.prompt import Evidence
from generation.text.value import Span, dates, find_value, numbers
from ingest.box import union_box
from ingest.page import Word

NAME = "extractive"
NOTE = "No language model was used: values were found by their labels and their form, and copied."
WIDE = 2.5
"""A gap wider than this many letters parts two cells of a row."""
ALIGNED = 0.02
"""A value below its label begins this near to where the label does, as a fraction of the page."""
BELOW = 2.5
"""A value stands below its label by no more than this many line heights."""
HEAD = 0.5
"""The share of a page, from its top, in which a seller's name and address are sought."""
MAX_VALUE_WORDS = 12
"""Words."""

_ALIKE = [
    {"total", "amount", "due", "payable"},
    {"company", "seller", "vendor", "merchant", "supplier", "store", "shop", "issuer"},
    {"phone", "tel", "telephone"},
    {"email", "e-mail"},
    {"date", "dated"},
    {"number", "no", "nr"},
]
_NOT_TOTAL = frozenset(
    "sub subtotal qty quantity item items discount rounding tax gst vat saving savings excluding excl".split()
)
_LITTLE = frozenset({"of", "the", "and", "a"})
_BETTER_TOTAL = frozenset("grand nett net inclusive incl payable due rounded facture".split())
_ADDRESS = re.compile(
    r"\b(?:no|lot|jalan|jln|street|st|road|rd|avenue|ave|lane|floor|box|\d{4,6})\b", re.IGNORECASE
)
_NOT_ADDRESS = re.compile(
    r"\b(?:tel|fax|phone|gst|reg|invoice|receipt|www|email|date|bill|cashier|table)\b|@|:\s*\d",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Row:
    """Words (by their place among the page's) that stand on one height, left to right."""

    at: tuple[int, ...]
    text: str
    top: float
    bottom: float
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Found:
    """A value as printed, and the words of a page it was read from."""

    value: Any
    page: Evidence
    span: Span


def extract_by_rules(evidence: Sequence[Evidence], schema: Schema) -> Record:
    """The pages as one record, as far as values can be found.

    Raises:
        RequiredFieldMissing: a field that the schema requires is not found; it says which.
    """
    pages = [(each, read_rows(each.words)) for each in evidence]
    found: dict[str, Found] = {}
    data = _object(schema, schema, "", pages, found)
    problems = validation_errors(schema, data)
    if problems:
        raise RequiredFieldMissing(
            f"Not everything that the schema requires was found: {'; '.join(problems[:5])}.",
            hint="Allow null or leave it out of `required`, or name a language model with --model.",
        )
    fields = tuple(
        field(pointer, each.value, each.page, each.span, printed=True)
        for pointer, each in found.items()
    )
    left = tuple(key for key in schema.get("properties", {}) if data.get(key) is None)
    return Record(data, fields, left, NAME, Usage(NAME), 0, NOTE)


def read_rows(words: Sequence[Word]) -> list[Row]:
    """The page's words by height, top to bottom; however wide the gaps."""
    lines: list[list[int]] = []
    for at in sorted(range(len(words)), key=lambda i: words[i].box[1] + words[i].box[3]):
        middle = (words[at].box[1] + words[at].box[3]) / 2
        last = union_box([words[i].box for i in lines[-1]]) if lines else None
        if (
            last
            and last[1] <= middle <= last[3]
            and middle - last[1] < words[at].box[3] - words[at].box[1]
        ):
            lines[-1].append(at)
        else:
            lines.append([at])
    return [_row(words, tuple(sorted(line, key=lambda i: words[i].box[0]))) for line in lines]


def _row(words: Sequence[Word], at: tuple[int, ...]) -> Row:
    left, top, right, bottom = union_box([words[i].box for i in at])
    return Row(at, " ".join(words[i].text for i in at), top, bottom, left, right)


Pages = Sequence[tuple[Evidence, list[Row]]]


def _object(
    root: Schema, part: Schema, pointer: str, pages: Pages, found: dict[str, Found]
) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, inner in part.get("properties", {}).items():
        one = resolve(root, inner)
        types = kinds(root, one)
        here = f"{pointer}/{escape(key)}"
        if "object" in types:
            data[key] = _object(root, one, here, pages, found)
            continue
        value = _scalar(key, one, types, pages)
        if value is not None and not validation_errors(_alone(root, one), value.value):
            found[here] = value
            data[key] = value.value
        elif "null" in types:
            data[key] = None
    return data


def _alone(root: Schema, part: Schema) -> dict[str, Any]:
    return {"$defs": root.get("$defs", {}), **part}


def _scalar(key: str, part: Mapping[str, Any], types: set[str], pages: Pages) -> Found | None:
    label = terms(f"{key} {part.get('title', '')}")
    if "enum" in part:
        return _enum(part["enum"], label, pages)
    if part.get("format") == "date" or "date" in label:
        return _date(label, pages, iso=part.get("format") == "date")
    if label & {"total", "amount"}:
        return _amount(label, pages, whole=types & {"number", "integer"} != set())
    if types & {"number", "integer"}:
        return _labelled_number(label, pages, integer="number" not in types)
    if "string" not in types:
        return None
    labelled = _labelled(label, pages)
    if label & {"company", "vendor", "seller", "merchant", "supplier", "store"}:
        plain = labelled and not re.search(r"\d{4}", labelled.value)
        return labelled if plain else _seller(pages)
    if labelled is None and "address" in label:
        return _address(pages)
    return labelled


def terms(text: str) -> frozenset[str]:
    """The words of a property's name or of a label, in lower case: `invoiceNumber` is two."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return frozenset(word.lower() for word in _SPLIT.findall(parted))


def _means(label: frozenset[str], printed: frozenset[str]) -> bool:
    """Whether every word of a property's name is in a printed label, or one that means the same."""
    return all(
        any(({word} | alike) & printed for alike in _ALIKE if word in alike) or word in printed
        for word in label - _LITTLE
    )


def _labelled(label: frozenset[str], pages: Pages) -> Found | None:
    """What stands after a label in its cell, else in the next cell or right below it."""
    for page, rows in pages:
        lines = [_cells(page, row) for row in rows]
        for number, cells in enumerate(lines):
            for place, cell in enumerate(cells):
                end = _label_end(page, cell, label)
                if not end:
                    continue
                at = cell.at[end:]
                if not at:
                    right = cells[place + 1] if place + 1 < len(cells) else None
                    under = _under(cell, lines[number + 1 : number + 3])
                    beside = right and (cell.text.endswith((":", "：")) or _has_digit(right))
                    taken = right if beside or not under else under
                    at = taken.at if taken else ()
                at = at[:MAX_VALUE_WORDS]
                if at and (span := _span(at)):
                    return Found(" ".join(page.words[i].text for i in at), page, span)
    return None


def _label_end(page: Evidence, cell: Row, label: frozenset[str]) -> int:
    """How many words at the head of a cell are the label and its colon; 0 where it bears another."""
    for end in range(1, min(len(cell.at), len(label) + 2) + 1):
        head = [page.words[i].text for i in cell.at[:end]]
        if not _means(label, terms(" ".join(head))):
            continue
        if end < len(cell.at) and not any(c.isalnum() for c in page.words[cell.at[end]].text):
            return end + 1
        return end if end == len(cell.at) or head[-1].endswith((":", "：")) else 0
    return 0


def _cells(page: Evidence, row: Row) -> list[Row]:
    """A row cut at gaps too wide for running text."""
    cuts = [
        n
        for n in range(1, len(row.at))
        if page.words[row.at[n]].box[0] - page.words[row.at[n - 1]].box[2]
        > WIDE * _size(page.words[row.at[n - 1]])
    ]
    bounds = [0, *cuts, len(row.at)]
    return [_row(page.words, row.at[low:high]) for low, high in pairwise(bounds)]


def _size(word: Word) -> float:
    """The width of a letter, as a fraction of the page."""
    return (word.box[2] - word.box[0]) / max(len(word.text), 1)


def _under(cell: Row, lines: Sequence[Sequence[Row]]) -> Row | None:
    for below in (one for line in lines for one in line):
        near = below.top - cell.bottom < BELOW * (cell.bottom - cell.top)
        if near and abs(below.left - cell.left) < ALIGNED and not below.text.endswith(":"):
            return below
    return None


def _has_digit(row: Row) -> bool:
    return any(c.isdigit() for c in row.text)


def _span(at: Sequence[int]) -> Span | None:
    """The words as one run, if they follow each other in reading order."""
    low, high = min(at), max(at) + 1
    return (low, high) if high - low == len(at) else None


def _enum(values: Sequence[Any], label: frozenset[str], pages: Pages) -> Found | None:
    """The one value of an enum that stands beside the label; none where there are several."""
    beside = _labelled(label, pages)
    if beside is None:
        return None
    words = beside.page.words[slice(*beside.span)]
    hits = [(v, s) for v in values if isinstance(v, str) and (s := find_value(v, words))]
    if len(hits) != 1:
        return None
    (value, span), start = hits[0], beside.span[0]
    return Found(value, beside.page, (start + span[0], start + span[1]))


def _date(label: frozenset[str], pages: Pages, *, iso: bool) -> Found | None:
    """The date beside the label, and for a plain date the page's first; as a day only where its order is plain."""
    beside = _labelled(label, pages)
    plain = label <= {"date", "invoice", "receipt", "issue"}
    if beside:
        start = beside.span[0]
        words = beside.page.words[slice(*beside.span)]
        every = [(beside.page, (start + s[0], start + s[1]), t, d) for s, t, d in dates(words)]
    else:
        every = []
    if plain:
        every += [(page, *one) for page, _ in pages for one in dates(page.words)]
    for page, span, text, days in every:
        if not iso:
            return Found(text, page, span)
        if len(days) == 1:
            return Found(next(iter(days)).isoformat(), page, span)
    return None


def _amount(label: frozenset[str], pages: Pages, *, whole: bool) -> Found | None:
    """The number of the row that names the total most plainly; the last of equals."""
    best: tuple[tuple[int, int], Found] | None = None
    for page, rows in pages:
        for number, row in enumerate(rows):
            said = terms(row.text)
            if not _means(label, said) or (
                "total" in label and "total" not in said and not said & {"due", "payable"}
            ):
                continue
            if (
                "total" in label
                and "total" in said
                and said & _NOT_TOTAL - label
                and not said & _BETTER_TOTAL
            ):
                continue
            found = _last_number(page, row, whole=whole) or (
                _last_number(page, rows[number + 1], whole=whole)
                if number + 1 < len(rows)
                else None
            )
            score = (2 * len(said & _BETTER_TOTAL) - len(said & (_NOT_TOTAL - label)), number)
            if found and (best is None or score > best[0]):
                best = (score, found)
    return best[1] if best else None


def _last_number(page: Evidence, row: Row, *, whole: bool) -> Found | None:
    for at in reversed(row.at):
        text = page.words[at].text
        read = list(numbers(page.words[at : at + 1]))
        if not read or not _PRICE.search(text):
            continue
        values = read[-1][1]
        if not whole:
            return Found(text.strip(":*"), page, (at, at + 1))
        if len(values) == 1:
            return Found(next(iter(values)), page, (at, at + 1))
    return None


def _labelled_number(label: frozenset[str], pages: Pages, *, integer: bool) -> Found | None:
    beside = _labelled(label, pages)
    if beside is None:
        return None
    for (at, _), values in numbers(beside.page.words[slice(*beside.span)]):
        if len(values) == 1:
            value = next(iter(values))
            place = beside.span[0] + at
            exact = int(value) if integer and value.is_integer() else value
            return Found(exact, beside.page, (place, place + 1))
    return None


def _head(pages: Pages) -> Iterator[tuple[Evidence, Row]]:
    page, rows = pages[0]
    yield from ((page, row) for row in rows if row.top < HEAD)


_FIRM = re.compile(
    r"\b(?:sdn|bhd|ltd|inc|llc|gmbh|s/b|co|company|enterprise|corp|plc|trading|centre|restaurant)\b",
    re.IGNORECASE,
)

_PRICE = re.compile(r"\d[.,]\d\d(?!\d)")
_REGISTERED = re.compile(r"\(?[A-Z]{0,2}\d{5,}-?[A-Z]?\)?")
"""A firm's number in a register, beside its name."""


def _seller(pages: Pages) -> Found | None:
    """The first row at the head that names a kind of firm; where prices are printed, else the first at all."""
    rows = [(p, r) for p, r in _head(pages) if sum(c.isalpha() for c in r.text) >= 4][:8]
    named = [pair for pair in rows if _FIRM.search(pair[1].text)]
    priced = any(_PRICE.search(word.text) for word in pages[0][0].words)
    for page, row in (named or (rows if priced else []))[:1]:
        at = [i for i in row.at if not _REGISTERED.fullmatch(page.words[i].text)]
        if span := _span(at) if at else None:
            return Found(" ".join(page.words[i].text for i in at), page, span)
    return None


def _address(pages: Pages) -> Found | None:
    """The run of rows at the head from the first that looks like a street up to a number or a date."""
    taken: list[int] = []
    page = pages[0][0]
    for _, row in _head(pages):
        stop = _NOT_ADDRESS.search(row.text) or list(dates([page.words[i] for i in row.at]))
        if taken and (stop or len(taken) > 40):
            break
        if (
            not stop
            and (taken or _ADDRESS.search(row.text))
            and not (not taken and _FIRM.search(row.text))
        ):
            taken += [i for i in row.at if taken or not _REGISTERED.fullmatch(page.words[i].text)]
    span = _span(taken) if taken else None
    return Found(" ".join(page.words[i].text for i in range(*span)), page, span) if span else None
