"""Kinds of question: definition, author, list, steps, comparison, count, yes/no.

By their words, in English, German and Korean; any other question is a lookup.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from generation.extractive.question.yes_no import subject_terms

Kind = Literal[
    "lookup",
    "definition",
    "author",
    "yes_no",
    "list",
    "steps",
    "comparison",
    "item_count",
]

_FLAGS = re.IGNORECASE
_ITEM_COUNT = re.compile(
    r"\b(?:how many|number of)\b.*\b(?:listed|named|enumerated|mentioned|introduced|presented|itemi[sz]ed|given in the (?:list|table))\b"
    r"|\bhow many (?:\w+ )?(?:entries|items|rows|bullet points)\b|\bhow many (?:\w+ )?steps (?:are|does|do)\b"
    r"|\bwie viele\b.*\b(?:aufgeführt|aufgelistet|aufgezählt|genannt)\b|몇 .*(?:나열|나와|열거|적혀)",
    _FLAGS,
)
_COMPARISON = re.compile(
    r"\bcompar(?:e[ds]?|ing|ison)\b|\bdifferences?\b.*\b(?:between|of|in)\b|\bdiffer\b"
    r"|\b(?:which|who|what)\b.*\b(?:\w+er|more|less|most|least)\b.*\bor\b|\bversus\b|\bvs\.?\b"
    r"|\bvergleich\w*|\bunterschied\w*|비교|차이",
    _FLAGS,
)
_AUTHOR = re.compile(
    r"\bwho (?:wrote|authored|prepared|published|compiled|issued|made|created|is the author|are the authors)\b"
    r"|\bauthors?\b|\bwritten by\b|\bwer (?:hat|schrieb|ist der autor)\b.*(?:geschrieben|verfasst|schrieb|autor)"
    r"|저자|누가\s?(?:썼|쓴|작성)|작성자",
    _FLAGS,
)
_STEPS = re.compile(
    r"^\W*(?:how (?:do|does|can|could|should|to|would) |what (?:are the steps|steps|do i do|must i do|should i do)"
    r"|(?:show|tell) me how|steps? (?:to|for)|wie (?!viel|lange?|oft|hoch|groß|schwer|alt|weit|heißt)\w+ (?:ich|man|wir)\b)"
    r"|방법|어떻게",
    _FLAGS,
)
_LIST = re.compile(
    r"^\W*(?:please )?(?:list|name|enumerate|give me (?:all|a list)|what all)\b"
    r"|\b(?:what|which) (?!(?:is|are|was|were|does|do|did|has|kind|percent\w*|per cent|share|proportion)\b)(?:\w+ ){0,4}?\w{2,}s"
    r" (?:are|were|does|do|did|have|has|can|will|may|must|come|of|in)\b"
    r"|\b(?:what|which) (?:are|were) (?:the|all|his|her|its|their|some)\b|\bwho (?:are|were) the\b"
    r"|\bwhat (?:is|comes|parts are|will be|does|do|did) .*\b(?:in the (?:box|package|kit|set)|included?|contain|built|need)\b"
    r"|\bwhat (?:is|are|comes) (?:included|inside|in)\b|\bwelche\b.*\b(?:gibt|sind|gehören|enthält)"
    r"|\bwas (?:ist|gehört) .*\b(?:enthalten|lieferumfang|paket)|목록|나열|무엇이 들어|구성품|\bwhat .*\bneeded\b",
    _FLAGS,
)
_YES_NO = re.compile(
    r"^\W*(?:can|could|may|must|do|should|am|are|is) (?:i|you|we|it|they|there)\b", _FLAGS
)
_DEFINITION = re.compile(
    r"^\W*(?:what(?:['’]s| is| are| was| were| does| do)|define|explain(?: what)?|was (?:ist|sind|bedeutet|heißt)|who is)"
    r"\s+(?:an?\s|the\s|meant by\s|eine?\s|der\s|die\s|das\s)?(?P<what>[^?]{2,60}?)"
    r"\s*(?:stand(?:s)? for|mean|means|defined as|called)?\W*$"
    r"|^\W*(?P<ko>[^?]{1,30}?)(?:\s?(?:이?란|은|는|이|가))?\s*(?:무엇|뭐|뭘|무슨 뜻)\S*\W*$",
    _FLAGS,
)
_PROPERTY = re.compile(r"\b(?:of|on|for|in|at|by|to|between|from|with|does|do|von|des)\b", _FLAGS)
_EXTREME = re.compile(r"(?:most|least|best|worst|\w{3,}est) \w", _FLAGS)
"""The most of something is a row of a table, not a name."""
_EXPANSION = re.compile(
    r"\bstands? for\b|\bfull (?:form|name)\b|\babbreviat|\bsteht\b.*\bfür\b|약자", _FLAGS
)
_SIDES = re.compile(
    r"\b(?:compar\w+|differen\w+|differ|between|versus|vs|which|who|what|is|are|has|have|the|of|in|and|or|two|both"
    r"|with|than|higher|lower|more|less|longer|shorter|larger|smaller|bigger|cheaper|do|does|to|how|each"
    r"|vergleich\w*|unterschied\w*|der|die|das|und|zwischen)\b|[?.,]|비교\S*|차이\S*",
    _FLAGS,
)
MAX_DEFINED = 5
"""Words of a name that is asked for, at most."""


@lru_cache(maxsize=256)
def question_kind(question: str) -> Kind:
    """Kind of a question.

    >>> question_kind("How do I reset it?"), question_kind("Who are the trustees?")
    ('steps', 'list')
    >>> question_kind("What is TideNet?"), question_kind("What is the price of the boat?")
    ('definition', 'lookup')
    """
    if _ITEM_COUNT.search(question):
        return "item_count"
    if _COMPARISON.search(question):
        return "comparison"
    if _AUTHOR.search(question):
        return "author"
    if subject_terms(question) or _YES_NO.match(question):
        return "yes_no"
    if _STEPS.search(question):
        return "steps"
    if _LIST.search(question):
        return "list"
    return "definition" if defined_name(question) else "lookup"


def defined_name(question: str) -> str:
    """What a question asks the meaning of; "" where it asks for something else.

    >>> defined_name("What does MAE stand for?"), defined_name("What is the mirror loss?")
    ('MAE', 'mirror loss')
    """
    found = _DEFINITION.match(question.strip())
    name = ((found["what"] or found["ko"] or "") if found else "").strip()
    if (
        not name
        or len(name.split()) > MAX_DEFINED
        or _PROPERTY.search(name)
        or _EXTREME.match(name)
    ):
        return ""
    return name


def comparison_subject(question: str) -> str:
    """What a comparison asks of both sides.

    >>> comparison_subject("Compare the payment terms of the two")
    'payment terms'
    """
    return " ".join(_SIDES.sub(" ", question).split())


def asks_expansion(question: str) -> bool:
    """Whether a question asks what an abbreviation stands for."""
    return bool(_EXPANSION.search(question))
