"""Citation verifier: quotes checked against words, other claims by their region.

A quote that is not found stays in the answer, marked as not verified; a label
that no evidence has is dropped and counted. A claim without a printed quote is
looked for in the parts of the page without words, by the `RegionLocator` given.
The rules are in docs/citations.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from generation.answer import Citation, Grounded
from generation.citations.cite import CitationParser, CitedQuote
from generation.citations.claim import CitationMarker, Claim, split_claims
from generation.citations.legible import has_legible_text
from generation.prompt import Evidence
from generation.text.quote import find_quote, quote_boxes
from ingest.box import covered_share
from ingest.page import Box, Page

RegionLocator = Callable[[str, Page], Sequence[Box]]
"""Locates a claim on a page image: boxes of the regions that match it, possibly none."""

MAX_TEXT_SHARE = 0.25
"""A region of which words cover more than this share is text: its words can be quoted."""


class CitationVerifier:
    """Verifier of one answer's citations, as its text streams in.

    A quote counts once for each label.

    Attributes:
        text: the answer's text so far.
        citations: the citations so far, in order.
        dropped: labels that no evidence has.
    """

    def __init__(self, evidence: Iterable[Evidence], locate: RegionLocator | None) -> None:
        self._evidence = {each.label: each for each in evidence}
        self._locate = locate
        self._parser = CitationParser(self._is_printed)
        self._spans: dict[CitedQuote, tuple[int, int] | None] = {}
        self._seen: set[CitedQuote] = set()
        self._markers: list[CitationMarker] = []
        self._unverified: list[CitationMarker] = []
        self._line_start = 0
        self.text = ""
        self.citations: list[Citation] = []
        self.dropped = 0

    def feed(self, piece: str) -> Iterator[Citation]:
        """Take a piece of the text in; give the citations that it completes."""
        for letter in piece:
            self.text += letter
            yield from self._verify(self._parser.feed(letter))
            if letter in "\r\n":
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
        for label, quote in cited:
            marker = CitationMarker(len(self.text), label, quote)
            if label not in self._evidence:
                self.dropped += 1
                continue
            self._markers.append(marker)
            if not self._is_verified(marker):
                self._unverified.append(marker)
            elif (label, quote) not in self._seen:
                self._seen.add((label, quote))
                evidence, span = self._evidence[label], self._spans[label, quote]
                boxes = quote_boxes(evidence.words, span) if span else ()
                yield self._add(Citation(label, evidence.page, quote, boxes, True, "quote"))

    def _end_line(self) -> Iterator[Citation]:
        """Give the line's citations that no printed quote verifies."""
        line, start = self.text[self._line_start :], self._line_start
        markers = [
            CitationMarker(m.end - start, m.label, m.quote) for m in self._markers if m.end > start
        ]
        claims = split_claims(line, markers) if self._unverified and self._locate else []
        for marker in self._unverified:
            end = marker.end - start
            claim = next((each for each in claims if each.start < end <= each.end), None)
            boxes = self._find_region(self._evidence[marker.label], claim) if claim else ()
            # A page named for two claims is cited once for each region, once without.
            key = (marker.label, marker.quote)
            if boxes or key not in self._seen:
                self._seen.add(key)
                page = self._evidence[marker.label].page
                grounded = "region" if boxes else self._ground_without_place(marker)
                citation = Citation(marker.label, page, marker.quote, boxes, False, grounded)
                if citation not in self.citations:
                    yield self._add(citation)
        self._unverified, self._line_start = [], len(self.text)

    def _ground_without_place(self, marker: CitationMarker) -> Grounded:
        """ "seen" where the page has no text that the citation could be checked against."""
        words = self._evidence[marker.label].words
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
        return citation

    def _is_printed(self, label: int, quote: str) -> bool:
        return label in self._evidence and self._find(label, quote) is not None

    def _is_verified(self, marker: CitationMarker) -> bool:
        return bool(marker.quote) and self._find(marker.label, marker.quote) is not None

    def _find(self, label: int, quote: str) -> tuple[int, int] | None:
        if (label, quote) not in self._spans:
            self._spans[label, quote] = find_quote(quote, self._evidence[label].words)
        return self._spans[label, quote]
