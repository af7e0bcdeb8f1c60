"""Phrases of a question: words beside a small one, such as "power off", in a text."""

from __future__ import annotations

from itertools import pairwise

_PARTICLES = frozenset("on off up down out in over not no without".split())

Pair = tuple[str, str]


def small_word_pairs(question: str) -> frozenset[Pair]:
    """Words of a question that stand side by side, one of them a small one.

    >>> small_word_pairs("How do I power off?")
    frozenset({('power', 'off')})
    """
    words = question.lower().strip(" ?.!").split()
    return frozenset(pair for pair in pairwise(words) if set(pair) & _PARTICLES)


def share_of_pairs(pairs: frozenset[Pair], text: str) -> float:
    """The share of pairs that a text has; 0 for none."""
    if not pairs:
        return 0.0
    words = [word.strip(".,;:!?()\"'") for word in text.lower().split()]
    return len(pairs & set(pairwise(words))) / len(pairs)
