"""Gaps: what may stand between a quote and its label, and between what shares one."""

from __future__ import annotations

import re

from generation.citations.labels import PAGE_WORDS

MAX_GAP = 120
"""Characters between a quote and its label, at most."""

MAX_PARTICLES = 12
"""Characters of particles after a closing mark, in scripts that write them without a space."""

_CONNECTIVES = frozenset(
    "and or und oder sowie et ou y o e och och i oraz lub en of и или och ja ve"
    " 和 与 及 以及 と や および 와 과 및 그리고 و أو ו או".split()
)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,40}>")
_ASIDE = re.compile(r"[(（][^()（）\[\]【】［］\n]{0,80}[)）]")
_RUN = re.compile(r"[^\W_]+")
_UNSPACED = "\u1100"
_SENTENCE_END = re.compile(r"[.!?…](?=\s)|[。！？\n]")
_ITEM = re.compile(r"\s*\d{1,3}[.)]\s")
_BLANK_LINE = re.compile(r"\n[ \t>]*\n")


def joins_label(between: str) -> bool:
    """Whether a quote that ends before `between` belongs to the label after it.

    >>> joins_label('** ('), joins_label("라고 "), joins_label(" is high ")
    (True, True, False)
    """
    if len(between) > MAX_GAP or _BLANK_LINE.search(between):
        return False
    bare = _ASIDE.sub(" ", _TAG.sub(" ", between))
    runs = [run for run in _RUN.findall(bare) if run.casefold() not in PAGE_WORDS]
    # 라고 [3], という記載［5］: only what begins at the mark itself is a particle.
    return not runs or (bare.startswith(runs[0]) and _are_particles("".join(runs)))


def joins_labels(between: str) -> bool:
    """Whether two labels with `between` between them stand for one place."""
    if len(between) > MAX_GAP or re.search(r"[.!?:。！？：\n|]", between):
        return False
    return _has_only(_TAG.sub(" ", between), PAGE_WORDS | _CONNECTIVES)


def leads_to_quote(between: str, *, alone: bool) -> bool:
    """Whether a label before `between` belongs to the quote after it.

    `alone` where nothing but the label stands before it on its line.
    """
    if len(between) > MAX_GAP or (not alone and _SENTENCE_END.search(between)):
        return False
    bare = _TAG.sub(" ", between)
    return bare.count("\n") <= 1 and _has_only(bare, PAGE_WORDS)


def joins_quotes(between: str) -> bool:
    """Whether two quotes with `between` between them share the label after the second."""
    return (
        len(between) <= MAX_GAP
        and not _SENTENCE_END.search(between)
        and _has_only(_TAG.sub(" ", between), _CONNECTIVES)
    )


def is_bare(head: str) -> bool:
    """Whether the head of a line, up to a label, only says what the label is."""
    return _has_only(_TAG.sub(" ", _ITEM.sub("", head, count=1)), PAGE_WORDS)


def is_one_sentence(between: str) -> bool:
    """Whether no sentence and no line ends in `between`."""
    return len(between) <= MAX_GAP and not _SENTENCE_END.search(between)


def is_first_word(rest: str) -> bool:
    """Whether a text after a label has come to a word that is no part of a citation."""
    runs = _RUN.findall(rest)
    return bool(runs) and runs[0].casefold() not in PAGE_WORDS | _CONNECTIVES


def _has_only(text: str, words: frozenset[str]) -> bool:
    return all(run.casefold() in words for run in _RUN.findall(text))


def _are_particles(letters: str) -> bool:
    return len(letters) <= MAX_PARTICLES and all(letter >= _UNSPACED for letter in letters)
