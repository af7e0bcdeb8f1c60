"""Page limits: how many words, characters and figures of a page are kept.

What follows costs by the word and the figure: encoding, storing, citing. A page
of a few kilobytes may print millions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingest.box import area
from ingest.files.source import MAX_WORDS, PageImage
from ingest.page import Box
from ingest.reading.text_line import TextLine

MAX_CHARACTERS = 250_000
"""Characters of the words of a page; a broadsheet page has about 60,000."""
MAX_FIGURES = 50
"""As many figures of the least size cover a page."""
WORDS_LEFT_OUT = f"Only the first {MAX_WORDS:,} words of the page are read."
CHARACTERS_LEFT_OUT = f"Only the first {MAX_CHARACTERS:,} characters of the page are read."
FIGURES_LEFT_OUT = f"Only the {MAX_FIGURES} largest images of the page are searched."


def limit_page(page: PageImage) -> PageImage:
    """Page within the limits, with a note where something was left out."""
    lines, note = _limit_lines(page.lines)
    figures = page.figures
    if len(figures) > MAX_FIGURES:
        figures, note = _largest(figures), note or FIGURES_LEFT_OUT
    return replace(page, lines=lines, figures=figures, note=page.note or note)


def _limit_lines(lines: tuple[TextLine, ...]) -> tuple[tuple[TextLine, ...], str]:
    """Lines up to the last word that is kept, and what is said of the rest."""
    kept: list[TextLine] = []
    words = characters = 0
    for line in lines:
        for at, word in enumerate(line.words):
            words += 1
            characters += len(word.text)
            if words > MAX_WORDS or characters > MAX_CHARACTERS:
                if at:
                    kept.append(replace(line, words=line.words[:at]))
                return tuple(kept), WORDS_LEFT_OUT if words > MAX_WORDS else CHARACTERS_LEFT_OUT
        kept.append(line)
    return lines, ""


def _largest(figures: Sequence[Box]) -> tuple[Box, ...]:
    """The largest figures, in their order on the page."""
    by_area = sorted(range(len(figures)), key=lambda at: -area(figures[at]))
    return tuple(figures[at] for at in sorted(by_area[:MAX_FIGURES]))
