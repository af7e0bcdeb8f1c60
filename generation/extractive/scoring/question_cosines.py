"""Cosines of a question and texts, the question also without the names of pages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generation.extractive.question.question_terms import latin_share
from generation.extractive.scoring.similarity import cosines_by_e5, cosines_by_minilm
from ingest.encoders.embedded.minilm import MiniLmEncoder
from ingest.page import Vectors
from retrieval.query.terms import content_stems

MAX_EMBEDDED_CHARS = 300
"""Characters of a passage that are embedded."""
ASKED_SHARE = 0.5
"""Share of the cosine that is the question's without its names."""


class QuestionCosines:
    """Cosines of a question and texts.

    Args:
        asked: the question without the names that are on a page.
        translates: compare by e5, across languages.
    """

    def __init__(
        self,
        question: str,
        asked: str,
        terms: frozenset[str],
        encoder: MiniLmEncoder,
        *,
        translates: bool,
    ) -> None:
        self._questions = [question]
        if asked != question and content_stems(asked):
            self._questions.append(asked)
        self._latin, self._encoder, self._translates = latin_share(terms), encoder, translates

    def of(self, texts: Sequence[str]) -> Vectors:
        """Cosines (n,) of texts."""
        cut = [text[:MAX_EMBEDDED_CHARS] for text in texts]
        if self._translates:
            cosines = cosines_by_e5(self._questions, cut)
        else:
            cosines = self._latin * cosines_by_minilm(self._encoder, self._questions, cut)
        shares = [1 - ASKED_SHARE, ASKED_SHARE] if len(self._questions) > 1 else [1.0]
        return np.asarray(np.array(shares, np.float32) @ cosines, np.float32)
