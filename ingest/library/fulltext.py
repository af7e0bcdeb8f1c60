"""Terms of lexical search: words, and character pairs of CJK text.

Latin, Greek, Cyrillic and such words are left whole (SQLite's Porter stemmer
takes the English ones further); runs of Chinese, Japanese and Korean, which are
written with few spaces or with endings grown on, become overlapping pairs of
characters, so that any substring of two or more characters is found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from ingest.page import Word

_CJK = "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"(?P<cjk>[{_CJK}]+)|(?P<word>(?:(?![{_CJK}_])\w)+)")

_BROKEN = re.compile(f"[{_CJK}]{{2}}")


def split_terms(text: str) -> list[str]:
    """Split text into lower-case terms, in reading order.

    Terms are words, and character pairs of CJK runs.
    """
    terms: list[str] = []
    for run in _RUN.finditer(unicodedata.normalize("NFKC", text).lower()):
        if word := run["word"]:
            terms.append(word)
        else:
            cjk = run["cjk"]
            terms.extend(cjk[i : i + 2] for i in range(len(cjk) - 1))
            if len(cjk) == 1:
                terms.append(cjk)
    return terms


def join_words(words: Sequence[Word]) -> str:
    """Join words to text for `split_terms`: no space at line ends within CJK text.

    These break lines within words (Korean may), and the pair across would be
    lost; where the line did end with a word, there is a pair too many.
    """
    parts = [word.text for word in words[:1]]
    for before, here in pairwise(words):
        below = here.box[1] > (before.box[1] + before.box[3]) / 2
        broken = below and here.box[0] < before.box[2]
        if not (broken and _BROKEN.match(before.text[-1:] + here.text[:1])):
            parts.append(" ")
        parts.append(here.text)
    return "".join(parts)


def as_match(term: str) -> str:
    """FTS5 query of a term: a single CJK character matches as the head of a pair too."""
    alone = len(term) == 1 and re.match(f"[{_CJK}]", term)
    return f'"{term}"*' if alone else f'"{term}"'
