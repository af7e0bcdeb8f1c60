"""Association: which quote belongs to which label in a block of text.

A label takes the quote that ends before it, else the quote that begins after it
and has no label of its own. A quote that holds a label cites it only where no
label follows the quote: a label that is printed on a page is a part of its words.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from generation.citations import gap
from generation.citations.label_group import LabelGroup, group_labels
from generation.citations.marks import QuoteMarks, find_marks

Verify = Callable[[int, str], bool]
"""Whether a quote is printed on the page with a label."""

MAX_STARTS = 8
"""Beginnings that are tried for a quote with quotation marks inside."""

MAX_QUOTE = 4_000
"""Characters of a quote, at most."""

MAX_SHARING = 8
"""Quotes that can share one label."""

MAX_TRIED = 4
"""Labels of a group for which the beginning of a quote is looked for."""

MAX_TAIL = 40
"""Characters between a label and the end of the quote that holds it, or the head of its line."""

Span = tuple[int, int]
"""Offsets of a quote's text, without its marks."""

_MARKUP = re.compile(r"\*+|__+|~~+|</?[A-Za-z][^<>]{0,40}>|\\(?=\W)")
_LINE_BREAK = re.compile(r"\n[ \t>]*")


@dataclass(frozen=True, slots=True)
class CitedQuote:
    """Citation as it is written.

    Attributes:
        label: the number of the page.
        quote: the quote, "" for none.
        end: offset in the text where the label ends.
        span: offsets of the quote, None for none.
    """

    label: int
    quote: str
    end: int
    span: tuple[int, int] | None = None

    def shifted(self, by: int) -> CitedQuote:
        """Citation of a text that stands `by` characters further on."""
        span = (self.span[0] + by, self.span[1] + by) if self.span else None
        return replace(self, end=self.end + by, span=span)


@dataclass(frozen=True, slots=True)
class Reading:
    """Citations of a block of text, and whether more of it is needed.

    `waits` where the next line may belong to a citation of this one; `is_quoted`
    where the last label has a quote, and none is left open.
    """

    citations: tuple[CitedQuote, ...]
    waits: bool
    is_quoted: bool


def read_block(text: str, verify: Verify, *, at_line_start: bool = True) -> Reading:
    """Read the citations of a block of text."""
    block = _Block(text, verify, at_line_start)
    citations = tuple(block.citations())
    waits = block.may_close() or block.waits_for_label() or block.waits_for_quote()
    is_open = block.marks.left_open is not None
    return Reading(citations, waits, is_quoted=block.is_quoted and not is_open)


