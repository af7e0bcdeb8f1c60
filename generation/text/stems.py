"""Stems of a text: content words, and acronyms such as IT and WHO."""

from __future__ import annotations

from ingest.forms.whole.signs import find_acronyms
from retrieval.query.terms import content_stems


def text_stems(text: str) -> frozenset[str]:
    """Stems of a text's content words and acronyms.

    >>> sorted(text_stems("When does IT move?")), sorted(text_stems("When does it move?"))
    (['IT', 'move'], ['move'])
    """
    acronyms = frozenset(form.keys[0].upper() for form in find_acronyms(text))
    return content_stems(text) | acronyms if acronyms else content_stems(text)
