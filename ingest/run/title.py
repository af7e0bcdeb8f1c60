"""Find out what a document calls itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ingest.page import Word

LONGEST = 16
"""Words."""
MAX_CHARACTERS = 300
MAX_METADATA = 2_000
"""Characters of a title in the metadata that are looked at."""
_PROGRAM_MADE = re.compile(
    r"^(microsoft \w+ - .*|untitled.*|document ?\d*|slide ?\d*|powerpoint presentation"
    r"|[\d_.\- ]*|.*\.(docx?|pptx?|xlsx?|indd|pdf|tex|qxd|ai))$",
    re.IGNORECASE,
)


def find_title(metadata: str, first_page: Sequence[Word]) -> str:
    """Title from a PDF's metadata, else the largest print of page 1.

    A metadata title that a program made up is ignored.
    """
    given = " ".join(metadata[:MAX_METADATA].split())
    if len(given) > (3 if given.isascii() else 1) and not _PROGRAM_MADE.match(given):
        return _cut(given.split())
    return _cut(_largest_print(first_page))


def _cut(words: Sequence[str]) -> str:
    return " ".join(words[:LONGEST])[:MAX_CHARACTERS].rstrip()


def _largest_print(words: Sequence[Word]) -> list[str]:
    words = [word for word in words if any(c.isalnum() for c in word.text)]
    if not words:
        return []
    heights = np.array([word.box[3] - word.box[1] for word in words])
    # On a full page a single tall letter (a drop cap, a page number) is no title.
    tallest = float(np.quantile(heights, 0.98)) if len(words) > 20 else float(heights.max())
    return [word.text for word, tall in zip(words, heights, strict=True) if tall >= 0.75 * tallest]
