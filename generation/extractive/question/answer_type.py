"""Answer types: date, money, person and so on, asked for and found in a text.

Patterns of English, German and Korean, which are tried on every text, and of the languages
of `answer-types.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from ingest.forms.languages.languages import languages_of

Side = Literal["asked", "held"]

CAPITALS = "".join(chr(code) for code in range(0x590) if chr(code).isupper())
"""Capital letters of Latin, Greek, Cyrillic and Armenian."""

_MONTHS = (
    "jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli"
    "|aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?"
)
_DAYS = "(?:mon|tues|wednes|thurs|fri|satur|sun)days?|week(?:day|end)s?|noon|midnight|dawn|dusk"
_DAYS += "|(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag)s?|wochenende"
_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
    "|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    "|hundred|thousand|million|billion|dozen|half|once|twice|none|single"
    "|eine?[mnrs]?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf"
)
_NUMBER = rf"(?:\d|\b(?:{_WORDS})\b|(?:한|두|세|네|다섯|여섯|일곱|여덟|아홉|열)\s?\w)"
_UNIT = (
    "seconds?|sec|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|months?|years?|decades?"
    "|sekunden?|minuten?|stunden?|tagen?|wochen?|monaten?|jahren?|jahre?|tage?"
    "|mm|cm|m|km|met(?:re|er)s?|kilomet(?:re|er)s?|miles?|feet|foot|ft|inch(?:es)?|pages?"
)
_MONEY = (
    r"[£$€¥₩]|\b(?:EUR|USD|GBP|CHF|JPY|KRW|euros?|dollars?|pounds?|cents?|pence|rupees?|lacs)\b"
    r"|\b(?:crowns?|francs?|yen|yuan|roubles?|rubles?|pesos?|kron(?:er|or|a|e)|zloty|shillings?|lira|riyals?|dirhams?|baht)\b"
    r"|\d\s?원|\d[.,]\d\d\b|\bfree\b|무료|kostenlos"
)

_PRICES = "price|cost|fee|fare|rent|salary|wages?|fine|deposit|amount due"

_AMOUNTS = "amounts?|totals?|sub-?totals?|balance|sum"

_ASKED = {
    "money": r"\bhow much (?:does|do|did|is|are|was|were|will|would) .*\b(?:cost|charged?|paid|pay|earn)"
    r"|\b(?:what|which|whats|how much)\b(?:['’]s)? (?:(?!of\b|for\b|in\b|on\b)\S+ ){0,4}?"
    rf"(?:{_PRICES})s?\b|^(?:\W|and|what about|how about|the)*(?:\w+ )?(?:{_PRICES})s?\b"
    r"|\bhow expensive\b|\bkoste[nt]\w*|\bpreis|가격|요금|월급|관람료|연봉",
    "amount": r"^(?!.*\bnumber of\b)(?:[^?]*\b(?:what|which|how (?:much|high|large)|tell me|give me|find|state)\b(?:['’]?s| is| was| are| were)?"
    rf" (?:the |an? )?)?(?:(?!(?:of|on|for|in|at|by|from)\b)[^\s?]+ ){{0,4}}?(?:{_AMOUNTS})\b(?= (?:of|on|in|for|from|at|by|due|payable|paid|amount|cost|price|sum|is|was|did|does|printed|shown)\b|\W*(?:$|\?))|\b\w*betrag\b|총액|합계|금액|잔액",
    "date": r"^\W*(?:(?:and|so|but|since|until) )?when\b|\bwhen (?:is|was|were|are|did|does|do|will|must|can|should|has|had|have)\b|\b(?:what|which) (?:date|day|year|month|time)\b|\bdeadline\b|\bdate of\b|\bwann\b"
    r"|언제|날짜|지급일",
    "percent": r"\bper ?cent(?:age)?\b|\bproportion\b|\bwhat share\b|%|\bprozent|퍼센트|비율",
    "duration": r"\bhow long\b|\bwie lange?\b",
    "number": r"\bhow (?:many|much|old|tall|high|large|big|far|often|wide|deep|heavy|fast)\b|얼마|몇|며칠"
    r"|\bwie (?:viel|groß|hoch|oft|schwer|weit|alt)|\bnumber of\b|\bin (?:thousands?|millions?|billions?)\b",
    "phone": r"\b(?:tele)?phone number|\btelephone\b|\btelefon\w*|전화\s?번호|연락처",
    "email": r"\be-?mail\b|이메일",
    "degree": r"\bdegrees? (?:does|do|did|has|have|is)\b|\bqualifications? (?:does|do|did|has|have)\b|\bacademic (?:degree|title)\b|\bakademische\w* (?:grad|titel)|학위",
    "institution": r"\baffiliat\w+|\b(?:what|which) (?:university|institute|institution|department|college) (?:is|are|was|were|does|do)\b|소속",
    "person": r"^\W*(?:\w+ )?who(?:m|se)?\b|\b(?:by|to|of|with|from) whom\b|(?:\band|,) who(?:se)?\b|\bwe[rmn]\b(?! du)|누구|누가",
}  # fmt: skip
_HELD = {
    "money": _MONEY,
    "amount": rf"{_MONEY}|\d[.,]\s?\d{{2,3}}(?!\d)|\d \d\d$|\d\s?(?:million|billion|thousand|Mio|Mrd|[만억])",
    "date": rf"\b(?:{_MONTHS})\b|(?<![\d.,])1\d{{3}}(?![\d.,]\d)|\b20\d\d\b|(?<![\d.,])\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}\b|\b(?:{_DAYS})\b|\d\s?[ap]\.?m\b"
    r"|(?<![\d:])\d{1,2}:[0-5]\d(?![\d:])|(?<![\d.,])[0-3]?\d\.[01]?\d\.(?![\d.])"
    r"|\d\s?[년월일시]|\bUhr\b|\b(?:after|before|within|until|during) \w+|\b\d+(?:st|nd|rd|th)\b",
    "percent": r"\d\s?%|per ?cent|prozent|퍼센트|\bin (?:ten|five|three|four)\b",
    "duration": rf"{_NUMBER}[^.;]{{0,14}}?\b(?:{_UNIT})\b|\d\s?(?:시간|분|일|개월|년)|\bfrom .* to\b",
    "number": _NUMBER,
    "phone": r"^(?!.*\b(?:iban|tax|vat|account|invoice|isbn)\b).*(?<![\d.,])(?:\d[\s/()-]?){6,}(?![.,]\d)",
    "email": r"\S@\S",
    "degree": r"(?-i:\b(?:[BM]\.? ?(?:A|Sc|Phil|Eng|Ed|S)|D\.? ?Phil|Ph\.? ?D|MBA|M\.? ?D|LL\.? ?[BM]|Dr|Prof|Dipl|F\.[A-Z]\.[A-Z])\b)|\b(?:bachelor|master|doctor|professor|diplom)|[박석학]사",
    "institution": r"\b(?:universit|institut|department|colleg|academy|laborator|faculty|school of|hochschule|ministry|agency|centre for|center for)|대학|연구[소원]",
    "person": rf"(?-i:\b[{CAPITALS}][\w.'’-]*,? (?:(?:of|van|von|de|and|und) )?[{CAPITALS}]\w)|[가-힣]{{2,4}}(?=\s|$|\))",
}
STRICT = frozenset({"money", "amount", "percent", "phone", "email", "date"})
"""Types of which a passage that has none is no answer."""
_ASKS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _ASKED.items()}
_HAS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _HELD.items()}
_FILE = Path(__file__).parent / "answer-types.toml"
Patterns = Mapping[str, re.Pattern[str]]


@lru_cache(maxsize=256)
def asked_types(question: str) -> frozenset[str]:
    """Types of the value that a question asks for; none where it does not say.

    >>> sorted(asked_types("How much does the boat cost?")), asked_types("What is a boat?")
    (['money', 'number'], frozenset())
    >>> sorted(asked_types("Quand le phare a-t-il été construit ?"))
    ['date']
    """
    return _matching(_ASKS, "asked", question, languages_of(question))


@lru_cache(maxsize=1 << 13)
def held_types(text: str, languages: tuple[str, ...] = ()) -> frozenset[str]:
    """Types of the values in a text; `languages` are those of its page.

    >>> sorted(held_types("Due on 3 March, to Ada Kerrow"))
    ['date', 'number', 'person']
    """
    return _matching(_HAS, "held", text, languages)


def _matching(
    common: Patterns, side: Side, text: str, languages: tuple[str, ...]
) -> frozenset[str]:
    found = {name for name, pattern in common.items() if pattern.search(text)}
    for language in languages:
        patterns = _patterns(language, side)
        found.update(n for n, p in patterns.items() if n not in found and p.search(text))
    return frozenset(found)


@cache
def _patterns(language: str, side: Side) -> Patterns:
    """Patterns of a language by type; none where it has none of its own."""
    sources = dict(_read().get(language, {}).get(side, {}))
    if sources and side == "held":
        sources["date"] = f"{sources['date']}|{_calendar(language)}"
    return {name: re.compile(source, re.IGNORECASE) for name, source in sources.items()}


@cache
def _read() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def _calendar(language: str) -> str:
    """Pattern of the names of months and days, which are those of the Unicode CLDR."""
    from babel import Locale

    locale = Locale.parse(language)
    names = {
        name
        for kind in (locale.months, locale.days)
        for context in ("format", "stand-alone")
        for name in kind[context]["wide"].values()
        if not any(map(str.isdigit, name))
    }
    return rf"\b(?:{'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})"
