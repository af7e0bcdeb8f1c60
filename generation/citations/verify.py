"""Citation verifier: quotes checked against words, other claims by their region.

A quote that is not found stays in the answer, marked as not verified; a label
that no evidence has is dropped and counted. A claim without a printed quote is
looked for in the parts of the page without words, by the `RegionLocator` given.
The rules are in docs/citations.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from generation.answer import Citation, Grounded
from generation.citations.associate import CitedQuote
from generation.citations.cite import CitationParser
from generation.citations.claim import Claim, split_claims
from generation.citations.legible import has_legible_text
from generation.prompt import Evidence
from generation.text.quote import find_quote, quote_boxes
from ingest.box import covered_share
from ingest.page import Box, Page

Span = tuple[int, int]

RegionLocator = Callable[[str, Page], Sequence[Box]]
"""Locates a claim on a page image: boxes of the regions that match it, possibly none."""

MAX_CHECKED = 2_000
"""Quotes, and beginnings of quotes, of one answer that are looked for on their pages."""

MAX_TEXT_SHARE = 0.25
"""A region of which words cover more than this share is text: its words can be quoted."""


class CitationVerifier:
    """Verifier of one answer's citations, as its text streams in.

    A quote counts once for each label.

    Attributes:
        citations: the citations so far, in order.
        dropped: labels that no evidence has.
    """

    def __init__(self, evidence: Iterable[Evidence], locate: RegionLocator | None) -> None:
        self._evidence = {each.label: each for each in evidence}
        self._locate = locate
        self._parser = CitationParser(self._is_printed)
        self._spans: dict[tuple[int, str], Span | None] = {}
        self._seen: set[tuple[int, str]] = set()
        self._markers: list[CitedQuote] = []
        self._line_markers: list[CitedQuote] = []
        self._pieces: list[str] = []
        self._line_start = 0
        self.citations: list[Citation] = []
        self._given: set[Citation] = set()
        self.dropped = 0

    @property
    def text(self) -> str:
        """The answer's text so far."""
        return "".join(self._pieces)

    def feed(self, piece: str) -> Iterator[Citation]:
        """Take a piece of the text in; give the citations that it completes."""
        self._pieces.append(piece)
        for letter in piece:
            yield from self._verify(self._parser.feed(letter))
            if self._parser.lines_end > self._line_start:
                yield from self._end_line()

    def close(self) -> Iterator[Citation]:
        """End the text; give the citations that are left."""
        yield from self._verify(self._parser.close())
        yield from self._end_line()

    def support(self) -> float:
        """Share of claims with at least one verified citation; 0 where nothing is claimed."""
        claims = [c for c in split_claims(self.text, self._markers) if c.is_assertion]
        verified = [any(self._is_verified(m) for m in claim.markers) for claim in claims]
        return sum(verified) / len(claims) if claims else 0.0

    def _verify(self, cited: Iterable[CitedQuote]) -> Iterator[Citation]:
        for marker in cited:
            key = (marker.label, marker.quote)
            if marker.label not in self._evidence:
                self.dropped += 1
                continue
            self._markers.append(marker)
            self._line_markers.append(marker)
            if self._is_verified(marker) and key not in self._seen:
                self._seen.add(key)
                evidence, span = self._evidence[marker.label], self._spans[key]
                boxes = quote_boxes(evidence.words, span) if span else ()
                page = evidence.page
                yield self._add(Citation(marker.label, page, marker.quote, boxes, True, "quote"))

    def _end_line(self) -> Iterator[Citation]:
        """Give the citations of the lines just read that no printed quote verifies."""
        start, end = self._line_start, self._parser.lines_end
        markers = [marker.shifted(-start) for marker in self._line_markers]
        unverified = [marker for marker in markers if not self._is_verified(marker)]
        claims = iter(
            split_claims(self.text[start:end], markers) if unverified and self._locate else ()
        )
        claim: Claim | None = None
        for marker in unverified:
            while claim is None or claim.end < marker.end:
                if (claim := next(claims, None)) is None:
                    break
            boxes = self._find_region(self._evidence[marker.label], claim) if claim else ()
            # A page named for two claims is cited once for each region, once without.
            key = (marker.label, marker.quote)
            if boxes or key not in self._seen:
                self._seen.add(key)
                page = self._evidence[marker.label].page
                grounded = "region" if boxes else self._ground_without_place(marker)
                citation = Citation(marker.label, page, marker.quote, boxes, False, grounded)
                if citation not in self._given:
                    yield self._add(citation)
        self._line_markers, self._line_start = [], end

    def _ground_without_place(self, marker: CitedQuote) -> Grounded:
        """ "seen" where the page has no text that the citation could be checked against."""
        evidence = self._evidence[marker.label]
        words = evidence.words
        if evidence.shot is not None and not marker.quote:
            return "seen"  # Its words are spoken: what the frames show is not among them.
        # Stray letters are no text, but a quote can be checked against them.
        textless = not (words if marker.quote else has_legible_text(words))
        return "seen" if textless else "none"

    def _find_region(self, evidence: Evidence, claim: Claim) -> tuple[Box, ...]:
        if self._locate is None or not claim.is_assertion:
            return ()
        boxes = self._locate(claim.text, evidence.page)
        printed = [word.box for word in evidence.words]
        return tuple(box for box in boxes if covered_share(box, printed) <= MAX_TEXT_SHARE)

    def _add(self, citation: Citation) -> Citation:
        self.citations.append(citation)
        self._given.add(citation)
        return citation

    def _is_printed(self, label: int, quote: str) -> bool:
        return label in self._evidence and self._find(label, quote) is not None

    def _is_verified(self, marker: CitedQuote) -> bool:
        return bool(marker.quote) and self._find(marker.label, marker.quote) is not None

    def _find(self, label: int, quote: str) -> Span | None:
        """Where a quote is printed; None as well past `MAX_CHECKED` quotes."""
        key = (label, quote)
        if key not in self._spans:
            if len(self._spans) >= MAX_CHECKED:
                return None
            self._spans[key] = find_quote(quote, self._evidence[label].words)
        return self._spans[key]
