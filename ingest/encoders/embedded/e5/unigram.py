"""Unigram tokenizer of XLM-RoBERTa: the most probable pieces of each word.

Kudo 2018 (arXiv:1804.10959), by Viterbi's algorithm. Text is normalized as
SentencePiece's `nmt_nfkc`; words are split at spaces and marked with U+2581. The
tokenizers library gives the same pieces (a test compares them), but takes 255 MB
and half a second for this vocabulary.
"""

from __future__ import annotations

import math
import unicodedata
from array import array
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ingest.encoders.embedded.e5.vocabulary import Vocabulary

SPACE = "\u2581"
UNKNOWN_PENALTY = 10.0
"""An unknown character's log-probability is this much below that of the rarest piece."""
CACHED_WORDS = 16_384


class Unigram:
    """Tokenizer with a vocabulary of pieces and their log-probabilities.

    Args:
        pieces: by id.
        log_probabilities: one a piece.
        replacements: of code points, applied after NFKC.
        unknown: the id for characters that no piece has.
        special: ids of pieces that no text gives, such as the start of a text.
    """

    def __init__(
        self,
        pieces: Vocabulary,
        log_probabilities: npt.NDArray[np.float32],
        replacements: Mapping[int, str],
        unknown: int,
        special: frozenset[int],
    ) -> None:
        self._pieces, self._special = pieces, special
        self._scores = array("f", log_probabilities.tobytes())
        self._unknown = unknown
        self._scores[unknown] = float(log_probabilities.min()) - UNKNOWN_PENALTY
        self._replacements = replacements
        self._split = lru_cache(CACHED_WORDS)(self._segment)

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, without special tokens."""
        normalized = unicodedata.normalize("NFKC", text).translate(self._replacements)
        return [
            token for word in normalized.split(" ") if word for token in self._split(SPACE + word)
        ]

    def _segment(self, word: str) -> tuple[int, ...]:
        """Ids of the most probable pieces of a word; unknown characters in a row are one."""
        found: list[list[tuple[int, int]]] = [[] for _ in range(len(word) + 1)]
        for start, end, token in self._pieces.find(word):
            if token not in self._special:
                found[end].append((start, token))
        best = [0.0]
        steps = [(0, 0)]
        for end in range(1, len(word) + 1):
            if not found[end] or found[end][-1][0] < end - 1:
                found[end].append((end - 1, self._unknown))
            top, step = -math.inf, (0, 0)
            for start, token in found[end]:
                if (score := best[start] + self._scores[token]) > top:
                    top, step = score, (start, token)
            best.append(top)
            steps.append(step)
        tokens: list[int] = []
        at = len(word)
        while at:
            at, token = steps[at]
            if token != self._unknown or not tokens or tokens[-1] != token:
                tokens.append(token)
        return tuple(reversed(tokens))
