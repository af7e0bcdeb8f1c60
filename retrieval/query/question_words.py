"""Take off a Korean, Japanese or Chinese question what only asks, and off Korean words what has grown on.

English has stop words for this; here grammar is written into the words, and
pairs of characters made of it ("요금은" gives 금은, "무엇인가요" gives 엇인, 인가,
가요) are rare on pages, so BM25 would take them for what matters most. A closed
list of particles and endings, no analysis: a noun that happens to end like one
(고양이) loses a pair, and keeps the others.
"""

from __future__ import annotations

import re
import unicodedata

_HANGUL = re.compile("[\uac00-\ud7a3]+")
_ASKS = re.compile(
    "(무엇|무슨|뭐|뭔|뭘|어떤|어느|어떻|어디|언제|누구|얼마|며칠|몇).{0,5}|누가|왜|왜죠"
    "|(알려|가르쳐|말해|보여|찾아|설명해)?(줘|줘요|주세요|주십시오|주시겠어요|줄래|달라)?"
    "|(?!하나$)(있|없|하|되|한|할|될|했|됐|합|됩|인|입|였|이었|가능한|가능하)"
    "(나요?|습니까|는지|니까|가요?|까요?|어요?|지요?|죠|니)"
    "|(대|관)(해|한|하여)|것|것[은이을]|및|또는|그리고"
)
"""Words that ask, beg or join, with whatever has grown on."""
_ENDING = re.compile(
    "(인가요?|인지|입니까|이에요|예요|이야|이었나요|였나요|이었습니까|였습니까|이었지|였지"
    "|하나요|합니까|했나요|했습니까|하려면|하는지|했는지|해야|할까요|되나요|됩니까|됐나요|되는지"
    "|에서[는의도]?|에게서?|께서|에[는도]?|으로[는의도]?|로[는의도]?|까지|부터|보다|처럼|마다|이나|이란|이라는|라는|의|도|만)$"
)
"""Off a word of which two syllables stay."""
_PARTICLE = {"은": True, "이": True, "을": True, "과": True, "는": False, "가": False}
_PARTICLE |= {"를": False, "와": False}
"""Whether it follows a consonant; after the other kind of sound it is part of the word."""
_OTHERS = re.compile(
    "(でしょう|です|ます|ました|ません)か|(教えて)?ください|教えて"
    "|为什么|為什麼|什么|什麼|多少|怎么样?|怎麼|哪里|哪裡|哪个|哪個|[吗嗎呢](?=\\W*$)"
)


def strip_question_words(question: str) -> str:
    """The question without what only asks, composed (NFKC); a one-syllable noun stays with its particle and without."""
    text = _OTHERS.sub(" ", unicodedata.normalize("NFKC", question))
    return _HANGUL.sub(lambda run: _strip_word(run[0], text[: run.start()][-1:].isalnum()), text)


def _strip_word(word: str, grown: bool) -> str:
    """What stays of a run of Hangul; `grown` on a word of another script or a number."""
    if _ASKS.fullmatch(word) or (grown and (word in _PARTICLE or _ENDING.fullmatch(word))):
        return " "
    if (ending := _ENDING.search(word)) and ending.start() >= 2 - grown:
        word = word[: ending.start()]
    stem, last = word[:-1], word[-1]
    if stem and _PARTICLE.get(last) is _is_closed(stem[-1]):
        return stem if len(stem) > 1 else f"{word} {stem}"
    return word


def _is_closed(syllable: str) -> bool:
    """Whether a syllable ends in a consonant."""
    return (ord(syllable) - 0xAC00) % 28 > 0
