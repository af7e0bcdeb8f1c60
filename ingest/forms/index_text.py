"""Index text: what of a page's words goes into the full-text index."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.forms.compound import compound_parts
from ingest.forms.spelling import page_spellings
from ingest.forms.terms import UNSPACED, split_terms
from ingest.forms.whole.find_forms import find_whole_forms
from ingest.page import Word

_BROKEN = re.compile(f"[{UNSPACED}]{{2}}")


@dataclass(frozen=True, slots=True)
class IndexText:
    """Tokens of a page, with spaces between.

    `body` are the terms of its words in order; `forms`, each once, are second forms of
    its words, parts of its compounds, and its dates, amounts and identifiers as a whole.
    """

    body: str
    forms: str


def index_words(words: Sequence[Word], captions: Iterable[str] = ()) -> IndexText:
    """Index text of a page's words and captions."""
    return index_text(" ".join([join_words(words), *captions]))


def index_text(text: str) -> IndexText:
    """Index text of a text.

    >>> index_text("Item AB-1234/5")
    IndexText(body='item ab 1234 5', forms='=ab-1234/5: identifier:ab1234-5: identifier?ab12345:')
    """
    forms = [*page_spellings(text), *compound_parts(text)]
    for whole in find_whole_forms(text):
        forms += whole.page_tokens
    return IndexText(" ".join(split_terms(text)), " ".join(dict.fromkeys(forms)))


def join_words(words: Sequence[Word]) -> str:
    """Join words to text: no space at line ends within text without spaces.

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
