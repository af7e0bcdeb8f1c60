"""Abstention: questions that no page is near are declined without a model call."""

from __future__ import annotations

from generation.prompt import Prompt
from ingest.forms.terms import split_terms

MIN_SCORE = 0.35
"""Score of the best page (by default a dense cosine) below which the question counts as off-topic.

It stops 2 % of 140 questions that their library answers, 73 % of 30 of general
knowledge and 33 % of 15 about other documents (benchmarks/answers.py). That
score alone separates them as well as five features of generation.extractive.confidence
together: area under the curve, cross-validated over documents, 0.94 and 0.93.
"""
MIN_RELEVANCE = 0.05
"""Relevance of a page, by the reranker, from which the question does not count as off-topic.

Of those 140 questions 1 % are stopped then, of general knowledge 67 %, of the others 40 %.
"""

NO_RELEVANT_PAGE = "No page is about this."
NOTE = "The language model was not asked: the best page does not come near the question."

_LATIN_END = "\u0530"


def should_abstain(prompt: Prompt, min_score: float) -> bool:
    """Decide whether no page is near or relevant; never where `min_score` is 0.

    False where the score says little: where the best page is an image without
    words, and where the question is mostly not in Latin script. In another
    language it shares no word with the pages, and the model may well read both.
    """
    if min_score <= 0:
        return False
    if not prompt.evidence:
        return True
    if any((evidence.relevance or 0.0) >= MIN_RELEVANCE for evidence in prompt.evidence):
        return False
    best = max(prompt.evidence, key=lambda evidence: evidence.score)
    terms = split_terms(prompt.question)
    foreign = sum(term[0] >= _LATIN_END for term in terms)
    return bool(best.words) and 2 * foreign < max(len(terms), 1) and best.score < min_score
