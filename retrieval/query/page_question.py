"""Questions for pages: by number or label, and for the summary of a document.

Recognised in the languages of `_PAGE`; what the page is called there, in one place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from retrieval.query.generic_words import GENERIC_WORDS, generic_phrases

MAX_PAGES = 8
"""Pages of a range, such as "pages 3 to 9", that are taken."""

_PAGE = (
    "pages?|pgs?\\.?|pp?\\.|seiten?|p[áa]ginas?|p[áa]gs?\\.|pagin[aeă]|pag\\.|sayfa(?:da|sı|sında|nın)?"
    "|sidan?|siden?|sivu(?:lla|n)?|oldal(?:on|a)?|stron[aęy]|stronie|str\\.|strán(?:ka|ce|ky|ke)"
    "|stran[aěuy]|stranic[aeiu]|страниц[аеиуы]|стр\\.|сторінк[аиу]|сторінці|σελίδα|σελ\\.|halaman|trang"
    "|slides?|folien?|diapositiv[ae]s?|slayt|слайд[еа]?"
    "|(?:ال)?صفح[ةهہ]|[בהלמ]?(?:עמוד|דף)|पृष्ठ|पेज|पन्ने?|পৃষ্ঠা|பக்கம்|หน้า(?:ที่)?"
)
_LABEL = (
    r"[a-z]{1,4}-(?:\d{1,4}|[a-z]|[ivxlc]{1,5})|[a-z]{1,3}[-.]?\d{1,4}"
    r"|\d{1,3}[-–]\d{1,4}|\d{1,5}|[ivxlc]{1,8}"
)
_ORDINALS = {
    **{word: at for at, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth".split(), 1)},
    **{word: at for at, word in enumerate(
        "erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte".split(), 1)},
    **{word: at for at, word in enumerate(
        "première deuxième troisième quatrième cinquième sixième".split(), 1)},
    **{word: at for at, word in enumerate("primera segunda tercera cuarta quinta sexta".split(), 1)},
    **{word: at for at, word in enumerate("prima seconda terza quarta quinta sesta".split(), 1)},
    **{word: at for at, word in enumerate("primeira segunda terceira quarta quinta sexta".split(), 1)},
    **{word: at for at, word in enumerate("ilk ikinci üçüncü dördüncü beşinci".split(), 1)},
    **{word: at for at, word in enumerate("первая вторая третья четвёртая пятая".split(), 1)},
    **{word: at for at, word in enumerate("первой второй третьей четвёртой пятой".split(), 1)},
    **{word: at for at, word in enumerate("pierwsza druga trzecia czwarta piąta".split(), 1)},
    **{word: at for at, word in enumerate("pierwszej drugiej trzeciej czwartej piątej".split(), 1)},
    **{word: at for at, word in enumerate("první druhé třetí čtvrté páté".split(), 1)},
    **{word: at for at, word in enumerate("első második harmadik negyedik ötödik".split(), 1)},
    **{word: at for at, word in enumerate("eerste tweede derde vierde vijfde".split(), 1)},
    **{word: at for at, word in enumerate("första andra tredje fjärde femte".split(), 1)},
    **{word: at for at, word in enumerate("første anden tredje fjerde femte".split(), 1)},
    **dict.fromkeys((
        "last letzte dernière última ultima son последняя последней ostatnia ostatniej poslední"
        " utolsó laatste sista sidste"
    ).split(), -1),
    **dict.fromkeys((
        "last but one,next to last,second to last,second-to-last,second last,penultimate,vorletzte"
        ",avant-dernière,avant dernière,penúltima,penultima,предпоследняя,предпоследней"
        ",przedostatnia,przedostatniej,předposlední,utolsó előtti,voorlaatste,näst sista,næstsidste"
    ).split(","), -2),
}  # fmt: skip
LAST = {-1: "last", -2: "last but one"}
"""Labels of the last pages, by their place from the end."""
_CARDINALS = {
    **{word: at for at, word in enumerate(
        "one two three four five six seven eight nine ten".split(), 1)},
    **{word: at for at, word in enumerate(
        "eins zwei drei vier fünf sechs sieben acht neun zehn".split(), 1)},
    **{word: at for at, word in enumerate("un deux trois quatre cinq six sept huit".split(), 1)},
    **{word: at for at, word in enumerate("uno dos tres cuatro cinco seis siete ocho".split(), 1)},
}  # fmt: skip
_CARDINAL = "|".join(sorted(_CARDINALS, key=len, reverse=True))
_RANGE = rf"(?:\s?(?:(?P<to>[-–—]|to|bis|à|al?|do|до)|and|und|et|y|e|ve|и|,)\s?(?P<end>\d{{1,5}}|{_CARDINAL}))?"
_ORDINAL = "|".join(sorted(_ORDINALS, key=len, reverse=True))
_HAN = {digit: at for at, digit in enumerate("一二三四五六七八九十", 1)}

_NAMED = re.compile(_PAGE, re.IGNORECASE)
"""What a question has that one of `_western` finds something in: that takes longer to compile."""
_AFTER = rf"(?<!\w)(?:{_PAGE})\s?(?:nr\.?|no\.?|n°|№|number|numéro|número|#|رقم|מספר)?\s?(?P<label>{_LABEL}|{_CARDINAL}){_RANGE}(?:['’][^\W\d]{{1,4}})?(?!\w)"
_BEFORE = (
    rf"(?<!\w)(?:(\d{{1,5}})(?:\.|st|nd|rd|th|-?[яйе]|ª|º|ème|e|er|re|inci|üncü)|({_ORDINAL})n?)\s(?:{_PAGE})(?!\w)"
    rf"|(?<!\w)(?:{_PAGE})\s({_ORDINAL})(?!\w)"
)
_EAST_ASIAN = re.compile(
    r"第?\s?(\d{1,5}|[一二三四五六七八九十])\s?(?:ページ|頁|页|쪽|페이지|번?째? ?슬라이드)(?:目)?"
    r"|(?:슬라이드|スライド|幻灯片|投影片)\s?(\d{1,5})"
    r"|(最後から(?:二|2)番目|倒数第二|끝에서 (?:두|2) ?번째|最後|最后|最後一|最后一|마지막|最初|第一|첫|첫번째|첫 번째)の?\s?(?:ページ|頁|页|쪽|페이지)"
)
_SUMMARY = re.compile(
    r"\b(?:fass\w*(?=\s.*\bzusammen\b)|summari[sz]e|summary|overview|gist|outline|sum up|tl;?dr"
    r"|zusammenfass\w*|überblick|worum geht es"
    r"|résume[rz]?|résumé|de quoi parle|aperçu|resum\w+|resúme\w*|de qué trata|riassu\w+|sintesi"
    r"|di cosa parla|do que trata|özet\w*|hakkında ne|кратко|резюм\w+|о чём|streszcz\w*|samenvat\w*"
    r"|sammanfatt\w*)\b"
    r"|what (?:is|are) .{1,80} about\W*$"
    r"|要約|要旨|概要|まとめ|总结|總結|摘要|概括|概述|요약|개요|لخص|تلخيص|ملخص|סכם|תקציר|סיכום|सारांश|सार "
    r"|무엇에 (?:관한|대한|관해|대해)\s?(?:것|내용|문서|설명)?\S*|(?:무슨|어떤) 내용\S*",
    re.IGNORECASE,
)

_FILE = re.compile(
    r"\w\.(?:pdf|docx?|odt|rtf|txt|md|html?|pptx?|xlsx?|csv|eml|epub|jpe?g|png|tiff?)(?![a-z0-9])",
    re.IGNORECASE,
)

_LETTER = r"[^\W_][\u0300-\u036f\u0591-\u05c7\u064b-\u0655\u0900-\u0903\u093a-\u094f\u0962\u0963]*"
_WORD = re.compile(rf"(?:{_LETTER})+(?:[-_.'’](?:{_LETTER})+)*")


@dataclass(frozen=True, slots=True)
class PageQuestion:
    """Question for certain pages, or for a summary.

    `labels` are page numbers or labels as asked for, "last", "last but one"; "2-3" with the
    numbers of the range, which it may be; none for a summary. `rest` is what else the question says, without words that say nothing: the
    name of a document, or what is asked of the page.
    """

    kind: Literal["pages", "summary"]
    labels: tuple[str, ...]
    rest: str


def read_page_question(question: str) -> PageQuestion | None:
    """What pages a question is for; None for any other question.

    >>> read_page_question("What does page 3 of the harbour guide say?")
    PageQuestion(kind='pages', labels=('3',), rest='harbour guide')
    >>> read_page_question("Was steht auf Seite iv?")
    PageQuestion(kind='pages', labels=('iv',), rest='')
    >>> read_page_question("How many pages has the guide?") is None
    True
    """
    text = unicodedata.normalize("NFKC", question)
    western = _western() if _NAMED.search(text) else ()
    for pattern in (*western, *(() if text.isascii() else (_EAST_ASIAN,))):
        if found := pattern.search(text):
            labels = _labels(found)
            return PageQuestion("pages", labels, _rest(text, found.start(), found.end()))
    if found := _SUMMARY.search(text):
        return PageQuestion("summary", (), _rest(text, found.start(), found.end()))
    if _FILE.search(text):  # "What does guide.pdf say?"; what is asked of it is in the rest
        return PageQuestion("summary", (), _rest(text, 0, 0))
    return None


@cache
def _western() -> tuple[re.Pattern[str], ...]:
    """Patterns of a number after the word for pages, and before it."""
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in (_AFTER, _BEFORE))


def pages_called(
    labels: Sequence[str], page_labels: Mapping[str, int], page_count: int
) -> list[int]:
    """Pages that labels stand for: by label before the place in the file.

    "2-3" is a label, where the document has it, and else a range.

    >>> pages_called(("2-3", "2", "3"), {"2-3": 7}, 9), pages_called(("2-3", "2", "3"), {}, 9)
    ([7], [2, 3])
    """
    if labels and "-" in labels[0] and labels[0] in page_labels:
        return [page_labels[labels[0]]]
    found = (page_labels.get(label) or numbered(label, page_count) for label in labels)
    return [number for number in found if number]


def numbered(label: str, page_count: int) -> int | None:
    """The page of a document that a label is by its place in the file.

    >>> numbered("3", 5), numbered("last", 5), numbered("last but one", 5), numbered("iv", 5)
    (3, 5, 4, None)
    """
    if label in LAST.values():
        return page_count + (0 if label == LAST[-1] else -1) or None
    return int(label) if label.isdecimal() and 1 <= int(label) <= page_count else None


def _labels(found: re.Match[str]) -> tuple[str, ...]:
    groups = [group for group in found.groups() if group]
    first = groups[0].casefold().replace("–", "-")
    if both := re.fullmatch(r"(\d+)-(\d+)", first):
        return (first, *_range(int(both[1]), int(both[2])))
    if first in _ORDINALS:
        return (LAST.get(_ORDINALS[first]) or str(_ORDINALS[first]),)
    if first.startswith(("最後から", "倒数", "끝에서")):
        return (LAST[-2],)
    if first[:2] in ("最後", "最后") or first == "마지막":
        return (LAST[-1],)
    if first in ("最初", "第一") or first.startswith("첫"):
        return ("1",)
    if first in _HAN:
        return (str(_HAN[first]),)
    if not (first.isdigit() or first in _CARDINALS):
        return (first,)
    start, named = _value(first), found.groupdict()
    if not named.get("end"):
        return (str(start),)
    end = _value(named["end"].casefold())
    if not named["to"]:
        return (str(start), str(end))
    return _range(start, end)


def _range(start: int, end: int) -> tuple[str, ...]:
    return tuple(map(str, range(start, min(max(end, start), start + MAX_PAGES - 1) + 1)))


def _value(number: str) -> int:
    return _CARDINALS.get(number) or int(number)


def _rest(text: str, start: int, end: int) -> str:
    """Words beside the page's or the request's that say something."""
    if text[start:end].casefold().startswith("what "):
        inside = re.sub(r"(?i)^what (?:is|are)|about\W*$", " ", text[start:end])
        outside = f"{text[:start]} {inside} {text[end:]}"
    else:
        outside = f"{text[:start]} {text[end:]}"
    outside = generic_phrases().sub(" ", outside.casefold())
    words = _WORD.findall(outside)
    return " ".join(word for word in words if word not in GENERIC_WORDS)
