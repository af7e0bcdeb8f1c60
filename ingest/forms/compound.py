"""Compound splitting: parts of Germanic compounds, and base forms of words.

Of German, Dutch and Scandinavian words. A compound is split where both sides, linking
letters aside, are words of the language's dictionary (simplemma's), or where the second is
and nothing is known of the first. Words whose inflection is not a suffix alone (Dächer) also
give their base form. Dictionaries are large and are loaded for texts in these languages
only, told by their function words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache

from ingest.forms.fold import fold
from ingest.forms.languages.languages import ENGLISH, languages_by_word
from ingest.forms.snowball import load_stemmer

MIN_COMPOUND = 8
MIN_PART = 4
"""Letters of a compound and of its parts: shorter parts are too often no parts."""
MIN_TAIL = 5
"""Letters of a second part after a first one that no dictionary has."""
MAX_COMPOUND = 48
MAX_CACHED = 1 << 15

_COMPOUNDING = frozenset({"de", "nl", "sv", "da", "no"})
_DICTIONARIES = {"no": "nb"}
_NOUNS_ARE_CAPITALIZED = frozenset({"de"})
_LINKS = {
    "de": ("", "s", "n", "en", "es", "er", "e"),
    "nl": ("", "s", "en", "n", "e"),
    "sv": ("", "s", "e", "a", "o"),
    "da": ("", "s", "e"),
    "no": ("", "s", "e"),
}
_PREFIXES = frozenset(
    "über unter hinter wider gegen zwischen zusammen durch nach wieder voll fehl miss weiter"
    " onder over tegen door voor achter samen terug under över mellan genom tillbaka mellem"
    " igennem efter mellom gjennom etter".split()
)
"""First parts after which the second says something else."""
_WORD = re.compile(r"[^\W\d_]+")


def compound_parts(text: str) -> list[str]:
    """Folded parts of the compounds of a text, each with its dictionary form.

    >>> compound_parts("Der Hafenkran ist neu und die Prüfung der Hafenkräne bestanden.")
    ['hafen', 'kran', 'hafen', 'krane', 'kran']
    """
    words = _WORD.findall(text)
    language = guess_compounding(words)
    if language is None:
        return []
    nouns = language in _NOUNS_ARE_CAPITALIZED
    return [
        part
        for word in words
        if len(word) >= MIN_PART and (word[0].isupper() or not nouns)
        for part in (*split_compound(word, language), *base_form(word, language))
    ]


def guess_compounding(words: Iterable[str]) -> str | None:
    """Language of a text, where it writes compounds as one word; else None."""
    language = guess_language(words)
    return language if language in _COMPOUNDING else None


def guess_language(words: Iterable[str]) -> str | None:
    """Language of which a text has the most function words; None without any."""
    known = languages_by_word()
    votes = Counter(language for word in words for language, _ in known.get(fold(word), ()))
    return max(votes, key=lambda language: (votes[language], language == ENGLISH), default=None)


@lru_cache(maxsize=MAX_CACHED)
def split_compound(word: str, language: str) -> tuple[str, ...]:
    """Folded parts of a compound with their dictionary forms; none of another word."""
    if not MIN_COMPOUND <= len(word) <= MAX_COMPOUND:
        return ()
    parts: list[str] = []
    for part in list(_split(word.lower(), language)) or _second_part(word.lower(), language):
        parts += [fold(part), fold(_look_up(part, language) or part)]
    return tuple(dict.fromkeys(parts))


@lru_cache(maxsize=MAX_CACHED)
def base_form(word: str, language: str) -> tuple[str, ...]:
    """Folded dictionary form of a word, where the index has another stem of it.

    >>> base_form("Häuser", "de"), base_form("Kran", "de")
    (('haus',), ())
    """
    base = _look_up(word.lower(), language) if len(word) <= MAX_COMPOUND else None
    if base is None or " " in base:
        return ()
    folded, stem = fold(base), load_stemmer("porter")().stemWord
    return (folded,) if stem(folded) != stem(fold(word)) else ()


def _second_part(word: str, language: str) -> list[str]:
    """The second part of a compound of which nothing is known of the first."""
    known = _look_up(word, language)
    if known and (known == word.capitalize() or language not in _NOUNS_ARE_CAPITALIZED):
        return []
    for at in range(MIN_PART, len(word) - MIN_TAIL + 1):
        if base := _look_up(word[at:], language):
            return [] if word[:at] in _PREFIXES or len(base) < MIN_TAIL else [word[at:]]
    return []


def _split(word: str, language: str) -> Iterator[str]:
    """Parts of the split with the longest last part; the first part is split further."""
    for at in range(MIN_PART, len(word) - MIN_PART + 1):
        head, tail = word[:at], word[at:]
        if not _look_up(tail, language):
            continue
        for link in _LINKS[language]:
            stem = head.removesuffix(link)
            if head.endswith(link) and len(stem) >= MIN_PART and _look_up(stem, language):
                yield from (*(_split(stem, language) if len(stem) >= MIN_COMPOUND else ()),)
                yield stem
                if len(tail) >= MIN_COMPOUND:
                    yield from _split(tail, language)
                yield tail
                return


def _look_up(part: str, language: str) -> str | None:
    """Dictionary form of a word of the language, a noun where these have capitals."""
    words = _dictionary(language)
    if language in _NOUNS_ARE_CAPITALIZED:
        return words.get(part.capitalize())
    return words.get(part)


@cache
def _dictionary(language: str) -> Mapping[str, str]:
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    return DefaultDictionaryFactory().get_dictionary(_DICTIONARIES.get(language, language))
