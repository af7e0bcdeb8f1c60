"""Glossary: line items that a question for a ratio is about.

They are looked for by BM25 and the choice of candidates. A statement prints accounts and amounts, a question asks for what is computed of them.
The entries are data: one file a language beside this module, and the user's own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from ingest.forms.fold import fold
from ingest.forms.terms import UNSPACED, split_terms
from retrieval.query.terms import stem

NAMES = 1 << 13
"""Names of entries whose stems or letters are kept: every question is compared with them."""
_UNSPACED = re.compile(f"[{UNSPACED}]")
_SMALL = re.compile(r"[a-z]")


@dataclass(frozen=True, slots=True)
class Entry:
    """Names of a line item or a ratio, any of which a question may have.

    `items` are what a ratio is computed of, none for a line item. A `common` name counts
    only in a question with one of the `cues` of its file.
    """

    names: tuple[str, ...]
    items: tuple[str, ...] = ()
    common: bool = False
    cues: tuple[str, ...] = ()


@dataclass(frozen=True)
class Glossary:
    """Entries of several files, of which later ones add to those before."""

    entries: tuple[Entry, ...]

    def expand(self, question: str) -> tuple[str, ...]:
        """Expressions of FTS5 for the line items that a question is about; none for most.

        >>> entries = (Entry(("quick ratio",), ("cash",)), Entry(("cash", "bank balances")))
        >>> Glossary(entries).expand("What is the quick ratio?")
        ('"cash"', '"bank balances"')
        """
        text = _Question.of(question)
        found = [name for name in self._longest(text) if self._counts(name, text)]
        lines = [line for name in found for line in self._lines(name)]
        return tuple(_phrases(lines, found))

    def _longest(self, question: _Question) -> list[str]:
        """Names in a question, each word in one of them: the longest, then the first."""
        spans = sorted(
            (start - end, start, end, name)
            for first in {*question.stems, *question.words, ""}
            for name in self._by_first.get(first, ())
            for start, end in question.find(name)
        )
        taken: list[tuple[float, float, str]] = []
        for _, start, end, name in spans:
            if all(end <= a or b <= start or (start, end) == (a, b) for a, b, _ in taken):
                taken.append((start, end, name))
        return [name for _, _, name in taken]

    def _counts(self, name: str, question: _Question) -> bool:
        return any(
            not entry.common or any(map(question.has, entry.cues)) for entry in self._named[name]
        )

    def _lines(self, name: str) -> Iterator[str]:
        """Names of the line items that a name of the glossary stands for."""
        for entry in self._named[name]:
            for item in entry.items or (name,):
                yield item
                for line in self._named.get(item, ()):
                    yield from () if line.items else line.names

    @cached_property
    def _named(self) -> dict[str, list[Entry]]:
        named: dict[str, list[Entry]] = {}
        for entry in self.entries:
            for name in entry.names:
                named.setdefault(name, []).append(entry)
        return named

    @cached_property
    def _by_first(self) -> dict[str, list[str]]:
        """Names by the first stem or, in capitals, word; unspaced ones under the empty one."""
        by_first: dict[str, list[str]] = {}
        for name in self._named:
            if _UNSPACED.search(name):
                first = ""
            elif _is_capitals(name):
                first = _words(name)[0]
            else:
                first = _stems(name)[0]
            by_first.setdefault(first, []).append(name)
        return by_first


@dataclass(frozen=True, slots=True)
class _Question:
    """A question as stems, as words in their case, and as letters alone."""

    stems: Sequence[str]
    words: Sequence[str]
    letters: str

    @classmethod
    def of(cls, text: str) -> _Question:
        words = _words(text) if _SMALL.search(text) or _UNSPACED.search(text) else []
        return cls(_stems(text), words, _letters(text))

    def has(self, name: str) -> bool:
        return any(self.find(name))

    def find(self, name: str) -> Iterator[tuple[float, float]]:
        """Where a name begins and ends, as shares of the question."""
        if _UNSPACED.search(name):
            if (letters := _letters_of(name)) not in self.letters:
                return
            for found in re.finditer(re.escape(letters), self.letters):
                yield found.start() / len(self.letters), found.end() / len(self.letters)
            return
        text, parts = (
            (self.words, _words(name)) if _is_capitals(name) else (self.stems, _stems_of(name))
        )
        for at in range(len(text) - len(parts) + 1):
            if text[at : at + len(parts)] == parts:
                yield at / len(text), (at + len(parts)) / len(text)


def _phrases(lines: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    """Phrases of FTS5 for lines, but for those that are known or hold a shorter one."""
    stems = {line: _padded(_stems(line)) for line in lines}
    asked = {_padded(_stems(name)) for name in known}
    for line, own in stems.items():
        shorter = (other for other in stems.values() if other != own and other in own)
        if own not in asked and not any(shorter):
            asked.add(own)
            yield f'"{" ".join(split_terms(line))}"'


def _padded(stems: Sequence[str]) -> str:
    return f" {' '.join(stems)} "


def _is_capitals(name: str) -> bool:
    return name.isascii() and not _SMALL.search(name)


def _stems(text: str) -> list[str]:
    return [stem(term) for term in split_terms(text)]


@lru_cache(maxsize=NAMES)
def _stems_of(name: str) -> list[str]:
    return _stems(name)


@lru_cache(maxsize=NAMES)
def _letters_of(name: str) -> str:
    return _letters(name)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text))


def _letters(text: str) -> str:
    return "".join(letter for letter in fold(text) if letter.isalnum())
