"""Spellings: second forms of a word, under which it is found too.

Accents as printed; ä, ö, ü, å, ø and æ as two letters, and two letters as one in
capitalized words (Mueller); words with a hyphen inside, or broken at a line end, as
one; Japanese characters as in Chinese; stems of Arabic, Cyrillic, Devanagari and Greek words by Snowball. The accents
as printed let exact spellings rank first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ingest.forms.fold import fold, keep_accents, normalize
from ingest.forms.han_variants import han_variants
from ingest.forms.look_alike import as_latin
from ingest.forms.parts_of_words import parts_of_words, without_signs
from ingest.forms.terms import LETTER, MARKS, UNSPACED, split_terms

STEM_MARK = "~"
"""Begins a stem, which no word does."""
_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"})
_PAIR = re.compile(r"(?<![aeiouqy])([aou])e(?!$)")
_WORD = re.compile(rf"{LETTER}+")
_HYPHENATED = re.compile(
    rf"(?<![\w-])(?:(?![\d{UNSPACED}_])[\w{MARKS}])+(?:[-\u2010] ?(?:(?![\d{UNSPACED}_])[\w{MARKS}])+)+"
)
_APOSTROPHE = re.compile(r"(?<!\w)(?:[OD]|Mc|Mac)['’](?=[A-Z])\w+")
"""Names whose first part some write to the second, O'Brien."""
_SPACED = re.compile(rf"(?<!\S)[{UNSPACED}](?: [{UNSPACED}])+(?!\S)")
"""Characters that are indexed in pairs, printed with spaces between."""
_ACCENTED = re.compile("[\u00c0-\u052f\u1e00-\u1fff]")
_STEMMERS = (
    (re.compile("[\u0600-\u06ff]"), "arabic"),
    (re.compile("[\u0400-\u052f]"), "russian"),
    (re.compile("[\u0900-\u097f]"), "hindi"),
    (re.compile("[\u0370-\u03ff\u1f00-\u1fff]"), "greek"),
)
_ATTACHED = re.compile("^[وفبك](?=ال\\w{3})")
"""Arabic conjunctions and prepositions before the article."""
MIN_STEM = 2


def page_spellings(text: str) -> Iterator[str]:
    """Second forms of the words of a text, in order; most words have none."""
    printed, text = text, normalize(text)
    for found in _WORD.finditer(text):
        word = found[0]
        if not word.isascii():
            yield from spellings(word)
        elif word[0].isupper():
            yield from as_one_letter(word)
    yield from han_variants(text)
    for spaced in _SPACED.finditer(text):
        yield from split_terms(spaced[0].replace(" ", ""))
    yield from _joined(text)
    yield from parts_of_words(printed)
    yield from without_signs(printed)


def query_spellings(text: str) -> list[str]:
    """Second forms to look for, in order, each once."""
    printed, text = text, normalize(text)
    found = [form for word in _WORD.findall(text) for form in spellings(word)]
    found += [*han_variants(text), *_joined(text), *without_signs(printed)]
    return list(dict.fromkeys(found))


@lru_cache(maxsize=1 << 16)
def spellings(word: str) -> tuple[str, ...]:
    """Second forms of one word that its folded form does not give.

    >>> spellings("Müller"), spellings("mill")
    (('müller', 'mueller'), ())
    """
    if word.isascii():
        return ()
    folded = fold(word)
    forms = [fold(latin)] if (latin := as_latin(word)) else []
    if _ACCENTED.search(word):
        accented = keep_accents(word)
        forms += [accented, fold(accented.translate(_TWO_LETTERS))]
    for script, language in _STEMMERS:
        if script.match(folded):
            import snowballstemmer  # type: ignore[import-untyped]

            stem = snowballstemmer.stemmer(language).stemWord(_ATTACHED.sub("", folded))
            forms += [STEM_MARK + stem] * (len(stem) >= MIN_STEM)
            break
    return tuple(dict.fromkeys(form for form in forms if form != folded))


@lru_cache(maxsize=1 << 14)
def as_one_letter(word: str) -> tuple[str, ...]:
    """A word with ae, oe or ue as one letter, where it has them; a final one is left."""
    small = word.lower()
    short = _PAIR.sub(r"\1", small)
    return (short,) if short != small else ()


def _joined(text: str) -> Iterator[str]:
    """Words with hyphens inside or before a line end, and names with an apostrophe, without."""
    for found in _HYPHENATED.finditer(text):
        yield fold(re.sub("[-\u2010 ]", "", found[0]))
    for found in _APOSTROPHE.finditer(text):
        yield fold(re.sub("['’]", "", found[0]))
