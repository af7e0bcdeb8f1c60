"""Ranking of passages: the best by their features, cosines of a short list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generation.extractive.page.passage import Passage
from generation.extractive.scoring.line_features import BEYOND_ENGLISH, WEIGHTS, totals
from generation.extractive.scoring.scorer import COSINE, Scorer
from generation.extractive.scoring.similarity import is_english
from ingest.page import Vectors

SHORTLIST = 24
"""Passages whose cosines are computed."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Passages of the short list, best first, with their totals and cosines."""

    passages: tuple[Passage, ...]
    totals: tuple[float, ...]
    cosines: tuple[float, ...]


def rank(scorer: Scorer, passages: Sequence[Passage]) -> Ranked:
    """Rank passages; cosines are those of the best before.

    Heads of a table answer nothing where there is anything else.
    """
    passages = [passage for passage in passages if not passage.is_head] or passages
    features = scorer.features(passages)
    listed = best_first(totals(features))[: SHORTLIST * (1 + scorer.translates)]
    shortlist = [passages[at] for at in listed]
    features = features[listed]
    scorer.add_cosines(features, shortlist)
    by_e5 = scorer.translates and not is_english(scorer.question)
    scores = totals(features, BEYOND_ENGLISH if by_e5 else WEIGHTS)
    order = best_first(scores)
    return Ranked(
        tuple(shortlist[at] for at in order),
        tuple(float(scores[at]) for at in order),
        tuple(float(features[at, COSINE]) for at in order),
    )


def best_first(totals: Vectors) -> list[int]:
    """Positions of the best totals first; equals in their order."""
    return [int(at) for at in np.argsort(-totals, kind="stable")]
