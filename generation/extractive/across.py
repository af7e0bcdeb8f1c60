"""Choice across languages: passages in another language than the question."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generation.extractive.confidence import Features, sure_across
from generation.extractive.page.passage import Passage
from generation.extractive.ranking import best_first
from generation.extractive.scoring.line_features import ACROSS, totals
from generation.extractive.scoring.scorer import COSINE, Scorer
from generation.extractive.scoring.similarity import language, may_share

MAX_PASSAGES = 90
"""Passages whose cosines are computed, of the first pages."""
MIN_LETTERS, MIN_WORDS = 3, 4
"""Letters and words of a passage that is no row, at least: numbers alone are of no language, and
single words are near to many questions."""
MAX_GAP = 0.1
"""Between the scores of two passages that are both quoted, at most."""


def foreign_passages(question: str, passages: Sequence[Passage]) -> list[Passage]:
    """Passages with words, of pages in another language than the question."""
    asked = language(question)
    spoken = _languages(passages)
    labels = {label for label, its in spoken.items() if not may_share(asked, its)}
    foreign = (
        passage
        for passage in passages
        if sum(map(str.isalpha, passage.text)) >= MIN_LETTERS
        and not (passage.unit.leads or passage.is_running)
        and (passage.role == "row" or passage.end - passage.start >= MIN_WORDS)
        and passage.evidence.label in labels
    )
    return list(foreign)[:MAX_PASSAGES]


def choose_across(scorer: Scorer, *, own: bool) -> tuple[tuple[Passage, ...], Features, float]:
    """Choose among passages: quotes, features, and how sure they answer, 0..1.

    `own` where pages in the question's language were found too.
    """
    passages = scorer.passages
    features = scorer.features(passages)
    scorer.add_cosines(features, passages)
    cosines = features[:, COSINE].copy()
    spoken = _languages(passages)
    languages = np.array([spoken[passage.evidence.label][0] for passage in passages])
    for each in set(languages):
        # In some languages any two texts are nearer to each other.
        features[languages == each, COSINE] -= cosines[languages == each].mean()
    scores = totals(features, ACROSS)
    first, *rest = best_first(scores)
    chosen = [first, *(at for at in rest[:1] if scores[first] - scores[at] < MAX_GAP)]
    best, cosine = passages[first], float(cosines[first])
    page = scorer.share(scorer.page_terms[best.evidence.label])
    found = Features(cosine=cosine, on_page=page, page=best.evidence.score)
    return tuple(passages[at] for at in chosen), found, sure_across(found, own=own)


def _languages(passages: Sequence[Passage]) -> dict[int, tuple[str, ...]]:
    """The language of each page, by its label."""
    pages = {passage.evidence.label: passage.evidence for passage in passages}
    return {label: language(page.text) for label, page in pages.items()}
