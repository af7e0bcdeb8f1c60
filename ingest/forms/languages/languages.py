"""Language of a query or a text, by its words that carry grammar and no content."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from ingest.forms.terms import split_terms

ENGLISH = "en"
MIN_WORDS = 2
"""Function words that tell a language where none of them is a question word."""
STOP_WORDS = frozenset(
    """a about according an and any are as at be been but by can could did do does for from had has
    have how i if in into is it its many me most much my no not of on or our please s she should show
    so some such t tell than that the their them then there these they this those to was we were what
    when where which who whom whose why will with would you your""".split()
)
"""English words that carry grammar and no content."""
_KANA, _HANGUL = re.compile("[\u3041-\u30fa]"), re.compile("[\uac00-\ud7a3]")
_EAST_ASIAN = re.compile("[\u3041-\u30fa\u3400-\u9fff\uac00-\ud7a3]")
_FILE = Path(__file__).parent / "function-words.toml"


@dataclass(frozen=True, slots=True)
class FunctionWords:
    """Folded function words of a language; `questions` are among `words`."""

    words: frozenset[str]
    questions: frozenset[str]


@cache
def function_words() -> Mapping[str, FunctionWords]:
    """Function words by language (ISO 639-1), English apart."""
    read = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    found = {}
    for language, lists in read.items():
        questions = frozenset(split_terms(lists["questions"]))
        found[language] = FunctionWords(
            frozenset(split_terms(lists["words"])) | questions, questions
        )
    return found


@lru_cache(maxsize=1 << 10)
def languages_of(text: str) -> tuple[str, ...]:
    """Languages, other than English, whose function words a text has most of.

    None where English words are as many, or too few words tell. Related languages share
    their words, so there may be several.

    >>> languages_of("Wie hoch ist die Miete?"), languages_of("What is the rent?")
    (('de',), ())
    >>> languages_of("Las Vegas")
    ()
    """
    if script := _script_of(text):
        return (script,)
    counts, asked = _count(split_terms(text))
    most = max(counts.values(), default=0)
    best = tuple(each for each, count in counts.items() if count == most)
    if not most or ENGLISH in best:
        return ()
    return best if most >= MIN_WORDS or any(each in asked for each in best) else ()


def grammar_of(text: str) -> frozenset[str]:
    """Function words, folded, of the languages that a query may be in.

    >>> sorted(grammar_of("¿Cuánto cuesta la entrada?") & {"cuanto", "cuesta", "la"})
    ['cuanto', 'la']
    """
    known = function_words()
    spoken = (known[each].words for each in languages_of(text) if each in known)
    return STOP_WORDS.union(*spoken)


def grammar_share(text: str, language: str) -> float:
    """The share of a text's words that carry grammar in a language.

    >>> grammar_share("the keeper of the light", "en")
    0.6
    """
    words = split_terms(text)
    grammar = STOP_WORDS if language == ENGLISH else function_words()[language].words
    return sum(word in grammar for word in words) / max(len(words), 1)


def _script_of(text: str) -> str:
    """Japanese, Korean or Chinese by its script, where most letters are of it; else ""."""
    if text.isascii():
        return ""
    if 2 * len(_EAST_ASIAN.findall(text)) <= sum(map(str.isalpha, text)):
        return ""
    if _KANA.search(text):
        return "ja"
    return "ko" if _HANGUL.search(text) else "zh"


def _count(terms: Iterable[str]) -> tuple[Counter[str], set[str]]:
    """Function words by language, and the languages of which one is a question word."""
    counts: Counter[str] = Counter()
    asked = set()
    known = languages_by_word()
    for term in terms:
        for language, is_question in known.get(term, ()):
            counts[language] += 1
            if is_question:
                asked.add(language)
    return counts, asked


@cache
def languages_by_word() -> Mapping[str, tuple[tuple[str, bool], ...]]:
    """The languages of each function word, and whether it is a question word there."""
    found: dict[str, tuple[tuple[str, bool], ...]] = dict.fromkeys(STOP_WORDS, ((ENGLISH, False),))
    for language, lists in function_words().items():
        for word in lists.words:
            found[word] = (*found.get(word, ()), (language, word in lists.questions))
    return found
