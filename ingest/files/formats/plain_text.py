"""Text decoder: bytes of a text file in any usual encoding as a string."""

from __future__ import annotations

import codecs
import re

from ingest.files.formats.guess_encoding import guess_encoding

SAMPLE = 200_000
"""Bytes from which an encoding is guessed."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHARSET = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*[\"']?([\w.:-]{1,40})"
)
_UNPRINTED = re.compile(r"[^\t\n\x20-\U0010ffff]|[\x7f-\x9f]|[\ud800-\udfff]|[\ufffe\uffff]")


def decode_text(data: bytes) -> str:
    r"""Decode text: by its byte order mark, as UTF-8, else in what fits best.

    Control characters are left out; lines end in "\n".

    >>> decode_text("안녕하세요, 반갑습니다. 오늘은 날씨가 좋네요.".encode("cp949"))[:5]
    '안녕하세요'
    """
    text = data.decode(find_encoding(data), "replace")
    return _UNPRINTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def find_encoding(data: bytes) -> str:
    """Name of the encoding of a text; "cp1252" where nothing else fits."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return encoding
    if wide := _wide_encoding(data):
        return wide
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data[:SAMPLE])
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _declared(data) or guess_encoding(data[:SAMPLE])
    return "utf-8"


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes of a file are text: few of them are controls."""
    if head.startswith(tuple(mark for mark, _ in _BOMS)) or _wide_encoding(head):
        return True
    controls = sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in head)
    return bool(head) and b"\0" not in head and controls <= len(head) // 200


def _wide_encoding(data: bytes) -> str:
    """UTF-16 without a mark: every other byte of Latin text is zero."""
    sample = data[:2048]
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if half < 4 or max(even, odd) < 0.4 * half or min(even, odd) > 0.05 * half:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _declared(data: bytes) -> str:
    """Encoding that HTML or XML names, where Python has it and it fits."""
    found = _CHARSET.search(data[:2048])
    try:
        name = codecs.lookup(found[1].decode("ascii")).name if found else ""
        data.decode(name or "ascii")
    except (LookupError, UnicodeDecodeError):
        return ""
    return name
