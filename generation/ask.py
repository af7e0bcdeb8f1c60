"""Ask a model, and check every quote in its answer against the printed words.

A quote that is not found stays in the answer, marked as not verified; a label
that no evidence bears is dropped and counted. What a citation without a
printed quote says is looked for on the page, by the `locate` handed in, where
no words stand. Knows no particular model; docs/citations.md has the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from generation.answer import Answer, Citation, Grounded, Usage, Verdict
from generation.citations.cite import CitationReader, Marked
from generation.citations.claim import Claim, Mark, split_claims
from generation.context.abstain import FAR, NOTE, should_abstain
from generation.models.model import VisionModel
from generation.prompt import Evidence, Prompt
from generation.text.quote import find_quote, quote_boxes
from ingest.box import covered_share
from ingest.page import Box, Page

RegionLocator = Callable[[str, Page], Sequence[Box]]
"""Where on a page a claim is borne out, by its looks; nowhere where no part stands out."""

MOST_PRINT = 0.25
"""A region of which more than this share is covered by words is no picture: its words can be quoted."""

UNSUPPORTED = (
    "Nothing in this answer could be checked against the pages, so it counts as not answered."
)


def ask(
    prompt: Prompt, model: VisionModel, locate: RegionLocator | None = None, min_score: float = 0.0
) -> Answer:
    """The whole answer. Raises what the model and `locate` raise."""
    for event in stream_answer(prompt, model, locate, min_score):
        if isinstance(event, Answer):
            return event
    raise AssertionError("stream_answer ends with an Answer")


def stream_answer(
    prompt: Prompt, model: VisionModel, locate: RegionLocator | None = None, min_score: float = 0.0
) -> Iterator[str | Citation | Answer]:
    """Pieces of text as they come, each citation once it is checked, the `Answer` last.

    A quote is checked once its label closes, a claim without a printed quote
    at the end of its line. The `Answer` has the last word: it is `declined`
    where not one of its citations holds, whatever text went before.

    Args:
        locate: where a claim is borne out by a page's looks; without it no
            citation is grounded in a region.
        least: the model is not asked where the best page scores less (see generation.context.abstain).

    Raises what the model and `locate` raise.
    """
    desk = _Desk(prompt, locate)
    usage = Usage(model.name)
    verdict = Verdict(None, None, declined=False)
    for event in (
        _decline(prompt, min_score) if should_abstain(prompt, min_score) else model.stream(prompt)
    ):
        match event:
            case str():
                yield event
                yield from desk.read(event)
            case Usage():
                usage = event
            case Verdict():
                verdict = event
    yield from desk.close()
    grounded = any(citation.grounded != "none" for citation in desk.citations)
    notes = [verdict.note] if verdict.note else []
    if not verdict.declined and not grounded:
        notes.append(UNSUPPORTED)
    declined = verdict.declined or not grounded
    yield Answer(
        question=prompt.question,
        text=desk.text,
        citations=tuple(desk.citations),
        model=model.name,
        declined=declined,
        confidence=verdict.confidence,
        threshold=verdict.threshold,
        usage=usage,
        note=" ".join(notes),
        dropped_labels=desk.dropped,
        grounded=not declined,
        support=0.0 if declined else desk.support(),
    )


def _decline(prompt: Prompt, min_score: float) -> Iterator[str | Usage | Verdict]:
    best = max((evidence.score for evidence in prompt.evidence), default=0.0)
    yield Verdict(max(0.0, min(best, 1.0)), min_score, declined=True, note=NOTE)
    yield FAR


class _Desk:
    """Checks the citations of one answer; each label and quote counts once."""

    def __init__(self, prompt: Prompt, locate: RegionLocator | None) -> None:
        self._evidence = {evidence.label: evidence for evidence in prompt.evidence}
        self._locate = locate
        self._reader = CitationReader(self._proves)
        self._spans: dict[Marked, tuple[int, int] | None] = {}
        self._seen: set[Marked] = set()
        self._marks: list[Mark] = []
        self._waiting: list[Mark] = []
        self._line = 0
        self.text = ""
        self.citations: list[Citation] = []
        self.dropped = 0

    def read(self, piece: str) -> Iterator[Citation]:
        """Take a piece of the text in."""
        for letter in piece:
            self.text += letter
            yield from self._check(self._reader.read(letter))
            if letter in "\r\n":
                yield from self._look()

    def close(self) -> Iterator[Citation]:
        """The text is at its end."""
        yield from self._check(self._reader.close())
        yield from self._look()

    def support(self) -> float:
        """The share of claims with at least one verified citation; 0 where nothing is claimed."""
        claims = [claim for claim in split_claims(self.text, self._marks) if claim.says]
        verified = [any(self._stands(mark) for mark in claim.marks) for claim in claims]
        return sum(verified) / len(claims) if claims else 0.0

    def _check(self, marked: Iterable[Marked]) -> Iterator[Citation]:
        for label, quote in marked:
            mark = Mark(len(self.text), label, quote)
            if label not in self._evidence:
                self.dropped += 1
                continue
            self._marks.append(mark)
            if not self._stands(mark):
                self._waiting.append(mark)
            elif (label, quote) not in self._seen:
                self._seen.add((label, quote))
                evidence, span = self._evidence[label], self._spans[label, quote]
                boxes = quote_boxes(evidence.words, span) if span else ()
                yield self._keep(Citation(label, evidence.page, quote, boxes, True, "quote"))

    def _look(self) -> Iterator[Citation]:
        """Give out the line's citations that no printed quote bears out."""
        line, begun = self.text[self._line :], self._line
        marks = [Mark(m.end - begun, m.label, m.quote) for m in self._marks if m.end > begun]
        claims = split_claims(line, marks) if self._waiting and self._locate else []
        for mark in self._waiting:
            found = next(
                (claim for claim in claims if claim.start < mark.end - begun <= claim.end), None
            )
            boxes = self._region(self._evidence[mark.label], found) if found else ()
            # A page named for two claims is cited once for each region, once without.
            key = (mark.label, mark.quote)
            if boxes or key not in self._seen:
                self._seen.add(key)
                page = self._evidence[mark.label].page
                ground: Grounded = "region" if boxes else "none"
                cited = Citation(mark.label, page, mark.quote, boxes, False, ground)
                if cited not in self.citations:
                    yield self._keep(cited)
        self._waiting, self._line = [], len(self.text)

    def _region(self, evidence: Evidence, claim: Claim) -> tuple[Box, ...]:
        if self._locate is None or not claim.says:
            return ()
        boxes = self._locate(claim.text, evidence.page)
        printed = [word.box for word in evidence.words]
        return tuple(box for box in boxes if covered_share(box, printed) <= MOST_PRINT)

    def _keep(self, citation: Citation) -> Citation:
        self.citations.append(citation)
        return citation

    def _proves(self, label: int, quote: str) -> bool:
        return label in self._evidence and self._find(label, quote) is not None

    def _stands(self, mark: Mark) -> bool:
        return bool(mark.quote) and self._find(mark.label, mark.quote) is not None

    def _find(self, label: int, quote: str) -> tuple[int, int] | None:
        if (label, quote) not in self._spans:
            self._spans[label, quote] = find_quote(quote, self._evidence[label].words)
        return self._spans[label, quote]
