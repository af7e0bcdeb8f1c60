"""Attempt: one stream of a model, followed to an answer with checked citations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generation.answer import Answer, Citation, SelfAssessment, Usage
from generation.citations.time_labels import TimeLabels
from generation.citations.verify import CitationVerifier, RegionLocator
from generation.prompt import Prompt

UNCITED = "This answer cites none of the pages: nothing in it could be checked."
UNCHECKED = "No citation of this answer could be checked against its page."


class Attempt:
    """One attempt at an answer; `usage` is its usage where the model states none."""

    def __init__(self, prompt: Prompt, locate: RegionLocator | None, usage: Usage) -> None:
        self._question = prompt.question
        self._has_pages = bool(prompt.evidence)
        self._is_free = bool(prompt.layout)
        self._model = usage.model
        self._times = TimeLabels(prompt.evidence, is_whole=prompt.is_whole)
        self._verifier = CitationVerifier(prompt.evidence, locate)
        self._usage = usage
        self._assessment = SelfAssessment(None, None, declined=False)

    def follow(self, events: Iterable[str | Usage | SelfAssessment]) -> Iterator[str | Citation]:
        """Pass on the text of a model's stream, and give the citations in it."""
        for event in events:
            match event:
                case str():
                    yield from self._pass_on(self._times.feed(event))
                case Usage():
                    self._usage = event
                case SelfAssessment():
                    self._assessment = event
        yield from self._pass_on(self._times.close())
        yield from self._verifier.close()

    def _pass_on(self, text: str) -> Iterator[str | Citation]:
        if text:
            yield text
            yield from self._verifier.feed(text)

    def is_uncited(self) -> bool:
        """Whether the model answered without citing any page that it was shown."""
        return not (self._is_free or self._assessment.declined or self._verifier.citations)

    def answer(self) -> Answer:
        """The whole answer, declined where the model says so, or where there is none.

        Text without a citation is an answer that is not grounded; where no page was
        shown, it is none.
        """
        citations, assessment = tuple(self._verifier.citations), self._assessment
        grounded = any(citation.grounded != "none" for citation in citations)
        answered = bool(self._verifier.text.strip()) and (self._has_pages or self._is_free)
        declined = assessment.declined or not answered
        notes = [assessment.note] if assessment.note else []
        if not assessment.declined and not grounded:
            notes.append(UNCHECKED if citations else UNCITED)
        return Answer(
            question=self._question,
            text=self._verifier.text,
            citations=citations,
            model=self._model,
            declined=declined,
            confidence=assessment.confidence,
            threshold=assessment.threshold,
            usage=self._usage,
            note=" ".join(notes),
            dropped_labels=self._verifier.dropped + self._times.dropped,
            grounded=grounded and not declined,
            support=0.0 if declined else self._verifier.support(),
        )
