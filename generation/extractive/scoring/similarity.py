"""Similarity of a question and texts: MiniLM, or e5 beyond English."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from ingest.caches.byte_cache import ByteCache
from ingest.encoders.embedded.e5.e5 import COSINE_RANGE, load_e5
from ingest.encoders.embedded.minilm import MiniLmEncoder
from ingest.encoders.embedded.weights import E5_SMALL
from ingest.page import Vectors, unit

KEPT_BYTES = 4 << 20
MIN_WORDS = 2
"""Small words of another language that a text has, at least, and more than English ones."""
_ENGLISH = re.compile(
    r"\b(?:the|and|of|to|in|is|are|for|with|on|that|by|from|be|as|at|was|what|how|who|when|which|does|do)\b",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(?:der|die|das|und|ist|den|dem|ein|eine|von|mit|für|auf|wie|wer|wann|welche\w?|nicht|muss|sie"
    r"|le|la|les|des|est|une|pour|dans|que|el|los|las|una|por|para|qué|quién|il|lo|gli|di|che|het|een|och)\b",
    re.IGNORECASE,
)
_kept = ByteCache[Vectors](KEPT_BYTES)


@lru_cache(maxsize=1 << 10)
def is_english(text: str) -> bool:
    """Whether a text may be in English: in Latin letters, not of its neighbours.

    >>> is_english("What is it?"), is_english("Wie groß ist der Tank?"), is_english("무엇인가요?")
    (True, False, False)
    """
    letters = [letter for letter in text if letter.isalpha()]
    if sum(letter < "\u0250" for letter in letters) * 2 < len(letters):
        return False
    other = len(_OTHER.findall(text))
    return other < MIN_WORDS or other <= len(_ENGLISH.findall(text))


@lru_cache(maxsize=1 << 8)
def language(text: str) -> str:
    """Language of a text, roughly: its script, or "en" or "xx" in Latin letters.

    >>> language("What is it?"), language("Wie groß ist der Tank?"), language("무엇인가요?")
    ('en', 'xx', 'hangul')
    """
    letters = [letter for letter in text if letter.isalpha()]
    if sum(letter < "\u0250" for letter in letters) * 2 >= len(letters):
        return "en" if is_english(text) else "xx"
    scripts = Counter(unicodedata.name(letter, "?").split()[0].lower() for letter in letters)
    return "cjk" if scripts.keys() & {"hiragana", "katakana"} else scripts.most_common(1)[0][0]


def can_translate() -> bool:
    """Whether e5 is installed."""
    return E5_SMALL.available()


def cosines_by_minilm(
    encoder: MiniLmEncoder, questions: Sequence[str], texts: Sequence[str]
) -> Vectors:
    """Cosines (questions, texts)."""
    vectors = encoder.embed([*questions, *texts])
    cosines: Vectors = vectors[: len(questions)] @ vectors[len(questions) :].T
    return cosines


def cosines_by_e5(questions: Sequence[str], texts: Sequence[str]) -> Vectors:
    """Cosines (questions, texts), scaled from `COSINE_RANGE` to 0..1."""
    asked = load_e5(0).embed_queries(questions)
    rows = np.stack([_passage(text) for text in texts]) if texts else np.zeros((0, asked.shape[1]))
    low, high = COSINE_RANGE
    scaled: Vectors = np.clip((asked @ unit(rows).T - low) / (high - low), 0, 1)
    return scaled


def _passage(text: str) -> Vectors:
    if (row := _kept.get(text)) is None:
        row = load_e5(0).embed_passages([text])[0]
        _kept.put(text, row, row.nbytes + sys.getsizeof(text))
    return row
