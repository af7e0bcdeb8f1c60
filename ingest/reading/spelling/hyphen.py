"""Line-end hyphens: words broken at the end of a line, put together."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

from tokenizers.models import WordPiece

from ingest.encoders.embedded.weights import BERT_VOCAB
from ingest.forms.compound import guess_language

SOFT = "\u00ad"
_BROKEN = re.compile(rf"(.*[^\W_]['’]?)[-\u2010\u00ac{SOFT}]", re.DOTALL)
_REPEATED = re.compile("[-\u2010][^\\W\\d_]{2}")
"""The hyphen of a compound, once more before its second part: in Polish, Czech, Portuguese."""
_SUSPENDED = frozenset("und oder bis bzw sowie and or to et ou of en y o e och og eller ja".split())
"""What follows a hyphen that stands for a part left out, as in "Vor- und Nachteile"."""


def join_broken(first: str, second: str, printed: Collection[str]) -> str | None:
    """Word made of the last of a line and the first of the next; None for two words.

    A hyphen stays where a capital or a digit follows it, where the page prints the word
    with it elsewhere (`printed`: words of the page, folded), and where both parts are
    common English words and the whole is none.

    >>> join_broken("spectro-", "photometer", ()), join_broken("AB-", "1234", ())
    ('spectrophotometer', 'AB-1234')
    >>> join_broken("Vor-", "und", ()) is None
    True
    >>> join_broken("biało-", "-czerwony", ()), join_broken("dell'-", "isola", ())
    ('biało-czerwony', "dell'isola")
    """
    found = _BROKEN.fullmatch(first)
    if found and _REPEATED.match(second):
        return found[1] + second
    if not found or not second[:1].isalnum():
        return None
    head, hyphen = found[1], first[-1]
    if head[-1] in "'’":
        return head + second
    if hyphen in (SOFT, "\u00ac"):  # "not sign": how some OCR engines write a soft hyphen
        return head + second
    if not second[0].islower() and (second[0].upper() != second[0] or not second[0].isalpha()):
        return f"{head}-{second}"  # a digit; or a script without capitals
    bare = second.rstrip(".,;:!?)")
    if bare.lower() in _SUSPENDED:
        return None
    if second[0].isupper() or not head[-1].isalpha():
        return f"{head}-{second}" if not head.isupper() or not second.isupper() else head + second
    return f"{head}-{second}" if _keeps_hyphen(head, bare, printed) else head + second


def _keeps_hyphen(head: str, tail: str, printed: Collection[str]) -> bool:
    head, tail = head.casefold().lstrip("(\"'“„«"), tail.casefold()
    if head + tail in printed:
        return False
    if f"{head}-{tail}" in printed:
        return True
    if guess_language(printed) not in (None, "en"):
        return False
    common = _common_words()
    whole = "".join(head.split("-")) + tail
    return head in common and tail in common and whole not in common and len(head) > 2


@cache
def _common_words() -> frozenset[str]:
    """Words of English that BERT's vocabulary has whole."""
    return frozenset(WordPiece.read_file(str(BERT_VOCAB.verified())))


def drop_soft_hyphens(text: str) -> str:
    """Text without soft hyphens, which only say where a word may be broken.

    One at the end stays: the word may be broken there.
    """
    if SOFT not in text:
        return text
    return text[:-1].replace(SOFT, "") + text[-1]