class _Block:
    def __init__(self, text: str, verify: Verify, at_line_start: bool) -> None:
        self.text = text
        self._verify = verify
        self._at_line_start = at_line_start
        self.marks: QuoteMarks = find_marks(text)
        self._closers = {start: closer for closer, start in self.marks.pairs.items()}
        self._openings = sorted(self._closers)
        self._taken: set[int] = set()
        self.is_quoted = False
        self.groups = group_labels(text, self.marks)

    def citations(self) -> Iterator[CitedQuote]:
        """Citations, in the order of their labels."""
        low = 0
        for at, group in enumerate(self.groups):
            following = self.groups[at + 1] if at + 1 < len(self.groups) else None
            quotes = self._quotes_before(group, low)
            quotes = (
                quotes or self._quotes_after(group, following) or self._quote_around(group, low)
            )
            self.is_quoted = bool(quotes)
            yield from self._pair(quotes, group)
            low = group.end

    def _quotes_before(self, group: LabelGroup, low: int) -> list[Span]:
        """The quote that ends before the labels, and those that share them with it."""
        if group.closer is None or group.closer in self._taken:
            return []
        span = self._choose_start(group, group.closer, low)
        if span is None:
            return []
        self._taken.add(group.closer)
        quotes = [span]
        while len(quotes) < MAX_SHARING:
            closer = self.marks.closer_before(quotes[-1][0] - 1)
            start = self.marks.pairs.get(closer, -1) if closer is not None else -1
            if closer is None or start < low or closer in self._taken:
                break
            between = self.text[closer + 1 : quotes[-1][0] - 1][: gap.MAX_GAP + 1]
            span = (start + 1, closer)
            is_near = gap.is_one_sentence(between) and self._is_printed(group.numbers, span)
            if not (is_near or gap.joins_quotes(between)):
                break
            self._taken.add(closer)
            quotes.append(span)
        return quotes[::-1]

    def _choose_start(self, group: LabelGroup, closer: int, low: int) -> Span | None:
        """The quote that a mark ends; the longest that is printed where that is ambiguous."""
        paired = self.marks.pairs.get(closer, -1)
        starts = self.marks.starts_between(low, closer, MAX_STARTS)
        plain = [paired] if paired >= low else []
        spans = [
            (start + 1, closer)
            for start in plain + [start for start in starts if start != paired]
            if closer - start <= MAX_QUOTE and self.text[start + 1 : closer].strip()
        ]
        printed = [span for span in spans if self._is_printed(group.numbers, span)]
        if printed:
            return min(printed)
        if plain or not self.marks.is_single(closer):
            return spans[0 if plain else -1] if spans else None
        return None

    def _quotes_after(self, group: LabelGroup, following: LabelGroup | None) -> list[Span]:
        """Quotes that begin after the labels and have none of their own."""
        quotes: list[Span] = []
        at = group.end
        while len(quotes) < MAX_SHARING and (span := self._next_quote(at)):
            opening, closer = span[0] - 1, span[1]
            if following is not None and following.start < opening:
                break
            between = self.text[at:opening]
            alone = self._is_alone(group)
            joined = (
                gap.joins_quotes(between) if quotes else gap.leads_to_quote(between, alone=alone)
            )
            if not joined and (quotes or not gap.is_one_sentence(between)):
                break
            printed = self._is_printed(group.numbers, span)
            if not (joined or printed):
                break
            if self._belongs_to(following, closer):
                if not printed or following is None or self._is_printed(following.numbers, span):
                    break
            self._taken.add(closer)
            quotes.append(span)
            at = closer + 1
        return quotes

    def _belongs_to(self, following: LabelGroup | None, closer: int) -> bool:
        """Whether the next labels follow a quote, or one in the same sentence."""
        if following is None or following.closer is None or following.closer < closer:
            return False
        start = self.marks.pairs.get(following.closer, following.closer)
        return following.closer == closer or gap.is_one_sentence(self.text[closer + 1 : start])

    def _quote_around(self, group: LabelGroup, low: int) -> list[Span]:
        """The quote that ends with the labels, as in "so it is [1]."."""
        closer = self.marks.closer_after(group.end)
        start = self.marks.pairs.get(closer, -1) if closer is not None else -1
        if closer is None or not low <= start < group.start or closer - group.end > MAX_TAIL:
            return []
        rest = self.text[group.end : closer]
        if any(letter.isalnum() for letter in rest) or group.start - start > MAX_QUOTE:
            return []
        self._taken.add(closer)
        span = (start + 1, group.start)
        return [span] if self.text[slice(*span)].strip() else []

    def _pair(self, quotes: Sequence[Span], group: LabelGroup) -> Iterator[CitedQuote]:
        """Citations of quotes by labels; several quotes go to the labels that print them."""
        numbers = group.numbers
        if not quotes:
            yield from (CitedQuote(number, "", group.end_of(number)) for number in numbers)
            return
        used: set[int] = set()
        for span in quotes:
            printing = numbers
            if len(quotes) > 1 and len(numbers) > 1:
                printing = tuple(n for n in numbers if self._is_printed((n,), span))
                printing = printing or numbers[:1]
            for number in printing:
                used.add(number)
                yield CitedQuote(number, self._quote(span, number), group.end_of(number), span)
        for number in numbers:
            if number not in used:
                span = quotes[-1]
                yield CitedQuote(number, self._quote(span, number), group.end_of(number), span)

    def _is_printed(self, numbers: Sequence[int], span: Span) -> bool:
        if span[1] - span[0] > MAX_QUOTE:
            return False
        forms = quote_forms(self.text[slice(*span)])
        return any(
            self._verify(number, form) for number in numbers[:MAX_TRIED] for form in forms if form
        )

    def _quote(self, span: Span, number: int) -> str:
        """Text of a quote, without markup where only so it is printed."""
        forms = quote_forms(self.text[slice(*span)])
        return next((form for form in forms if form and self._verify(number, form)), forms[0])

    def _next_quote(self, at: int) -> Span | None:
        found = bisect_left(self._openings, at)
        if found == len(self._openings) or self._openings[found] - at > gap.MAX_GAP:
            return None
        start = self._openings[found]
        closer = self._closers[start]
        return (start + 1, closer) if closer - start <= MAX_QUOTE and closer > start + 1 else None

    def _is_alone(self, group: LabelGroup) -> bool:
        """Whether nothing but markup stands before the labels on their line."""
        line = self.text.rfind("\n", max(0, group.start - MAX_TAIL), group.start) + 1
        if line == 0 and (not self._at_line_start or group.start > MAX_TAIL):
            return False
        return gap.is_bare(self.text[line : group.start])

    def may_close(self) -> bool:
        """Whether a quote is left open that may go on in the next line; none with a label in it."""
        at = self.marks.left_open
        return at is not None and not (self.groups and self.groups[-1].start > at)

    def waits_for_label(self) -> bool:
        """Whether the text ends with a quote that has no label yet."""
        closer = self.marks.closer_before(len(self.text))
        if closer is None or closer in self._taken or closer not in self.marks.pairs:
            return False
        return gap.joins_label(self.text[closer + 1 :][: gap.MAX_GAP + 1])

    def waits_for_quote(self) -> bool:
        """Whether the last line is a label alone, which may head a quote."""
        if not self.groups or self.is_quoted:
            return False
        group = self.groups[-1]
        rest = self.text[group.end :][: gap.MAX_GAP + 1]
        return self._is_alone(group) and gap.leads_to_quote(rest, alone=True)


def quote_forms(raw: str) -> tuple[str, str]:
    """Forms of a quote on one line: as written, and without markup ("" if the same).

    >>> quote_forms("The **lens**\\n> weighs")
    ('The **lens** weighs', 'The lens weighs')
    """
    plain = " ".join(_LINE_BREAK.sub(" ", raw).split()).strip("\\ ")
    bare = " ".join(_MARKUP.sub("", plain).split())
    return plain, bare if bare != plain else ""
