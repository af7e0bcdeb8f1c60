"""Main passages: what a page says, or what the pages of a document are about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from generation.extractive.passage import Passage, read_passages, running_titles, without_numbers
from generation.prompt import Prompt

MAX_QUOTED = 12
"""Passages that are quoted of the pages that were asked for."""
OF_SUMMARY = 2
"""Passages of a page in a summary: its heading and a sentence."""
_ASIDE = ("header", "footer", "hidden", "note", "caption")


def main_passages(prompt: Prompt) -> list[Passage]:
    """Passages to quote for `prompt.task`, in the order of the pages.

    Of pages that were asked for the first ones in reading order; for a summary of each
    page its heading and first sentence. Running heads and the like are left out.
    """
    passages = read_passages(prompt)
    titles = running_titles(passages) if len(prompt.evidence) > 1 else frozenset()
    main = [p for p in passages if _is_main(p) and without_numbers(p.text) not in titles]
    if prompt.task == "page":
        return main[: MAX_QUOTED * len(prompt.evidence)]
    pages = [list(some) for _, some in groupby(main, key=lambda p: p.evidence.label)]
    return [passage for page in pages for passage in _summary(page)]


def _is_main(passage: Passage) -> bool:
    role = passage.evidence.words[passage.start].role
    return role not in _ASIDE and any(letter.isalnum() for letter in passage.text)


def _summary(page: Sequence[Passage]) -> Iterator[Passage]:
    """The heading of a page, if it begins with one, and its first sentence."""
    for at, passage in enumerate(page[:OF_SUMMARY]):
        if at == 0 or page[0].short:
            yield passage
