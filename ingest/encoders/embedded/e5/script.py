"""Script of a text: whose sample of texts its embedding is centred on."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping

import numpy as np

from ingest.page import Vectors

SCRIPTS = {
    "ARABIC": "ARABIC",
    "CJK": "HAN",
    "CYRILLIC": "CYRILLIC",
    "DEVANAGARI": "DEVANAGARI",
    "HANGUL": "HANGUL",
    "HIRAGANA": "KANA",
    "KATAKANA": "KANA",
    "LATIN": "LATIN",
}
"""The first word of a letter's Unicode name, and the script's name here."""


def find_script(text: str) -> str:
    """The script of most of a text's letters; "" where it is another, or none.

    Any kana makes a text Japanese, which is written with Han too.

    >>> find_script("GPU 서버의 가격"), find_script("東京の夜"), find_script("42")
    ('HANGUL', 'KANA', '')
    """
    counts: Counter[str] = Counter()
    for sign in text:
        if sign.isalpha():
            counts[SCRIPTS.get(unicodedata.name(sign, "").split(" ")[0], "")] += 1
    if counts["KANA"]:
        return "KANA"
    return max(counts, key=lambda script: counts[script]) if counts.total() else ""


def script_mean(means: Mapping[str, Vectors], text: str) -> Vectors:
    """The mean (dim,) of texts in a text's script, or of all; `means` are by script."""
    found = means.get(find_script(text))
    return np.asarray(np.mean(list(means.values()), axis=0)) if found is None else found
