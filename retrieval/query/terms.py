"""Query analysis: content terms without stop words, stems and term weights.

Search and answers share it. The full-text index stems by itself, with the same
Porter stemmer, so its queries take the terms as they are written; what is
compared outside of the index takes their stems.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.forms.languages.languages import STOP_WORDS, grammar_of
from ingest.forms.snowball import load_stemmer
from ingest.forms.terms import split_terms
from retrieval.query.question_words import strip_question_words


def content_terms(query: str) -> list[str]:
    """Terms of a query in order, without stop words of its language.

    Every term where only stop words are left.
    """
    return _content(query, grammar_of(query)) or split_terms(query)


def query_stems(query: str) -> frozenset[str]:
    """Stems of a query's terms without stop words of its language."""
    return frozenset(map(stem, _content(query, grammar_of(query))))


def content_stems(text: str) -> frozenset[str]:
    """Stems of a text without English stop words: equal for forms of one word."""
    return frozenset(map(stem, _content(text, STOP_WORDS)))


@lru_cache(maxsize=1 << 16)
def stem(term: str) -> str:
    """Porter stem of a lower-case term (Porter 1980).

    Latin letters are stemmed without diacritics.

    The stem is that of SQLite's FTS5 with "porter unicode61 remove_diacritics 2", but
    for Porter's later rules for -logy and -bly, which both have a stem of their own.
    """
    if not term.isascii() and term[0] < _LATIN_END:
        bare = unicodedata.normalize("NFD", term)
        term = "".join(letter for letter in bare if not unicodedata.combining(letter))
    if len(term) < 3 or not term.isascii():
        return term
    return str(_porter()().stemWord(term))  # one for each call: it keeps state


_LATIN_END = "\u0370"


@cache
def _porter() -> Callable[[], Any]:
    return load_stemmer("porter")


def _content(text: str, grammar: frozenset[str]) -> list[str]:
    return [term for term in split_terms(strip_question_words(text)) if term not in grammar]


def token_weights(
    words: Sequence[str], frequency: Mapping[str, int], page_count: int
) -> npt.NDArray[np.float32]:
    """Weights (rows,) of a query's rows: the square root of idf.

    idf as in BM25: log(1 + (N - df + 0.5) / (df + 0.5)). The square root was the
    best of flat, root and full on the development set. A row without a word has
    weight 1, punctuation 0; if all are 0, all become 1.

    Args:
        words: the word of each row, "" where it has none.
        frequency: the number of pages with a term, by the first term of a word.
        page_count: of the whole library.
    """
    weights = np.array([_weight(word, frequency, page_count) for word in words], np.float32)
    return weights if weights.any() else np.ones(len(words), np.float32)


def _weight(word: str, frequency: Mapping[str, int], page_count: int) -> float:
    if not word:
        return 1.0
    terms = split_terms(word)
    if not terms:
        return 0.0
    # Documents may be added between the two counts.
    found = min(frequency.get(terms[0], 0), page_count)
    return float(np.log1p((page_count - found + 0.5) / (found + 0.5)) ** 0.5)
