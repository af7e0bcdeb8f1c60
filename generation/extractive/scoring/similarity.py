"""Similarity of a question and texts: MiniLM, or e5 beyond English."""

from __future__ import annotations

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
from ingest.forms.languages.languages import ENGLISH, grammar_share, languages_of
from ingest.page import Vectors, unit

KEPT_BYTES = 4 << 20
LATIN = "latin"
"""A text in Latin letters that tells no language."""
MIN_SHARE = 0.08
"""The share of a text's words that carry grammar, in most languages a third."""
_OTHER_SCRIPTS = frozenset(
    "ja ko zh ru uk el ar he hi cyrillic greek arabic hebrew thai devanagari".split()
)
_kept = ByteCache[Vectors](KEPT_BYTES)


def is_english(text: str) -> bool:
    """Whether a text may be in English: in Latin letters, not of its neighbours.

    >>> is_english("What is it?"), is_english("Wie groß ist der Tank?"), is_english("무엇인가요?")
    (True, False, False)
    """
    return language(text) in ((ENGLISH,), (LATIN,))


@lru_cache(maxsize=1 << 10)
def language(text: str) -> tuple[str, ...]:
    """Language of a text, roughly: those it may be in, or else its script.

    Names and numbers alone, as in a table, tell no language, whatever their small words.

    >>> language("What is it?"), language("Wie groß ist der Tank?"), language("무엇인가요?")
    (('en',), ('de',), ('ko',))
    >>> language("Nadja Elster 4.2 mg/l")
    ('latin',)
    """
    found = languages_of(text)
    if found in (("ja",), ("ko",), ("zh",)):
        return found
    if found and grammar_share(text, found[0]) >= MIN_SHARE:
        return found
    letters = [letter for letter in text if letter.isalpha()]
    if sum(letter < "\u0250" for letter in letters) * 2 < len(letters):
        scripts = Counter(unicodedata.name(letter, "?").split()[0].lower() for letter in letters)
        return found or (scripts.most_common(1)[0][0],)
    return (ENGLISH,) if grammar_share(text, ENGLISH) >= MIN_SHARE else (LATIN,)


def may_share(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two texts may be in one language, by their `language`."""
    if LATIN in (one[0], other[0]):
        return not _OTHER_SCRIPTS.intersection(one, other)
    return not set(one).isdisjoint(other)


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
