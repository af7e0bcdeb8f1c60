"""Word codec: the words of a page as compressed JSON."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence

from ingest.page import Word


def pack_words(words: Sequence[Word]) -> bytes:
    """Words as compressed JSON, their boxes rounded to a ten-thousandth of the page."""
    rows = [[word.text, *(round(edge * 10_000) for edge in word.box)] for word in words]
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode())


def unpack_words(packed: bytes) -> tuple[Word, ...]:
    """The words that `pack_words` packed."""
    return tuple(
        Word(text, (left / 10_000, top / 10_000, right / 10_000, bottom / 10_000))
        for text, left, top, right, bottom in json.loads(zlib.decompress(packed))
    )
