"""Variants of Chinese characters: Japanese forms and forms in names, as Chinese.

What folding does not make equal: 桜 and 樱, 渡辺 and 渡邉, 髙 and 高. They give second forms,
so that a page that has a form as typed ranks no lower than before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from ingest.forms.fold import fold
from ingest.forms.terms import split_terms

if TYPE_CHECKING:
    from opencc import OpenCC

_IN_NAMES = dict(
    zip(
        "邉髙﨑嵜碕嶋嶌𠮷冨濵桒舘栁斉齊槗𣘺淸靑籐",
        "邊高崎崎崎島島吉富濱桑館柳齋齋橋橋清青藤",
        strict=True,
    )
)
"""Forms that names are written in, each with the usual one."""
_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")


def han_variants(text: str) -> Iterator[str]:
    """Terms of a normalized text in one form of their characters, if another.

    >>> list(han_variants("桜の渡辺様"))
    ['樱', '渡边', '边样']
    """
    if text.isascii():
        return
    for run in _RUN.finditer(text):
        letters = run[0]
        one = "".join(map(_one_form, letters))
        if one != fold(letters):
            own = split_terms(letters)
            yield from (
                form for form, term in zip(split_terms(one), own, strict=True) if form != term
            )


@cache
def _one_form(letter: str) -> str:
    letter = _IN_NAMES.get(letter, letter)
    return fold(str(_to_traditional().convert(letter)))


@cache
def _to_traditional() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("jp2t")
