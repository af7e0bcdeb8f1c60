"""Terms: folded words, and character pairs of text without spaces between words.

Runs of Chinese, Japanese, Korean and Thai, which are written with few spaces or with
endings grown on, become overlapping pairs of characters, so that any substring of two or more
characters is found; a Korean compound is found by its parts. SQLite's Porter stemmer
takes English words further.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from itertools import chain

from ingest.forms.fold import fold

UNSPACED = (
    "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u318f\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Characters that are indexed in pairs, as ranges of a regular expression:
Thai, Lao, Burmese, Khmer, Chinese, Japanese and Korean."""


def _ranges_of_marks() -> str:
    """Combining marks, as ranges of a regular expression; `re` has no class for them."""
    # Between these blocks are Chinese, Korean and private characters, and none of them is a mark.
    blocks = (range(0x300, 0x3100), range(0xA660, 0xAC00), range(0xFB00, 0xFE30))
    marks = [c for c in chain(*blocks) if unicodedata.category(chr(c)) in ("Mn", "Mc")]
    ranges: list[list[int]] = []
    for code in marks:
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


MARKS = _ranges_of_marks()
LETTER = rf"(?:(?![{UNSPACED}_])[\w{MARKS}])"
"""Letter, digit or mark of a script with spaces."""
_RUN = re.compile(rf"(?P<pairs>[{UNSPACED}]+)|(?P<word>{LETTER}+)")
_ALONE = re.compile(f"[{UNSPACED}]")


def split_terms(text: str) -> list[str]:
    """Split text into folded terms, in reading order.

    Terms are words, and character pairs of runs without spaces.

    >>> split_terms("Café 漢字表")
    ['cafe', '汉字', '字表']
    """
    terms: list[str] = []
    for run in _RUN.finditer(fold(text)):
        if word := run["word"]:
            terms.append(sys.intern(word))
        else:
            letters = run["pairs"]
            terms.extend(letters[i : i + 2] for i in range(len(letters) - 1))
            if len(letters) == 1:
                terms.append(letters)
    return terms


def is_single(term: str) -> bool:
    """Whether a term is one character of a script that is indexed in pairs."""
    return len(term) == 1 and _ALONE.match(term) is not None
