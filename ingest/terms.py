"""Split text into the terms that lexical search counts.

Latin, Greek, Cyrillic and such words are left whole (SQLite's Porter stemmer
takes the English ones further); runs of Chinese, Japanese and Korean, which are
written with few spaces or with endings grown on, become overlapping pairs of
characters, so that any substring of two or more characters is found.
"""

from __future__ import annotations

import re
import unicodedata

_CJK = "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"(?P<cjk>[{_CJK}]+)|(?P<word>(?:(?![{_CJK}_])\w)+)")


def split_terms(text: str) -> list[str]:
    """Return lower-case terms in reading order: words, and character pairs of CJK runs."""
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


def as_match(term: str) -> str:
    """The term as FTS5 matches it: a single CJK character also where a longer run has it before another one."""
    alone = len(term) == 1 and re.match(f"[{_CJK}]", term)
    return f'"{term}"*' if alone else f'"{term}"'
