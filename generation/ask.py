"""Ask a model, and check every quote in its answer against the printed words.

A quote that is not found stays in the answer, marked as not verified; a label
that no evidence bears is dropped and counted. Knows no particular model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generation.answer import Answer, Citation, Usage, Verdict
from generation.cite import CitationReader, Marked
from generation.models.model import VisionModel
from generation.prompt import Prompt
from generation.quote import find_quote, quote_boxes


def ask(prompt: Prompt, model: VisionModel) -> Answer:
    """The whole answer. Raises what the model raises."""
    for event in stream_answer(prompt, model):
        if isinstance(event, Answer):
            return event
    raise AssertionError("stream_answer ends with an Answer")


def stream_answer(prompt: Prompt, model: VisionModel) -> Iterator[str | Citation | Answer]:
    """Pieces of text as they come, each citation once its label closes, the `Answer` last.

    Raises what the model raises.
    """
    desk = _Desk(prompt)
    reader = CitationReader(desk.proves)
    text: list[str] = []
    usage = Usage(model.name)
    verdict = Verdict(None, None, declined=False)
    for event in model.stream(prompt):
        match event:
            case str():
                text.append(event)
                yield event
                yield from desk.check(reader.read(event))
            case Usage():
                usage = event
            case Verdict():
                verdict = event
    yield from desk.check(reader.close())
    yield Answer(
        question=prompt.question,
        text="".join(text),
        citations=tuple(desk.citations),
        model=model.name,
        declined=verdict.declined,
        confidence=verdict.confidence,
        threshold=verdict.threshold,
        usage=usage,
        note=verdict.note,
        dropped_labels=desk.dropped,
        grounded=not verdict.declined and any(c.verified for c in desk.citations),
    )


class _Desk:
    """Checks the citations of one answer; each label and quote counts once."""

    def __init__(self, prompt: Prompt) -> None:
        self._evidence = {evidence.label: evidence for evidence in prompt.evidence}
        self._spans: dict[Marked, tuple[int, int] | None] = {}
        self._seen: set[Marked] = set()
        self.citations: list[Citation] = []
        self.dropped = 0

    def proves(self, label: int, quote: str) -> bool:
        return label in self._evidence and self._find(label, quote) is not None

    def check(self, marked: Iterable[Marked]) -> Iterator[Citation]:
        for label, quote in marked:
            if label not in self._evidence:
                self.dropped += 1
            elif (label, quote) not in self._seen:
                self._seen.add((label, quote))
                self.citations.append(self._citation(label, quote))
                yield self.citations[-1]

    def _citation(self, label: int, quote: str) -> Citation:
        evidence = self._evidence[label]
        span = self._find(label, quote) if quote else None
        boxes = quote_boxes(evidence.words, span) if span else ()
        found = span is not None
        return Citation(
            label,
            evidence.page,
            quote,
            boxes,
            verified=found,
            grounded="quote" if found else "none",
        )

    def _find(self, label: int, quote: str) -> tuple[int, int] | None:
        if (label, quote) not in self._spans:
            self._spans[label, quote] = find_quote(quote, self._evidence[label].words)
        return self._spans[label, quote]
