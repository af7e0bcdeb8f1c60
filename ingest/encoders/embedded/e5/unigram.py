"""Unigram tokenizer of XLM-RoBERTa: the most probable pieces of each word.

Kudo 2018 (arXiv:1804.10959), by Viterbi's algorithm. Text is normalized as
SentencePiece's `nmt_nfkc`; words are split at spaces and marked with U+2581. The
tokenizers library gives the same pieces (a test compares them), but takes 255 MB
and half a second for this vocabulary; this takes 45 MB.
"""

from __future__ import annotations

import math
import unicodedata
from array import array
from collections.abc import Mapping, Sequence
from functools import lru_cache

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
        pieces: Sequence[str],
        log_probabilities: Sequence[float],
        replacements: Mapping[int, str],
        unknown: int,
        special: frozenset[int],
    ) -> None:
        self._ids = {piece: i for i, piece in enumerate(pieces) if i not in special}
        self._longest = max(map(len, self._ids), default=1)
        self._scores = array("f", log_probabilities)
        self._unknown = unknown
        self._scores[unknown] = min(self._scores) - UNKNOWN_PENALTY
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
        best = [0.0]
        steps = [(0, 0)]
        for end in range(1, len(word) + 1):
            top, step = -math.inf, (0, 0)
            for start in range(max(0, end - self._longest), end):
                token = self._ids.get(word[start:end])
                if token is None:
                    if start < end - 1:
                        continue
                    token = self._unknown
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
