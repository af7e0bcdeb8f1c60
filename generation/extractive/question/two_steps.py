"""Two-step questions: what is asked about is described, and found first.

"Who leads the department that ordered invoice 4711?" asks which department ordered it,
and then who leads that one. English, German and Korean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval.query.terms import content_stems, stem

MAX_NOUN = 3
"""Words of what is described, at most."""
_SMALL = (
    "of|in|on|at|to|for|from|by|with|and|or|the|a|an|that|which|who|whose|is|are|was|were|has|have"
    "|had|did|does|do|be|been|as|than|it|its|this|these|those|not"
)
_WORD = rf"(?!(?:{_SMALL})\b)[A-Za-z][\w-]*"
_NOUN = rf"(?P<noun>{_WORD}(?: {_WORD}){{0,{MAX_NOUN - 1}}})"
_MADE = "made|built|sold|held|led|kept|paid|sent|given|written|drawn|bought|let|run|set up"
_LINKS = (
    r"(?:that|which|who) ",
    r"whose ",
    r"(?=responsible for |in charge of )",
    rf"(?=(?:[a-z]{{2,}}ed|{_MADE}) (?:by|for|in|on|at|from|to|under|with) )",
    r"with ",
)
_HAS, _BARE = 4, (2, 3)
"""Links after which the description says what it has, and those where a verb is left out."""
_ENGLISH = tuple(
    re.compile(
        rf"(?P<before>.*?)\b(?:the|an?|that) {_NOUN},? {link}(?P<clause>[^?]+?)[?.!\s]*",
        re.IGNORECASE,
    )
    for link in _LINKS
)
_ROLES = (
    "owner|tenant|landlord|manager|author|maintainer|supplier|applicant|customer|client|employer"
    "|chair|chairman|chairwoman|director|head|keeper|sender|buyer|seller|maker|manufacturer|publisher"
    "|lender|borrower|insurer|contractor|operator|leader|editor|founder|captain|inventor|president"
)
_ROLE = re.compile(
    rf"(?P<before>.*?\b(?:of|to|for|from|by|with|does|did|is|was) )the (?P<noun>{_ROLES}) (?P<clause>(?:of|on|for|at) [^?]+?)[?.!\s]*",
    re.IGNORECASE,
)
_GERMAN = re.compile(
    r"(?P<before>.*\b)(?P<article>des|der|dem|den|die|das) (?P<noun>[A-ZÄÖÜ]\w+)(?P<after>(?: [a-zäöüß]+)?),"
    r" (?P<clause>(?:der|die|das|dem|den|dessen|deren|welche[rsmn]?) [^?]+?)[?.!\s]*"
)
_ADNOMINAL = re.compile(
    r"(?:\S*[하되있없쓰맡받파내드지가나주]는|\S*[맡받남높낮많적작같찍지입낳]은|\S*(?:던|한|된|인|만든|쓴|산|판|낸|준|운|끈|린|온))"
)
"""A Korean verb before the noun that it describes."""
_PERSONS = frozenset("person man woman employee someone one 사람 직원 담당자".split())
_PARTS = frozenset(
    map(
        stem,
        "chart figure table page slide section graph diagram picture photo image map paragraph report"
        " document paper line row column list chapter appendix text article survey year fact question"
        " study reason way time part people men women children number percentage proportion share amount group".split(),
    )
)
"""What has no name of its own that could be found: places of documents, amounts."""
_VERB = re.compile(rf"\w+ed|{_MADE}|born|located", re.IGNORECASE)
_TAKES_VERB = re.compile(r"\b(?:does|did|do)\s*$", re.IGNORECASE)
_AUXILIARY = re.compile(r"\b(?:is|are|was|were|did|does|do|has|have|had)\s*$", re.IGNORECASE)
_ASKS_ONE = re.compile(
    r"^\W*(?:who|what|which)(?:['’]s| is| are| was| were)?(?: the name of)?\s*$", re.IGNORECASE
)
_TAIL = r"(?P<noun>.+) (?P<verb>\S+)"
_ASKS_LATER = re.compile(r"[,.;] (?:how|what|which|who|when|where|why)\b", re.IGNORECASE)
_ASKS = re.compile(
    r"\b(?:who\w*|what|which|when|where|how|why|whose|give|tell|show|name|find|list)\b",
    re.IGNORECASE,
)
_REDUCED = 3


@dataclass(frozen=True, slots=True)
class TwoSteps:
    """Question in two steps.

    `first` asks for the `noun` that the `clause` describes; `second` makes the question
    about it from its name, which stands between `before` and `after`.
    """

    first: str
    noun: str
    clause: str
    before: str
    after: str = "?"

    def second(self, name: str) -> str:
        """The question about the thing of this name."""
        return f"{self.before}{name}{self.after}"

    @property
    def of_person(self) -> bool:
        """Whether a person is described."""
        return self.noun in _PERSONS


def read_two_steps(question: str) -> TwoSteps | None:
    """Read the two steps of a question; None for any other.

    >>> steps = read_two_steps("Who leads the department that ordered invoice 4711?")
    >>> steps.first, steps.second("Logistics")
    ('Which department ordered invoice 4711?', 'Who leads Logistics?')
    >>> read_two_steps("Who is the person that ordered invoice 4711?") is None
    True
    """
    question = " ".join(question.split())
    for at, pattern in enumerate(_ENGLISH):
        if (found := pattern.fullmatch(question)) and (steps := _english(found, at)):
            return steps
    if found := _ROLE.fullmatch(question):
        noun, clause, before = found["noun"], found["clause"], found["before"]
        if not _ASKS_ONE.match(before):
            return TwoSteps(f"Who is the {noun} {clause}?", noun, clause, before)
    return _german(question) or _korean(question)


def _english(found: re.Match[str], link: int) -> TwoSteps | None:
    before, noun, clause, verb = found["before"], found["noun"], found["clause"], ""
    if _AUXILIARY.search(before) and (tail := re.fullmatch(_TAIL, noun)):
        # "When was the company founded that ...": the verb stands before the description.
        if _VERB.fullmatch(tail["verb"]) or _TAKES_VERB.search(before):
            noun, verb = tail["noun"], f" {tail['verb']}"
    asks = _ASKS.search(before) and not _ASKS_LATER.search(clause)
    passive = link == _REDUCED and _AUXILIARY.search(before)
    if not asks or passive or not _is_one_thing(noun) or (_ASKS_ONE.match(before) and not verb):
        return None
    if link == _HAS:
        clause = f"has {clause}"
    elif link in _BARE:
        clause = f"is {clause}"
    elif link == 1:
        return TwoSteps(f"Which is the {noun} whose {clause}?", noun, clause, before, f"{verb}?")
    who = "Who" if noun in _PERSONS else f"Which {noun}"
    return TwoSteps(f"{who} {clause}?", noun, clause, before, f"{verb}?")


def _is_one_thing(noun: str) -> bool:
    last = noun.lower().split()[-1]
    plural = last.endswith("s") and not last.endswith(("ss", "us"))
    return not plural and stem(last) not in _PARTS


def _german(question: str) -> TwoSteps | None:
    found = _GERMAN.fullmatch(question)
    if found is None or not content_stems(found["before"]):
        return None
    noun, clause, before = found["noun"], found["clause"], found["before"]
    if found["article"] in ("des", "der"):
        before = f"{before}von "
    return TwoSteps(f"{noun}, {clause}?", noun, clause, before, f"{found['after']}?")


def _korean(question: str) -> TwoSteps | None:
    words = question.rstrip("?.! ").split()
    for at in range(1, len(words) - 1):
        noun = words[at].removesuffix("의")
        if noun != words[at] and _ADNOMINAL.fullmatch(words[at - 1]):
            clause, rest = " ".join(words[:at]), " ".join(words[at + 1 :])
            ask = "누구인가요" if noun in _PERSONS else "무엇인가요"
            return TwoSteps(f"{clause} {noun} {ask}?", noun, clause, "", f"의 {rest}?")
    return None
