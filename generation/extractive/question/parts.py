"""Parts of a question that asks several things at once.

"What does it cost, and who sells it?" English and German question words, and question
marks in any language.
"""

from __future__ import annotations

import re

from generation.extractive.question.question_kind import question_kind
from generation.extractive.question.question_terms import find_names, question_stems

MAX_PARTS = 4
MIN_TERMS = 2
"""Terms of the first part, at least: "when and where did it open" is one question."""
WHOLE = ("comparison", "yes_no")
"""Kinds of question that are asked of both sides at once."""
_ASKS_IN_GERMAN = "was|wann|wo|wer|wen|wem|wie|welche[rsmn]?|warum"
_ASKS = f"what|when|where|who|whom|whose|which|how|why|{_ASKS_IN_GERMAN}"
_BETWEEN = re.compile(
    rf"(?<=[\w)\"”])(?:,| ,)? (?:and|und|sowie) (?:also |auch )?(?=(?:(?:in|on|at|to|by|for|from|of) )?(?:{_ASKS})\b)"
    r"|(?<=[?？])\s+(?=\S.*[?？])",
    re.IGNORECASE,
)
_GERMAN = re.compile(rf"(?:{_ASKS_IN_GERMAN})\b", re.IGNORECASE)
_REFERS = re.compile(
    r"\b(?:it|its|they|them|their|this|that|these|those|he|his|him|she|her|er|sie|es|ihr|sein|ihn)\b"
    r"|그(?:것|의|는|녀)?\b",
    re.IGNORECASE,
)


def split_parts(question: str) -> list[str]:
    """Questions that are asked at once, each to be answered alone.

    A later one gets the words of the first after a question mark, as a follow-up does,
    where it refers to it, and else the names that it lacks.

    >>> split_parts("What does the Petrel cost, and who sells it?")
    ['What does the Petrel cost?', 'who sells it? What does the Petrel cost']
    >>> split_parts("When and where did the Petrel open?")
    ['When and where did the Petrel open?']
    """
    parts = [part.strip(" ?？.,") for part in _BETWEEN.split(question)]
    parts = [part for part in parts if part]
    if not 1 < len(parts) <= MAX_PARTS or question_kind(question) in WHOLE:
        return [question]
    if len(question_stems(parts[0])) < MIN_TERMS or not all(map(question_stems, parts)):
        return [question]
    return [_alone(part, parts) for part in parts]


def _alone(part: str, parts: list[str]) -> str:
    """A part with what it leaves to the others."""
    first = part is parts[0]
    if not first and _REFERS.search(part):
        return f"{part}? {parts[0]}"
    if first and _GERMAN.match(part):
        # Every German noun has a capital.
        return f"{part}?"
    others = [other for other in parts if other is not part]
    names = [name for other in others for name in find_names(other) if name not in part]
    return f"{part}? {' '.join(names)}".strip()
