"""Letter likelihood: how likely a text's letters are in the best language.

A trigram model of letters, interpolated with bigrams and single letters, for each
language whose counts the package langdetect carries (Wikipedia, 46 languages). For
Chinese and Japanese the share of common characters stands in for it.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from langdetect.utils.ngram import NGram

LATIN = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "sv", "da", "no", "fi", "cs", "hu"),
    *(
        "ro",
        "ca",
        "hr",
        "sk",
        "sl",
        "lt",
        "lv",
        "et",
        "sq",
        "vi",
        "id",
        "tl",
        "sw",
        "so",
        "af",
        "cy",
    ),
)
CJK = "CJK"
LANGUAGES = {
    "LATIN": LATIN,
    "CYRILLIC": ("ru", "uk", "bg", "mk"),
    "GREEK": ("el",),
    "ARABIC": ("ar", "fa", "ur"),
    "HEBREW": ("he",),
    "DEVANAGARI": ("hi", "mr", "ne"),
    CJK: ("zh-cn", "zh-tw", "ja"),
}
"""Languages by the script of their letters, as Unicode's character names begin."""

WEIGHTS = (0.72, 0.25, 0.03)
"""Interpolation weights of trigram, bigram and letter."""
RARE = -6.0
"""Nats a letter of Chinese or Japanese that is none of the common characters."""
FLOOR = 1e-5
"""Probability of a letter that a language does not have."""
FLUENT = -3.7
"""Nats a letter; prose of a known language is above it, a substitution cipher below."""
ENOUGH = -3.0
"""Nats a letter; a language that gives more is taken without a look at the others."""
MAX_LETTERS = 600
"""Letters of a text that are looked at."""

_LETTERS = re.compile(r"[^\W\d_]+")


class LetterModel:
    """Trigram model of the letters of one language."""

    def __init__(self, language: str) -> None:
        profile = json.loads(files("langdetect.profiles").joinpath(language).read_text("utf-8"))
        self._counts: Counter[str] = Counter()
        for gram, count in profile["freq"].items():
            self._counts[gram.lower()] += count
        self._letters = sum(n for gram, n in self._counts.items() if len(gram) == 1)
        # The counts have no blank of its own: a word has five letters or so.
        self._counts[" "] = self._letters // 5

    def log_likelihood(self, word: str) -> float:
        """Log-likelihood of the letters of a word, in nats; its end is left out."""
        if script_of(word) == CJK:
            return RARE * sum(character not in self._counts for character in word)
        padded = f" {word}"
        return sum(
            math.log(max(self._probability(padded[max(at - 2, 0) : at], padded[at]), FLOOR))
            for at in range(1, len(padded))
        )

    def _probability(self, before: str, letter: str) -> float:
        counts = self._counts
        three, two, one = WEIGHTS
        single = counts[letter] / self._letters
        double = counts[before[-1] + letter] / max(counts[before[-1]], 1)
        triple = counts[before + letter] / max(counts[before], 1) if len(before) > 1 else double
        return min(three * triple + two * double + one * single, 1.0)


@cache
def _model(language: str) -> LetterModel:
    return LetterModel(language)


def letter_likelihood(text: str) -> float | None:
    """Mean log-likelihood of a letter in nats, each script in its best language.

    None for a text without letters, or in scripts of no known language.
    """
    by_script: dict[str, list[str]] = defaultdict(list)
    for word in letter_words(text):
        by_script[script_of(word)].append(word)
    total, letters = 0.0, 0
    for script, words in by_script.items():
        length = sum(map(len, words))
        if (found := _best_likelihood(words, length, LANGUAGES.get(script, ()))) is not None:
            total, letters = total + found * length, letters + length
    return total / letters if letters else None


def _best_likelihood(words: Sequence[str], length: int, languages: Sequence[str]) -> float | None:
    """Mean log-likelihood of the letters of words in the best of some languages."""
    best: float | None = None
    for language in languages if length else ():
        found = sum(map(_model(language).log_likelihood, words)) / length
        if found >= ENOUGH:
            return found
        best = found if best is None else max(best, found)
    return best


def letter_words(text: str) -> Sequence[str]:
    """Runs of letters in small letters, about `MAX_LETTERS` of them at most."""
    composed = unicodedata.normalize("NFKC", text)[: 3 * MAX_LETTERS].lower()
    words, length = [], 0
    for word in _LETTERS.findall(composed):
        if length >= MAX_LETTERS:
            break
        words.append("".join(map(NGram.normalize, word)).strip())
        length += len(words[-1])
    return [word for word in words if word]


def script_of(text: str) -> str:
    """The script of most letters of a text; empty where it has none."""
    scripts = Counter(_script(c) for c in text[:200] if c.isalpha())
    return scripts.most_common(1)[0][0] if scripts else ""


@cache
def _script(character: str) -> str:
    script = unicodedata.name(character, "").partition(" ")[0].partition("-")[0]
    return CJK if script in {"HIRAGANA", "KATAKANA"} else script
