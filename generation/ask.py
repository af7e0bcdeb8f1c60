"""Question answering: stream a model's answer, with every citation verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from generation.answer import Answer, Citation, SelfAssessment, Usage
from generation.attempt import Attempt
from generation.citations.verify import RegionLocator
from generation.context.abstain import NO_RELEVANT_PAGE, NOTE, should_abstain
from generation.context.prompt_template import ask_to_cite
from generation.models.model import VisionModel, keep_files
from generation.prompt import Prompt


def ask(
    prompt: Prompt,
    model: VisionModel,
    locate: RegionLocator | None = None,
    min_score: float = 0.0,
    *,
    retry: bool = True,
) -> Answer:
    """Answer a question: the last event of `stream_answer`.

    Raises:
        Exception: what the model and `locate` raise.
    """
    for event in stream_answer(prompt, model, locate, min_score, retry=retry):
        if isinstance(event, Answer):
            return event
    raise AssertionError("stream_answer ends with an Answer")


def stream_answer(
    prompt: Prompt,
    model: VisionModel,
    locate: RegionLocator | None = None,
    min_score: float = 0.0,
    *,
    retry: bool = False,
) -> Iterator[str | Citation | Answer]:
    """Stream an answer: text pieces, verified citations, the `Answer` last.

    A quote is verified once a word follows its label, a claim without a printed
    quote at the end of its line. The `Answer` is final: it may be `declined`
    whatever text went before, and is not `grounded` where it cites no page.

    Args:
        locate: locates a claim on a page image; without it no citation is
            grounded in a region.
        min_score: the model is not asked where the best page scores less
            (see `generation.context.abstain`).
        retry: a language model whose answer cites no page is asked once more. Its
            second answer is streamed after the first, below a blank line; the
            `Answer` holds the one that counts.

    Raises:
        Exception: what the model and `locate` raise.
    """
    attempt = Attempt(prompt, locate, Usage(model.name))
    if should_abstain(prompt, min_score):
        yield from attempt.follow(_decline(prompt, min_score))
        yield attempt.answer()
        return
    with keep_files(model.chat):
        yield from attempt.follow(model.stream(prompt))
        answer = attempt.answer()
        if retry and model.chat is not None and prompt.evidence and attempt.is_uncited():
            again = Attempt(prompt, locate, Usage(model.name))
            yield "\n\n"
            yield from again.follow(model.stream(ask_to_cite(prompt, answer.text)))
            second = again.answer()
            better = second.text.strip() and not (again.is_uncited() and answer.text.strip())
            kept = second if better else answer
            answer = replace(kept, usage=answer.usage + second.usage)
    yield answer


def _decline(prompt: Prompt, min_score: float) -> Iterator[str | Usage | SelfAssessment]:
    best = max((evidence.score for evidence in prompt.evidence), default=0.0)
    yield SelfAssessment(max(0.0, min(best, 1.0)), min_score, declined=True, note=NOTE)
    yield NO_RELEVANT_PAGE
