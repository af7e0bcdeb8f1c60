"""Spelling: words of a question that are misspelled, by the words of the pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from ingest.encoders.embedded.wordpiece import load_wordpiece

MIN_LETTERS, TWO_EDITS = 5, 8
"""Letters of a word that is mended, and of one in which two edits are, at least."""
_WORD = re.compile(r"[A-Za-z]{5,}")


def mend_spelling(question: str, printed: Iterable[str]) -> str:
    """The question with misspelled words as the pages print them.

    A word is misspelled where it is neither printed nor a word of MiniLM's vocabulary, and a
    printed one is an edit or two away that begins with the same letter. Names become names.

    >>> mend_spelling("When was it concieved by Neflix?", ["conceived", "Netflix"])
    'When was it conceived by Netflix?'
    >>> mend_spelling("how do i stop a programe", ["PROGRAM"])
    'how do i stop a program'
    >>> mend_spelling("What is the price?", ["prize"])
    'What is the price?'
    """
    words = {word for text in printed for word in _WORD.findall(text)}
    lower = {word.lower() for word in words}

    def mend(found: re.Match[str]) -> str:
        word = found[0]
        if word.lower() in lower or is_common(word.lower()):
            return word
        near = [w for w in words if _may_stand_for(w, word)]
        allowed = 2 if len(word) >= TWO_EDITS else 1
        best = min(near, key=lambda w: (_edits(w.lower(), word.lower()), w), default="")
        if not best or _edits(best.lower(), word.lower()) > allowed:
            return word
        # Heads of pages are in capitals; the question's word is no name for that.
        return best.lower() if best.isupper() and not word.isupper() else best

    return _WORD.sub(mend, question)


@lru_cache(maxsize=1 << 12)
def is_common(word: str) -> bool:
    """Whether a lower-case word is one of MiniLM's vocabulary."""
    return load_wordpiece().token_to_id(word) is not None


def _may_stand_for(printed: str, word: str) -> bool:
    return (
        abs(len(printed) - len(word)) <= 2
        and printed[0].lower() == word[0].lower()
        and (printed[0].isupper() or not word[0].isupper())
    )


def _edits(one: str, other: str) -> int:
    """Letters inserted, lost or changed, or neighbours swapped (Damerau 1964)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
