"""Question focus: the words that name what is asked for.

"Total amount" in "What is the total amount on the receipt from Ondine?". What follows
says of which page or row it is asked. Patterns for English, German and Korean; other
questions have no focus. The term is that of LASSO (Moldovan et al., TREC-8, 1999).
"""

from __future__ import annotations

import re
from functools import lru_cache

from generation.extractive.question.question_terms import KINDS_OF_DOCUMENT, question_stems

MAX_WORDS = 4
"""Words of a focus, at most; more say other things too."""
_PART = (
    "of|on|in|for|from|at|by|to|with|within|during|under|according|as|per|printed|stated|shown"
    "|given|listed|reported|dated|due|that|which|paid|does|do|did"
)
_ENGLISH = re.compile(
    r"(?:^|[,;:.]\s*|\band )\W*(?:please )?(?:(?:what|how much|how high)(?:['’]?s| is| was| are| were)"
    r"|(?:tell|give|show) me|find|state|report)"
    rf" (?:the |an? |its |their )?(?:\S+['’]s )?(?P<focus>(?:(?!(?:{_PART})\b)[^\s?,;]+ ){{1,{MAX_WORDS}}}?)"
    rf"(?:{_PART})\b",
    re.IGNORECASE,
)
_GERMAN = re.compile(
    r"\b(?:was|wie hoch|wie groß|wie viel|welche[rsn]?|wie lautet) (?:ist|war|sind|waren|beträgt|betrug|lautet)?"
    r"\s?(?:der|die|das) (?P<focus>[^\s?,]+(?: [A-ZÄÖÜ][^\s?,]+)?)"
    r" (?:der|des|dieser|auf|in|im|von|vom|für|am|an|bei|laut|aus|zum|zur)\b",
    re.IGNORECASE,
)
_KOREAN = re.compile(
    r"(?P<focus>[^\s?,]+(?<!의))(?:은|는|이|가)\s?(?:얼마|무엇|뭐|몇|언제|어디|어떻게|누구)"
)
_PARTICIPLE = re.compile(r"(?<=\w) (?:\w{3,}ed|written|spent)$")
"""It says where something stands: "the counties mentioned"."""
_NAME = question_stems("name")


@lru_cache(maxsize=256)
def question_focus(question: str) -> str:
    """Words that name what a question asks for; "" where it does not say so.

    >>> question_focus("What is the total amount on the receipt from Ondine?")
    'total amount'
    >>> question_focus("How long is the boat?")
    ''
    """
    for pattern in (_ENGLISH, _GERMAN, _KOREAN):
        if found := pattern.search(question):
            return _PARTICIPLE.sub("", found["focus"].strip())
    return ""


def focus_stems(question: str) -> frozenset[str]:
    """Stems of the focus, without words for documents.

    Nor "name" beside what it names.
    """
    focus = question_focus(question)
    stems = question_stems(focus) - KINDS_OF_DOCUMENT if focus else frozenset[str]()
    return stems - _NAME or stems
