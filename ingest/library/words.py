"""Word codec: the words of a page as compressed JSON.

A row is the text, four edges in ten-thousandths of the page, and where they are known
the block, the role's number and the edges of the second part of a broken word. Rows of
format 4 and before end with the edges.

Unpacked words are kept within a bound of bytes, by what they are packed as: pages that
many searches find are unpacked once, and a page that was read anew is another key.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any, get_args

from ingest.caches.byte_cache import ByteCache
from ingest.page import Box, Word, WordRole

SCALE = 10_000
ROLES: tuple[WordRole, ...] = get_args(WordRole)

UNPACKED_BYTES = 16 << 20
WORD_BYTES = 350
"""Of an unpacked word with its box, about."""
_unpacked = ByteCache[tuple[Word, ...]](UNPACKED_BYTES)


def pack_words(words: Sequence[Word]) -> bytes:
    """Words as compressed JSON, their boxes rounded to a ten-thousandth of the page."""
    rows = [_pack(word) for word in words]
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode())


def unpack_words(packed: bytes) -> tuple[Word, ...]:
    """The words that `pack_words` packed."""
    if (words := _unpacked.get(packed)) is None:
        words = tuple(map(_unpack, json.loads(zlib.decompress(packed))))
        _unpacked.put(packed, words, len(packed) + WORD_BYTES * len(words))
    return words


def _pack(word: Word) -> list[Any]:
    row = [word.text, *_edges(word.box)]
    if word.block:
        row += [word.block, ROLES.index(word.role)]
    return row + _edges(word.rest) if word.rest and word.block else row


def _edges(box: Box) -> list[int]:
    return [round(edge * SCALE) for edge in box]


def _unpack(row: list[Any]) -> Word:
    text, left, top, right, bottom, *more = row
    box = (left / SCALE, top / SCALE, right / SCALE, bottom / SCALE)
    if not more:
        return Word(text, box)
    block, role, *rest = more
    return Word(text, box, block, ROLES[role], _box(rest) if rest else None)


def _box(edges: list[int]) -> Box:
    left, top, right, bottom = edges
    return left / SCALE, top / SCALE, right / SCALE, bottom / SCALE
