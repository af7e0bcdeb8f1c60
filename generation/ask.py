"""Question answering: stream a model's answer, with every citation verified."""

from __future__ import annotations

from collections.abc import Iterator

from generation.answer import Answer, Citation, SelfAssessment, Usage
from generation.citations.verify import CitationVerifier, RegionLocator
from generation.context.abstain import NO_RELEVANT_PAGE, NOTE, should_abstain
from generation.models.model import VisionModel
from generation.prompt import Prompt

UNCITED = "This answer cites none of the pages, so it counts as not answered."
UNCHECKED = "No citation of this answer could be checked against its page."


def ask(
    prompt: Prompt, model: VisionModel, locate: RegionLocator | None = None, min_score: float = 0.0
) -> Answer:
    """Answer a question: the last event of `stream_answer`.

    Raises:
        Exception: what the model and `locate` raise.
    """
    for event in stream_answer(prompt, model, locate, min_score):
        if isinstance(event, Answer):
            return event
    raise AssertionError("stream_answer ends with an Answer")


def stream_answer(
    prompt: Prompt, model: VisionModel, locate: RegionLocator | None = None, min_score: float = 0.0
) -> Iterator[str | Citation | Answer]:
    """Stream an answer: text pieces, verified citations, the `Answer` last.

    A quote is verified once its label closes, a claim without a printed quote
    at the end of its line. The `Answer` is final: it is `declined` where it cites
    no page, whatever text went before.

    Args:
        locate: locates a claim on a page image; without it no citation is
            grounded in a region.
        min_score: the model is not asked where the best page scores less
            (see `generation.context.abstain`).

    Raises:
        Exception: what the model and `locate` raise.
    """
    verifier = CitationVerifier(prompt.evidence, locate)
    usage = Usage(model.name)
    assessment = SelfAssessment(None, None, declined=False)
    abstains = should_abstain(prompt, min_score)
    for event in _decline(prompt, min_score) if abstains else model.stream(prompt):
        match event:
            case str():
                yield event
                yield from verifier.feed(event)
            case Usage():
                usage = event
            case SelfAssessment():
                assessment = event
    yield from verifier.close()
    yield _finish(prompt.question, model.name, verifier, usage, assessment)


def _decline(prompt: Prompt, min_score: float) -> Iterator[str | Usage | SelfAssessment]:
    best = max((evidence.score for evidence in prompt.evidence), default=0.0)
    yield SelfAssessment(max(0.0, min(best, 1.0)), min_score, declined=True, note=NOTE)
    yield NO_RELEVANT_PAGE


def _finish(
    question: str, model: str, verifier: CitationVerifier, usage: Usage, assessment: SelfAssessment
) -> Answer:
    """The whole answer, declined where the model says so or cites no page."""
    grounded = any(citation.grounded != "none" for citation in verifier.citations)
    declined = assessment.declined or not verifier.citations
    notes = [assessment.note] if assessment.note else []
    if not assessment.declined and not grounded:
        notes.append(UNCITED if declined else UNCHECKED)
    return Answer(
        question=question,
        text=verifier.text,
        citations=tuple(verifier.citations),
        model=model,
        declined=declined,
        confidence=assessment.confidence,
        threshold=assessment.threshold,
        usage=usage,
        note=" ".join(notes),
        dropped_labels=verifier.dropped,
        grounded=grounded and not declined,
        support=0.0 if declined else verifier.support(),
    )
