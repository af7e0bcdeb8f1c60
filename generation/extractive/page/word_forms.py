"""Word forms: terms of passages that are forms of a question's words.

Terms are compared by their English stems; a word that no page has is looked for in what is
derived from it ("audit" in "auditor"). For a question in another language each form of one
of its words counts as that word, by the Snowball stemmer of the language or by a long
common beginning, and a German verb as its participle ("holt ... ab" as "abgeholt").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import takewhile

from generation.extractive.page.passage import Passage
from generation.extractive.question.question_terms import question_stems
from ingest.forms.languages.languages import languages_of
from ingest.forms.snowball import load_stemmer

_STEMMERS = {
    "de": "german", "fr": "french", "es": "spanish", "it": "italian", "pt": "portuguese",
    "nl": "dutch", "sv": "swedish", "da": "danish", "no": "norwegian", "fi": "finnish",
    "pl": "polish", "cs": "czech", "hu": "hungarian", "ro": "romanian", "tr": "turkish",
    "id": "indonesian", "ru": "russian", "el": "greek", "ar": "arabic", "hi": "hindi",
}  # fmt: skip
MIN_LETTERS = 5
"""Letters of a word that another may be told by, at least."""
SHARED = 0.75
"""The share of the longer of two words that they begin with in common, as forms of one."""
MIN_STEM = 4
"""Letters of an English word that another is derived from, at least."""
_DERIVING = frozenset("er or en ing ion ist al ant ment ness less ful ish ic ity ship age".split())
_SEPARABLE = re.compile(
    r"(?P<prefix>ab|an|auf|aus|bei|ein|fest|her|hin|los|mit|nach|vor|weg|zu|zuruck|zusammen)"
    r"(?:ge|zu)(?P<verb>\w{3,})"
)
_ENDING = re.compile(r"(?:en|e|t|et|n)$")


def with_word_forms(question: str, passages: Sequence[Passage]) -> list[Passage]:
    """Passages with a question's words among their terms, for forms of them."""
    languages = languages_of(question)
    asked = sorted(question_stems(question))
    held = (p.terms | p.context_terms | (p.heads or frozenset()) for p in passages)
    vocabulary = frozenset[str]().union(*held)
    forms = _forms(asked, vocabulary, languages) if languages else _derived(asked, vocabulary)
    verbs = _separable(asked) if "de" in languages else {}
    if not forms and not verbs:
        return list(passages)
    return [_with_forms(passage, forms, verbs) for passage in passages]


def _with_forms(
    passage: Passage, forms: Mapping[str, frozenset[str]], verbs: Mapping[str, tuple[str, str]]
) -> Passage:
    unit = passage.unit
    terms = _add(unit.terms, forms)
    terms |= {word for word, parts in verbs.items() if _has_verb(unit.text, parts)}
    context = _add(unit.context_terms, forms)
    row = unit.row and replace(unit.row, heads=_add(unit.row.heads, forms))
    if terms == unit.terms and context == unit.context_terms and row == unit.row:
        return passage
    return replace(passage, unit=replace(unit, terms=terms, context_terms=context, row=row))


def _add(terms: frozenset[str], forms: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return terms.union(*(forms[term] for term in terms & forms.keys()))


def _forms(
    asked: Iterable[str], vocabulary: frozenset[str], languages: Sequence[str]
) -> dict[str, frozenset[str]]:
    """Words of the question by each term of the pages that is a form of them."""
    stems = [stem for each in languages if (stem := _stemmer(each))]
    found: dict[str, frozenset[str]] = {}
    for word in asked:
        roots = [{word, stem(word)} for stem in stems]
        for term in vocabulary:
            if term == word or term[:2] != word[:2]:
                continue
            # An English stem may be cut as short already as the language's.
            same = any({term, stem(term)} & root for stem, root in zip(stems, roots, strict=True))
            if same or _begin_alike(term, word):
                found[term] = found.get(term, frozenset()) | {word}
    return found


def _derived(asked: Iterable[str], vocabulary: frozenset[str]) -> dict[str, frozenset[str]]:
    """The same in English: derivations of those words that no page has ("auditor" of "audit")."""
    found: dict[str, frozenset[str]] = {}
    for word in asked:
        if word in vocabulary or len(word) < MIN_STEM:
            continue
        for term in vocabulary:
            short, long = sorted((word, term), key=len)
            if (
                long.startswith(short)
                and long[len(short) :] in _DERIVING
                and len(short) >= MIN_STEM
            ):
                found[term] = found.get(term, frozenset()) | {word}
    return found


def _begin_alike(one: str, other: str) -> bool:
    if min(len(one), len(other)) < MIN_LETTERS:
        return False
    pairs = zip(one, other, strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return shared >= SHARED * max(len(one), len(other))


@cache
def _stemmer(language: str) -> Callable[[str], str] | None:
    name = _STEMMERS.get(language)
    if name is None:
        return None
    return cache(load_stemmer(name)().stemWord)


def _separable(asked: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Prefix and stem of a German verb by each participle or infinitive of a question."""
    found = {}
    for word in asked:
        if match := _SEPARABLE.fullmatch(word):
            found[word] = (match["prefix"], _ENDING.sub("", match["verb"]))
    return found


def _has_verb(text: str, parts: tuple[str, str]) -> bool:
    """Whether a text has a verb and, behind it, its prefix."""
    prefix, verb = parts
    words = [word.strip(".,;:!?").lower() for word in text.split()]
    at = next((at for at, word in enumerate(words) if _ENDING.sub("", word) == verb), None)
    return at is not None and prefix in words[at + 1 :]
