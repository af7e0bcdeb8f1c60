"""Foreign words: those of a question in another language than the pages.

A question in Latin letters is told by its function words, as it may be in the pages'
language; any other by its script. Words that some page has are never foreign.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from ingest.encoders.embedded.e5.script import find_script
from ingest.forms.terms import LETTER, UNSPACED, split_terms
from retrieval.query.question_words import strip_question_words

CountPages = Callable[[Iterable[str]], Mapping[str, int]]
MIN_VOTES = 2
"""Function words of another language that a question has at least, and more than English ones."""
SPOKEN = 0.1
"""A language whose function words are on a larger share of the pages is theirs."""
MIN_UNKNOWN = 0.5
"""A question of whose words no larger share is on no page is in the pages' language."""
MAX_WORDS = 16
MIN_LETTERS, MIN_LATIN = 3, 4
MAX_RUN = 4
"""Chinese characters in a row that may be one word; of longer rows each pair is taken for one."""
_FUNCTION_WORDS = {
    "en": """the of and to in is that for with as on by are this be at from it was not a an what how
    who when where which why does do did can many much i my there has have""",
    "de": """und der die das ist von mit für den dem des im nicht ein eine einen einer auf zu zum zur
    wird bei wie was wer wo wann warum wozu welche welcher welches welchen kann muss darf man ich sich
    wir sind hat haben soll werden über nach aus viel viele gibt""",
    "fr": """le la les de des du un une est pour que dans qui sur par au aux l d qu comment quel quelle
    quels quelles quand où combien pourquoi quoi puis peut doit faut faire je ce cette il elle on avec
    sont ont y en ne pas se""",
    "es": """el la los las de del y que en un una es por con para se al qué quién cuándo dónde cómo
    cuál cuáles cuánto cuánta cuántos cuántas puedo puede debe hay hacer su son está""",
    "it": """il la lo le gli di che e un una per con del della dei delle è nel nella i al come cosa chi
    quando dove quale quali quanto quanti perché posso può si sono deve""",
    "pt": """o a os as de do da dos das e que em um uma para com não por no na como qual quais quem
    quando onde quanto quantos posso pode se é são deve""",
    "nl": """de het een van is op te dat voor met zijn niet aan door naar bij ook wordt hoe wat wie waar
    wanneer waarom welke welk kan moet ik je er hoeveel en""",
    "sv": """och att det som är en ett på för av med den till inte har från vid hur vad vem när var
    varför vilken vilket kan jag man många""",
    "da": """og at det er en et på af med den til ikke har fra ved for hvordan hvad hvem hvornår hvor
    hvorfor hvilken hvilket kan jeg man mange""",
    "pl": """i w z na do nie się jest to że jak co kto kiedy gdzie dlaczego czy który która które ile
    można przez dla od po""",
    "tr": "ve bir bu için ile nasıl ne nedir kim zaman nerede neden hangi kaç mı mi mu mü olarak var",
}
_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _words in _FUNCTION_WORDS.items():
    for _word in _words.split():
        _LANGUAGES_OF.setdefault(_word, []).append(_language)
_ENGLISH = frozenset(_FUNCTION_WORDS["en"].split())
_WORD = re.compile(rf"{LETTER}+|[{UNSPACED}]+")
_HANGUL = re.compile("[\uac00-\ud7a3]{2,}")
_JAPANESE = re.compile("[\u4e00-\u9fff\u3005]{2,}|[\u30a1-\u30ff]{2,}")
_CHINESE = re.compile("[^\\W的了和与與在是被将將对對从從到为為把给給中]{2,}")


def foreign_words(question: str, count_pages: CountPages, page_count: int) -> list[str]:
    """Words of a question that no page has; none of one in the pages' language.

    Args:
        count_pages: how many pages have each of some terms, or pairs in a row.

    >>> foreign_words("Wo ist die Lampe?", lambda terms: dict.fromkeys(terms, 0), 9)
    ['lampe']
    >>> foreign_words("Where is the lamp?", lambda terms: dict.fromkeys(terms, 0), 9)
    []
    """
    script = find_script(question)
    small: frozenset[str] = frozenset()
    if script == "LATIN":
        small = _foreign_function_words(question)
        if not small or _are_spoken(small, count_pages, page_count):
            return []
    words = [word for word in _words_in(question, script) if word not in small]
    terms = {word: " ".join(split_terms(word)) for word in words}
    found = count_pages([term for term in terms.values() if term])
    unknown = [word for word in words if (term := terms[word]) and not found[term]]
    return unknown[:MAX_WORDS] if len(unknown) > MIN_UNKNOWN * len(words) else []


def _foreign_function_words(question: str) -> frozenset[str]:
    """Function words of the language that a question has most of; none where that is English."""
    words = [word.lower() for word in _WORD.findall(question)]
    votes = Counter(language for word in words for language in _LANGUAGES_OF.get(word, ()))
    best, most = max(votes.items(), key=lambda vote: vote[1], default=("", 0))
    if most < MIN_VOTES or most <= votes["en"]:
        return frozenset()
    return frozenset(word for word in words if best in _LANGUAGES_OF.get(word, ()))


def _are_spoken(small: frozenset[str], count_pages: CountPages, page_count: int) -> bool:
    """Whether the pages are in the language of function words, those of English not counted."""
    terms = {split_terms(word)[0] for word in small - _ENGLISH}
    found = count_pages(terms)
    return bool(terms) and statistics.median(found[t] for t in terms) > SPOKEN * page_count


def _words_in(question: str, script: str) -> list[str]:
    """Words of a question in its script, each once, without particles."""
    text = strip_question_words(question)
    if script == "HANGUL":
        words = _HANGUL.findall(text)
    elif script == "KANA":
        words = _JAPANESE.findall(text)
    elif script == "HAN":
        runs = [run for run in _CHINESE.findall(text) if find_script(run) == "HAN"]
        words = [part for run in runs for part in _parts(run)]
    else:
        least = MIN_LATIN if script == "LATIN" else MIN_LETTERS
        words = [
            word.lower()
            for word in _WORD.findall(text)
            if len(word) >= least and word.isalpha() and find_script(word) == script
        ]
    return list(dict.fromkeys(words))


def _parts(run: str) -> list[str]:
    if len(run) <= MAX_RUN:
        return [run]
    return [run[at : at + 2] for at in range(len(run) - 1)]
