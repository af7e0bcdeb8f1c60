"""Lists of a page: a heading or lead, and its items, steps or rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from generation.extractive.page.passage import Passage
from ingest.reading.blocks import BULLETS, is_bullet

MAX_ITEMS = 12
"""Items that are quoted of one list, at most."""
MAX_COUNTED = 60
"""Items of one list that are read, at most."""
MAX_WORDS = 30
"""Words of an item that has no bullet, at most."""
MIN_PLAIN, MIN_LED = 3, 2
"""Items without bullets that make a list, at least: below a heading, and after a colon."""
MIN_LETTERS = 3
"""Letters of an item, at least: a number alone is none."""
_ORDINAL = re.compile(
    r"(?:first|second|third|fourth|fifth|finally|lastly|erstens|zweitens|drittens)\w*,? |첫째|둘째|셋째",
    re.IGNORECASE,
)
SUM = re.compile(
    r"(?:sub|grand )?-?total|sum\b|net\b|vat\b|tax\b|amount due|balance|summe|gesamt|합계",
    re.IGNORECASE,
)
_ASIDE = ("header", "footer", "note", "hidden")


@dataclass(frozen=True, slots=True)
class ItemList:
    """List: `items` with what stands above them, `numbered` where they are steps.

    `heading` is the last heading before it, `lead` the line right before the first item,
    or a table's row of heads. `rows` marks a table.
    """

    items: tuple[Passage, ...]
    heading: Passage | None = None
    lead: Passage | None = None
    numbered: bool = False
    rows: bool = False

    @property
    def text(self) -> str:
        """Its words, from the heading on."""
        above = [each.text for each in (self.heading, self.lead) if each]
        return " ".join([*above, *(item.text for item in self.items)])

    def quoted(self) -> list[Passage]:
        """The items that are quoted, after the heads of a table."""
        items = list(self.items[:MAX_ITEMS])
        return [self.lead, *items] if self.lead and self.rows else items

    @property
    def count(self) -> int:
        """How many items it has; 0 where that is not known."""
        return len(self.items) if len(self.items) < MAX_COUNTED else 0

    def with_terms(self, terms: frozenset[str]) -> ItemList:
        """The list with those items alone that have what only some have of `terms`."""
        above = frozenset().union(
            *(p.terms | p.context_terms for p in (self.heading, self.lead) if p)
        )
        named = above | self.items[0].context_terms
        wanted = (terms - named) & frozenset().union(*(item.terms for item in self.items))
        items = tuple(item for item in self.items if wanted <= item.terms)
        return replace(self, items=items) if items else self

    def has(self, passage: Passage) -> bool:
        """Whether a passage is an item of it, or stands above them."""
        if passage.evidence is not self.items[0].evidence:
            return False
        return any(
            each.start <= passage.start < each.end
            for each in (*self.items, self.lead, self.heading)
            if each is not None and each.evidence is passage.evidence
        )


def find_lists(passages: Sequence[Passage]) -> Iterator[ItemList]:
    """Lists of each page, top to bottom."""
    for _, its in groupby(passages, key=lambda passage: passage.evidence.label):
        yield from _lists_of_page(list(its))


def _lists_of_page(passages: Sequence[Passage]) -> Iterator[ItemList]:
    heading: Passage | None = None
    before: Passage | None = None
    blocks = [p for p in _blocks(passages) if p[0].role not in _ASIDE]
    at = 0
    while at < len(blocks):
        block = blocks[at]
        if found := _begins(blocks, at, before):
            items = tuple(_whole(each) for each in blocks[at : at + found])
            lead = before if before is not heading or _is_lead(before) else None
            rows = items[0].role == "row"
            if rows and items[0].is_head:
                lead, items = items[0], items[1:]
            if rows:
                items = tuple(each for each in items if not SUM.match(each.text)) or items
            if items:
                numbered = items[0].text[:1].isdigit() and not rows
                yield ItemList(items[:MAX_COUNTED], heading, lead, numbered, rows)
            at += found
            before = None
            continue
        if _is_heading(block):
            heading = block[0]
        elif ordinals := _ordinals(block):
            first, items = ordinals
            yield ItemList(items, heading, first)
        before = block[-1]
        at += 1


def _blocks(passages: Sequence[Passage]) -> list[list[Passage]]:
    """Passages of each block; each alone where blocks are not known."""

    def block(passage: Passage) -> int:
        return passage.evidence.words[passage.start].block or -1 - passage.start

    return [list(its) for _, its in groupby(passages, key=block)]


def _whole(block: Sequence[Passage]) -> Passage:
    """A block as one passage."""
    if len(block) == 1:
        return block[0]
    return block[0].of_span((block[0].start, block[-1].end))


def _begins(blocks: Sequence[Sequence[Passage]], at: int, before: Passage | None) -> int:
    """How many blocks from `at` on are items of one list; 0 where none begins."""
    for accepts, least in (
        (_is_item, 2),
        (_is_row, MIN_PLAIN),
        (_is_plain, MIN_LED if before is not None and _is_lead(before) else MIN_PLAIN),
    ):
        count = 0
        while at + count < len(blocks) and accepts(blocks[at + count]):
            if count and blocks[at + count][0].is_head:
                break
            count += 1
        if count >= least and (accepts is not _is_plain or _can_lead(before)):
            return count
    return 0


def _can_lead(before: Passage | None) -> bool:
    return before is not None and (_is_lead(before) or _is_heading([before]))


def _is_lead(passage: Passage | None) -> bool:
    return passage is not None and passage.text.rstrip().endswith((":", "："))


def _is_item(block: Sequence[Passage]) -> bool:
    first = block[0]
    if first.role == "row" or sum(map(str.isalpha, first.text)) < MIN_LETTERS:
        return False
    word = first.evidence.words[first.start].text
    return first.role == "item" or word.startswith(tuple(BULLETS)) or is_bullet(word)


def _is_row(block: Sequence[Passage]) -> bool:
    return block[0].role == "row"


def _is_plain(block: Sequence[Passage]) -> bool:
    """Whether a block is one short line of text or sentence."""
    return (
        len(block) == 1
        and block[0].role in ("text", "item")
        and block[0].end - block[0].start <= MAX_WORDS
        and not block[0].unit.leads
        and not _is_lead(block[0])
    )


def _is_heading(block: Sequence[Passage]) -> bool:
    return len(block) == 1 and block[0].role == "heading" and not _is_lead(block[0])


def _ordinals(block: Sequence[Passage]) -> tuple[Passage, tuple[Passage, ...]] | None:
    """A sentence that sentences follow which count: first, second, third."""
    for at, (first, second) in enumerate(pairwise(block[1:]), start=1):
        if _ORDINAL.match(first.text) and _ORDINAL.match(second.text):
            items = [p for p in block[at:] if _ORDINAL.match(p.text)]
            return block[at - 1], tuple(items)
    return None
