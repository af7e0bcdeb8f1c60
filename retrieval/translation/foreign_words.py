"""Foreign words: those of a question in another language than the pages.

A question in Latin letters is told by its function words, as it may be in the pages'
language; any other by its script. Words that some page has are never foreign.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterable, Mapping

from ingest.encoders.embedded.e5.script import find_script
from ingest.forms.languages.languages import STOP_WORDS, function_words, languages_of
from ingest.forms.terms import LETTER, UNSPACED, split_terms
from retrieval.query.question_words import strip_question_words

CountPages = Callable[[Iterable[str]], Mapping[str, int]]
SPOKEN = 0.1
"""A language whose function words are on a larger share of the pages is theirs."""
MIN_UNKNOWN = 0.5
"""A question of whose words no larger share is on no page is in the pages' language."""
MAX_WORDS = 16
MIN_LETTERS, MIN_LATIN = 3, 4
MAX_RUN = 4
"""Chinese characters in a row that may be one word; of longer rows each pair is taken for one."""
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
    """Function words of a question in another language; none of one in English."""
    known = function_words()
    held = frozenset().union(
        *(known[each].words for each in languages_of(question) if each in known)
    )
    words = (word.lower() for word in _WORD.findall(question))
    return frozenset(w for w in words if (terms := split_terms(w)) and held.issuperset(terms))


def _are_spoken(small: frozenset[str], count_pages: CountPages, page_count: int) -> bool:
    """Whether the pages are in the language of function words, those of English not counted."""
    terms = {split_terms(word)[0] for word in small} - STOP_WORDS
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
