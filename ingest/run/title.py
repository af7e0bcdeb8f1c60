"""Find out what a document calls itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from ingest.box import contains_center
from ingest.forms.whole.dates import find_dates
from ingest.page import TitleSource, Word
from ingest.reading.line import is_sideways
from ingest.run.program_titles import is_program_made

LONGEST = 16
"""Words."""
MAX_CHARACTERS = 300
MAX_METADATA = 2_000
"""Characters of a title in the metadata that are looked at."""
MAX_COVERED = 1
"""Words of other blocks that a word lies over; a watermark lies over more."""
LONG_WORD = 5
"""Letters of a word whose direction its shape shows."""
SAME_PLACE = 0.01
"""Of the page; a running head has the same place on each page."""

_WATERMARKS = re.compile(
    r"(draft|confidential|copy|sample|specimen|void|internal|(top )?secret|original|preview"
    r"|do not copy|(not )?approved|received|paid|sold|expired|final|urgent|cancell?ed|rejected"
    r"|as is|experimental|departmental|for comment|(not )?for public release|genehmigt|bezahlt"
    r"|eingegangen|erledigt|storniert|approuvé|payé|reçu|urgent|aprobado|pagado|recibido"
    r"|entwurf|vertraulich|kopie|muster|intern|brouillon|projet|confidentiel|copie|spécimen"
    r"|borrador|copia|muestra|bozza|riservato|campione|rascunho|cópia|taslak|gizli|kopya|örnek"
    r"|черновик|копия|образец|конфиденциально|مسودة|سري|نسخة|טיוטה|סודי|עותק|प्रारूप|गोपनीय"
    r"|草稿|机密|機密|样本|樣本|副本|下書き|社外秘|見本|写し|초안|대외비|사본|견본)",
    re.IGNORECASE,
)
_IMPRINTS = re.compile(
    r"(published (as|in|at|by)\b|(accepted|submitted|to appear|presented) (as|at|by|in|to)\b"
    r"|under (double.blind )?review\b|preprint\b|arxiv:\d)",
    re.IGNORECASE,
)
MAX_DATE_LINE = 60
"""Characters of a line that is a date."""
MAX_BESIDE_DATE = 3
"""Words beside the date in such a line."""
_ASIDE = ("header", "footer", "caption", "note")


class Title(NamedTuple):
    """Title and where it is from; empty for one that the file's name stands in for."""

    text: str
    source: TitleSource


def find_title(
    metadata: str, first_page: Sequence[Word], others: Sequence[Sequence[Word]] = ()
) -> Title:
    """Title from a PDF's metadata, else the largest print of page 1.

    A metadata title that a program made up is ignored; so are running heads,
    watermarks, lines of a date or of where it was published, and what the page does not show.

    Args:
        others: words of pages that follow, which tell running heads.
    """
    given = " ".join(_printable(metadata[:MAX_METADATA]).split())
    if len(given) > (3 if given.isascii() else 1) and not is_program_made(given):
        return Title(_cut(given.split()), "metadata")
    printed = [word for word in first_page if word.role != "hidden"]
    main = [word for word in printed if word.role not in _ASIDE]
    main = list(_without_watermarks(_without_running_heads(main, others)))
    main = list(_without_imprints(main))
    largest = _cut(_largest_print(main) or _largest_print(printed))
    return Title(largest, "heading" if largest else "file name")


def _printable(text: str) -> str:
    """A text without control and other characters that do not print."""
    return "".join(
        " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter
        for letter in text
        if unicodedata.category(letter) not in ("Cf", "Cs", "Co", "Cn")
    )


def _cut(words: Sequence[str]) -> str:
    return " ".join(words[:LONGEST])[:MAX_CHARACTERS].rstrip()


def _without_running_heads(
    words: Sequence[Word], others: Sequence[Sequence[Word]]
) -> Iterator[Word]:
    """Words of blocks that are not at the same place of a page that follows."""
    repeated = {_place(word) for page in others for word in page}
    for _, block in groupby(words, key=lambda word: word.block):
        some = list(block)
        if not (some[0].block and all(_place(word) in repeated for word in some)):
            yield from some


def _place(word: Word) -> tuple[str, int, int]:
    """Text and place of a word, the numbers in it left out."""
    left, top = round(word.box[0] / SAME_PLACE), round(word.box[1] / SAME_PLACE)
    return re.sub(r"\d+", "#", word.text), left, top


def _without_watermarks(words: Iterator[Word]) -> Iterator[Word]:
    """Words of blocks that neither lie over others nor say what watermarks say."""
    every = list(words)
    for _, block in groupby(every, key=lambda word: word.block):
        some = list(block)
        text = " ".join(word.text for word in some)
        if not some[0].block or not (_WATERMARKS.fullmatch(text) or _covers(some, every)):
            yield from some


def _without_imprints(words: Sequence[Word]) -> Iterator[Word]:
    """Words of blocks that are neither a date nor say where or how a paper is published."""
    for _, block in groupby(words, key=lambda word: word.block):
        some = list(block)
        text = " ".join(word.text for word in some)
        if not some[0].block or not (_IMPRINTS.match(text) or _is_date(text)):
            yield from some


def _is_date(text: str) -> bool:
    """Whether a block is a date, perhaps with a place or a day of the week before it."""
    dates = list(find_dates(text)) if len(text) <= MAX_DATE_LINE else []
    rest = text
    for found in dates:
        rest = rest.replace(found.printed, " ")
    return bool(dates) and len(re.findall(r"\w+", rest)) <= MAX_BESIDE_DATE


def _covers(block: Sequence[Word], words: Sequence[Word]) -> bool:
    """Whether a block of few words lies over words of other blocks."""
    if len(block) > LONGEST:
        return False
    others = [word for word in words if word.block != block[0].block]
    covered = sum(contains_center(word.box, other.box) for word in block for other in others)
    return covered > MAX_COVERED


def _largest_print(words: Sequence[Word]) -> list[str]:
    words = [word for word in words if any(c.isalnum() for c in word.text)]
    if not words:
        return []
    heights = np.array(
        [height for _, block in groupby(words, key=lambda w: w.block) for height in _heights(block)]
    )
    # On a full page a single tall letter (a drop cap, a page number) is no title.
    tallest = float(np.quantile(heights, 0.98)) if len(words) > 20 else float(heights.max())
    return [word.text for word, tall in zip(words, heights, strict=True) if tall >= 0.75 * tallest]


def _heights(block: Iterator[Word]) -> list[float]:
    """Heights of the letters of a block's words; those of turned print are its widths."""
    words = list(block)
    turned = is_sideways(words)
    return [
        right - left if turned and len(text) >= LONG_WORD else bottom - top
        for text, (left, top, right, bottom) in ((word.text, word.box) for word in words)
    ]
