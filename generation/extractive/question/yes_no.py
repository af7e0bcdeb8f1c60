"""Yes-or-no questions: whether a quote is about what the question asks of.

"Dogs are not allowed" is near to "Are cats allowed?" and does not answer it. English only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from ingest.encoders.embedded.minilm import MiniLmEncoder
from ingest.forms.languages.languages import STOP_WORDS
from ingest.forms.terms import split_terms
from retrieval.query.terms import stem

MIN_SIMILARITY = 0.72
"""Cosine of two words that may mean the same: 0.93 for "bikes" and "bicycles", 0.71 for "cats"
and "dogs"."""
MAX_WORDS = 200
"""Words of a quote that are compared."""

_GERMAN = (
    "ist sind war waren wird werden wurde wurden hat haben hatte kann kostet kosten bedeutet heißt"
    " gilt gehört passiert geschah macht steht muss soll darf sagt verlangt braucht"
)
"""Verbs after which "was" is German for "what"."""
_QUESTION = re.compile(
    rf"(?!was\s+(?:{_GERMAN.replace(' ', '|')})\b)"
    r"(?:is|are|was|were|does|do|did|has|have|had|can|could|may|must|shall|should|will|would)\s+"
    r"(?!(?:i|you|we|he|she|it|they|one|this|that|these|those)\b)(.+)",
    re.IGNORECASE | re.DOTALL,
)
_PREDICATE = re.compile(r"\w+(?:ed|en|ing|[ai]ble)|free|open|closed|sold|shut|due|late|there")
_RULES = frozenset(
    "allowed permitted forbidden prohibited banned required mandatory compulsory optional included"
    " excluded covered must may possible necessary".split()
)
"""Words of rules: one settles a question that asks with another."""
_TITLES = frozenset("mr mrs ms dr prof".split())


def subject_terms(question: str) -> tuple[str, ...]:
    """First terms of the subject of a yes-or-no question; none of any other question.

    >>> subject_terms("Are large dogs allowed in the cabin?")
    ('large', 'dogs')
    >>> subject_terms("Are cats allowed?"), subject_terms("Who sells cats?")
    (('cats',), ())
    """
    found = _QUESTION.match(question.strip())
    terms = [t for t in split_terms(found[1]) if t not in STOP_WORDS] if found else []
    terms = [term for term in terms if term not in _TITLES]
    if not terms or not terms[0].isascii():
        return ()
    second = [term for term in terms[1:2] if not _PREDICATE.fullmatch(term)]
    return (terms[0], *second)


@lru_cache(maxsize=64)
def subject_stems(question: str) -> frozenset[str]:
    """Stems of `subject_terms`."""
    return frozenset(map(stem, subject_terms(question)))


def settles(question: str, quote: str, encoder: MiniLmEncoder) -> bool:
    """Whether a quote says of the subject of a yes-or-no question what is asked of it.

    It needs one more word of the question, or one near to it in meaning: "Bicycles are
    kept in the cellar" does not settle whether they are allowed in the library.
    """
    found = _QUESTION.match(question.strip())
    if not found:
        return True
    subject = set(subject_terms(question)[:1])
    rest = [t for t in split_terms(found[1]) if t not in STOP_WORDS and t not in subject]
    words = list(dict.fromkeys(t for t in split_terms(quote) if t not in STOP_WORDS))[:MAX_WORDS]
    if not rest or not rest[0].isascii():
        return True
    stems = {stem(word) for word in words}
    if any(stem(term) in stems for term in rest) or (
        _RULES & set(rest) and _RULES & {*words, *map(stem, words)}
    ):
        return True
    vectors = encoder.embed([*rest, *words])
    return bool(words) and bool(
        np.max(vectors[: len(rest)] @ vectors[len(rest) :].T) >= MIN_SIMILARITY
    )


def is_about(question: str, quote: str, page: Iterable[str], encoder: MiniLmEncoder) -> bool:
    """Whether a quote or its page names the subject of a yes-or-no question.

    A word of the quote that is near to the subject in meaning names it too.

    Args:
        page: stems of the terms of the page.
    """
    subject = subject_terms(question)
    if not subject or subject_stems(question) & set(page):
        return True
    words = list(dict.fromkeys(t for t in split_terms(quote) if t not in STOP_WORDS))[:MAX_WORDS]
    if not words:
        return False
    vectors = encoder.embed([*subject, *words])
    cosines = vectors[: len(subject)] @ vectors[len(subject) :].T
    return bool(np.max(cosines) >= MIN_SIMILARITY)
