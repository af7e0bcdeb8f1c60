"""Evaluation of answers: questions asked of a home, summarised with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from api.evaluation.answer_metrics import METRICS, measure_answer
from api.rag.answer import answer_query
from generation.answer import Answer, Usage
from generation.providers.access import ModelError
from ingest.filter import PageFilter
from ingest.library.pages import PageNotFound
from ingest.page import Page, Word
from retrieval.evaluate.corpus import JudgedQuestion
from retrieval.evaluate.interval import Sampling, interval

if TYPE_CHECKING:
    from generation.models.model import VisionModel
    from retrieval.search import Searcher

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """Question with its answer and metrics, or the code of the model's error."""

    judged: JudgedQuestion
    answer: Answer | None
    figures: Figures
    error: str = ""


def answer_questions(
    searcher: Searcher,
    model: VisionModel,
    questions: Sequence[JudgedQuestion],
    *,
    top: int,
    filter: PageFilter,
) -> Iterator[AnsweredQuestion]:
    """Ask questions as `ask` does, and measure each answer.

    A question that the model fails at is counted as failed, in no mean.

    Args:
        top: pages of evidence at most.
        filter: the pages of the set.

    Raises:
        ModelError: the model failed at the first question, as a wrong key does.
    """

    def words_of(page: Page) -> Sequence[Word]:
        try:
            return searcher.library.words(page)
        except PageNotFound:
            return ()

    for place, judged in enumerate(questions):
        query = judged.question.query
        try:
            answer = answer_query(searcher, model, query, top=top, filter=filter).answer
        except ModelError as error:
            if place == 0:
                raise
            yield AnsweredQuestion(judged, None, {}, error.code)
            continue
        pages = [_page(key) for key in judged.relevant]
        figures = measure_answer(answer, judged.question.answer, pages, words_of)
        yield AnsweredQuestion(judged, answer, figures)


def _page(key: str) -> Page:
    """The page of a key, which is a document's id alone for a photo."""
    document, _, number = key.partition("-")
    return Page(document, int(number or 1))


def summarise_answers(
    answered: Sequence[AnsweredQuestion], model: str, top: int, sampling: Sampling
) -> dict[str, Any]:
    """Means with intervals, over all questions and by label, and every question."""
    labels: dict[str, dict[str, list[AnsweredQuestion]]] = {}
    for one in answered:
        for label, values in one.judged.question.labels.items():
            for value in values:
                labels.setdefault(label, {}).setdefault(value, []).append(one)
    usage = reduce(
        lambda total, one: total + one.answer.usage if one.answer else total,
        answered,
        Usage(model, cost=0.0),
    )
    return {
        "model": model,
        "top": top,
        "questions": len(answered),
        "failed": {one.judged.question.id: one.error for one in answered if one.error},
        "usage": asdict(usage),
        "metrics": _means(answered, sampling),
        "groups": {
            label: {value: _means(some, sampling) for value, some in sorted(of.items())}
            for label, of in labels.items()
        },
        "per_question": [_describe(one) for one in answered],
    }


def _means(answered: Sequence[AnsweredQuestion], sampling: Sampling) -> dict[str, Any]:
    means = {}
    for metric in METRICS:
        some = [one for one in answered if metric in one.figures]
        if some:
            clusters = [one.judged.question.cluster for one in some]
            found = interval([one.figures[metric] for one in some], clusters, sampling)
            means[metric] = {"questions": len(some), **asdict(found)}
    return means


def _describe(one: AnsweredQuestion) -> dict[str, Any]:
    question, answer = one.judged.question, one.answer
    return {
        "id": question.id,
        "query": question.query,
        "cluster": question.cluster,
        "expected": list(question.answer),
        "text": answer.text if answer else None,
        "declined": answer.declined if answer else None,
        "cited": list(dict.fromkeys(c.page.key for c in answer.citations)) if answer else [],
        "figures": dict(one.figures),
    }


def has_answers(questions: Sequence[JudgedQuestion]) -> bool:
    """Whether a set says what is answered: an answer, or that there is none."""
    return any(one.question.answer or one.question.unanswerable for one in questions)
