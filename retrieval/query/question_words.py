"""Question words, particles and endings of Korean, Japanese and Chinese queries.

English has stop words for this. In these languages grammar is part of the words,
and character pairs made of it ("요금은" gives 금은, "무엇인가요" gives 엇인, 인가,
가요) are rare on pages, so BM25 would give them the highest weights. Closed lists,
no morphological analysis: a noun that ends like a particle (고양이) loses one pair.
"""

from __future__ import annotations

import re
import unicodedata

_HANGUL = re.compile("[\uac00-\ud7a3]+")
_QUESTION = re.compile(
    "(무엇|무슨|뭐|뭔|뭘|어떤|어느|어떻|어디|언제|누구|얼마|며칠|몇).{0,5}|누가|왜|왜죠"
    "|(알려|가르쳐|말해|보여|찾아|설명해)?(줘|줘요|주세요|주십시오|주시겠어요|줄래|달라)?"
    "|(?!하나$)(있|없|하|되|가|오|주|받|쓰|걸리|나오|열리|끝나|한|할|될|했|됐|합|됩|인|입|였|이었|가능한|가능하)"
    "(나요?|습니까|는지|니까|가요?|까요?|어요?|지요?|죠|니)"
    "|(대|관)(해|한|하여)|것|것[은이을]|및|또는|그리고"
)
"""Question words, requests and conjunctions with their endings."""
_ENDINGS = re.compile(
    "(인가요?|인지|입니까|이에요|예요|이야|이었나요|였나요|이었습니까|였습니까|이었지|였지"
    "|하나요|합니까|했나요|했습니까|하려면|하는지|했는지|해야|할까요|되나요|됩니까|됐나요|되는지"
    "|에서[는의도]?|에게서?|께서|에[는도]?|으로[는의도]?|로[는의도]?|까지|부터|보다|처럼|마다|이나|이란|이라는|라는|의|도|만)$"
)
"""Removed where at least two syllables are left."""
_COPULA = re.compile("(?<=^[대번분명개권장살월일시층])(인가요?|입니까|이에요|예요|일까요)$")
"""Removed after the one syllable of a counter too: "몇 대인가요"."""
_PARTICLES = {"은": True, "이": True, "을": True, "과": True, "는": False, "가": False}
_PARTICLES |= {"를": False, "와": False}
"""Whether a particle follows a consonant, or else a vowel; otherwise it is part of the word."""
_JAPANESE_QUESTION = (
    "(でしょう|です|ます|ました|ません)か|(教えて)?ください|教えて|て?も?いい(?=です|$)|あり(?=ます)|い(?=ますか)"
    "|いつ|どこ|どなた|だれ|誰|いくら|いくつ|どのくらい|どれくらい|どうやって|どう(?=です|すれ)|なぜ|どれ|どの|どんな"
    "|何(時間?|日間?|年間?|月|曜日|[人個本冊枚台回部階歳円分件名]|か月分?)?"
)
_CHINESE_QUESTION = (
    "是?(为什么|為什麼|什么时候|什麼時候|什么|什麼|多少|多久|多长时间|多長時間|怎么样?|怎麼|如何|何时|何時|哪里|哪裡|哪个|哪個"
    "|哪[天年些]|几[点个号天]|幾[點個號天]|谁|誰)(的?(?=\\W*$))?|[吗嗎呢的了](?=\\W*$)|请问|請問"
)
_CHINESE_JAPANESE = re.compile(f"{_JAPANESE_QUESTION}|{_CHINESE_QUESTION}")
_HAN_KANA = "[\u30a1-\u30fa\u30fc\u3400-\u9fff]"
_JAPANESE_PARTICLE = re.compile(
    rf"(?<={_HAN_KANA})(?:[はを]|(?:まで|から|より|[がにでともへの])(?={_HAN_KANA}|\d|\s|$|[、。？]))"
)
"""Particles between words in Chinese characters or katakana, which are cut apart there."""


def strip_question_words(text: str) -> str:
    """Remove question words and particles from a text in NFKC form.

    A one-syllable noun is kept with its particle and without.
    """
    text = unicodedata.normalize("NFKC", text)
    if not text.isascii():
        text = _JAPANESE_PARTICLE.sub(" ", _CHINESE_JAPANESE.sub(" ", text))
    return _HANGUL.sub(lambda run: _strip_word(run[0], text[: run.start()][-1:].isalnum()), text)


def _strip_word(word: str, attached: bool) -> str:
    """The rest of a run of Hangul; `attached` if it follows a word of another script or a number."""
    if _QUESTION.fullmatch(word) or (attached and (word in _PARTICLES or _ENDINGS.fullmatch(word))):
        return " "
    if copula := _COPULA.search(word):
        return word[: copula.start()]
    if (ending := _ENDINGS.search(word)) and ending.start() >= 2 - attached:
        word = word[: ending.start()]
    stem, last = word[:-1], word[-1]
    if stem and _PARTICLES.get(last) is _is_closed(stem[-1]):
        return stem if len(stem) > 1 else f"{word} {stem}"
    return word


def _is_closed(syllable: str) -> bool:
    """Whether a syllable ends in a consonant."""
    return (ord(syllable) - 0xAC00) % 28 > 0
