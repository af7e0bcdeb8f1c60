"""Glyphs without a character: OCR of a few words says what each of them shows.

A font that has letters for all but its ligatures lacks them in every word. A word is read
by OCR, and what stands between the letters that are known is what the glyph shows, in all
words of the file.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from PIL import Image

from ingest.ocr.corners import Corners, box_corners, turn_corners
from ingest.ocr.ocr import Ocr
from ingest.page import Box
from ingest.reading.spelling.stand_in import FIRST, original
from ingest.reading.text_line import LineWord, TextLine

MAX_GLYPHS = 24
"""Glyphs of a font, at most; a font with more is no text."""
SAMPLE = 4
"""Words that are read for a glyph."""
FEWEST_KNOWN = 3
"""Letters that are known of such a word, at least."""
SURE_SCORE = 0.8
"""Confidence of OCR, at least."""
MAX_WORDS = 80
"""Words of a page, at most, that are read one by one."""
LONGEST = 3
"""Characters that a glyph shows, at most."""
_GLYPH = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")

Kind = tuple[str, str]
"""A font, and the private character for one of its glyphs."""


class _Found(NamedTuple):
    word: LineWord
    line: TextLine


def restore_glyphs(
    ocr: Ocr, image: Image.Image, lines: Sequence[TextLine], known: dict[Kind, str | None]
) -> list[TextLine]:
    """Lines with what glyphs show in place of private characters, where OCR tells.

    Args:
        known: what earlier pages of the file have shown; it is added to. Empty for a glyph
            that OCR does not tell, None for one that it reads now so, now so.
    """
    places: dict[Kind, list[_Found]] = defaultdict(list)
    for line in lines:
        for word in line.words:
            if _is_readable(word, line):
                for character in set(_GLYPH.findall(word.text)):
                    places[word.font, character].append(_Found(word, line))
    if not places:
        return list(lines)
    counts = Counter(font for font, _ in places)
    for kind, found in places.items():
        if kind not in known and counts[kind[0]] <= MAX_GLYPHS and (sample := _sample(found)):
            known[kind] = _read_glyph(ocr, image, kind[1], sample)
    restored = [
        replace(line, words=tuple(_restored(word, known) for word in line.words)) for line in lines
    ]
    return _read_words(ocr, image, restored, known) if counts.total() <= MAX_GLYPHS else restored


def _read_words(
    ocr: Ocr, image: Image.Image, lines: Sequence[TextLine], known: dict[Kind, str | None]
) -> list[TextLine]:
    """Lines with words read one by one whose glyphs are not told apart by the file."""
    left = [
        _Found(word, line)
        for line in lines
        for word in line.words
        if _is_readable(word, line)
        and _count_known(word.text) > 1
        and any(known.get((word.font, c), "") is None for c in _GLYPH.findall(word.text))
    ][:MAX_WORDS]
    read = {
        id(each.word): text
        for each, line in zip(left, ocr.recognize(image, _corners(left, image)), strict=True)
        if line.score >= SURE_SCORE and (text := _shown(each.word.text, line.text)) is not None
    }
    return [
        replace(line, words=tuple(replace(w, text=read.get(id(w), w.text)) for w in line.words))
        for line in lines
    ]


def _sample(found: Sequence[_Found]) -> list[_Found]:
    """Words with a glyph of which most is known: few other glyphs, many letters."""
    texts = {place.word.text: place for place in found}
    return sorted(
        (place for text, place in texts.items() if _count_known(text) >= FEWEST_KNOWN),
        key=lambda place: (len(_GLYPH.findall(place.word.text)), -len(place.word.text)),
    )[:SAMPLE]


def _read_glyph(ocr: Ocr, image: Image.Image, glyph: str, sample: Sequence[_Found]) -> str | None:
    """What a glyph shows, as most of some words are read; see `restore_glyphs`."""
    votes: Counter[str] = Counter()
    for each, line in zip(sample, ocr.recognize(image, _corners(sample, image)), strict=True):
        if line.score >= SURE_SCORE:
            votes[_shown_by(each.word.text, glyph, line.text)] += 1
    del votes[""]
    most = votes.most_common(1)
    if not most:
        return ""
    return most[0][0] if 2 * most[0][1] > votes.total() else None


def _count_known(text: str) -> int:
    return sum(character.isalpha() for character in _GLYPH.sub("", text))


def _around(box: Box, image: Image.Image) -> Box:
    """A box with a little more, since a glyph may be wider than its font says."""
    left, top, right, bottom = box
    more = 0.1 * (bottom - top) * image.height / image.width
    return left - more, top, right + more, bottom


def _corners(found: Sequence[_Found], image: Image.Image) -> list[Corners]:
    return [
        turn_corners(box_corners(_around(each.word.box, image), image.size), each.line.angle // 90)
        for each in found
    ]


def _is_readable(word: LineWord, line: TextLine) -> bool:
    shown = line.origin == "text" and not line.vertical and not word.hidden
    return shown and not word.text.isascii() and _GLYPH.search(word.text) is not None


def _shown_by(text: str, glyph: str, read: str) -> str:
    """What stands in a reading where a word has the glyph; empty where they differ.

    >>> _shown_by("certi\ue001cate", "\ue001", "certificate")
    'fi'
    """
    shown = _match(text, read)
    found = {part for each, part in zip(_GLYPH.findall(text), shown, strict=False) if each == glyph}
    return found.pop() if len(found) == 1 else ""


def _shown(text: str, read: str) -> str | None:
    """A word with what stands in its reading in place of its glyphs."""
    shown = _match(text, read)
    parts = iter(shown)
    return _GLYPH.sub(lambda _: next(parts), text) if shown else None


def _match(text: str, read: str) -> Sequence[str]:
    """What stands in a reading in place of each glyph of a word."""
    pattern = "".join(
        f"(.{{1,{LONGEST}}}?)" if _GLYPH.fullmatch(part) else re.escape(part)
        for part in re.split(f"({_GLYPH.pattern})", text)
    )
    found = re.fullmatch(rf"\W*?{pattern}\W*", read, re.IGNORECASE | re.DOTALL)
    return found.groups() if found else ()


def _restored(word: LineWord, known: dict[Kind, str | None]) -> LineWord:
    if word.text.isascii() or not _GLYPH.search(word.text):
        return word
    text = _GLYPH.sub(lambda found: known.get((word.font, found[0])) or found[0], word.text)
    return replace(word, text=text)


def drop_stand_ins(lines: Sequence[TextLine]) -> list[TextLine]:
    """Lines with what the file says in place of stand-ins that OCR did not tell."""
    kept = []
    for line in lines:
        if any(not word.text.isascii() and _GLYPH.search(word.text) for word in line.words):
            words = [part for word in line.words for part in _as_in_file(word)]
            line = replace(line, words=tuple(words))
        if line.words:
            kept.append(line)
    return kept


def _as_in_file(word: LineWord) -> list[LineWord]:
    """A word with its file's characters, in parts where one of them is a blank."""
    text = _GLYPH.sub(
        lambda found: (original(found[0]) if found[0] >= FIRST else None) or found[0], word.text
    )
    left, top, right, bottom = word.box
    step = (right - left) / max(len(text), 1)
    return [
        replace(
            word,
            text=part[0],
            box=(left + part.start() * step, top, left + part.end() * step, bottom),
        )
        for part in re.finditer(r"[^\s\x00-\x1f]+", text)
    ]
