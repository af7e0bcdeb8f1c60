"""Broken fonts: those whose characters are not what is printed.

Private and control characters say so themselves. A font that maps letters to other
letters gives text that is likely in no language: a sample of its lines is then read
by OCR, and only what OCR reads clearly otherwise is broken.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby

from PIL import Image

from ingest.box import union_box
from ingest.ocr.corners import Corners, box_corners, turn_corners
from ingest.ocr.ocr import Ocr
from ingest.reading.text_layer.letter_likelihood import (
    FLUENT,
    letter_likelihood,
    letter_words,
    script_of,
)
from ingest.reading.text_layer.similarity import letters_of, similarity
from ingest.reading.text_line import LineWord, TextLine

MAX_BAD = 0.2
"""Share of characters that are no text; a font with more is broken."""
FEWEST_BAD = 4
"""Different characters that are no text, at least: bullets are few."""
LONG, MIN_LONG, ONE_LETTER = 4, 4, 0.6
"""Letters of a long word, such words at least, and share of their letters that is one letter."""
FEWEST_LETTERS = 6
"""Letters of a font, of one piece of its text, and of what OCR reads in its place."""
SAMPLE = 3
"""Pieces of a font's text that are read by OCR."""
LONGEST_PIECE = 40
"""Letters of such a piece, about."""
LESS_LIKELY = 0.7
"""Nats a letter by which a text may be less likely than one that OCR has confirmed."""
BELIEVABLE = 20
"""Letters of a text in a broken font that are believed if they are likely nevertheless."""
SURE_SCORE = 0.8
"""Confidence of OCR, at least, to be believed against the file."""
MIN_READ = 0.5
"""Letters of OCR's reading of a piece for each of the file's, at least: else it cannot read it."""
MAX_SIMILARITY = 0.6
"""Share of letters in common with which the file is still believed."""
MORE_LIKELY = 0.5
"""Nats a letter by which OCR's reading must be more likely."""
MIN_LINE_PIXELS = 6
"""Height of a line below which OCR is not asked."""


@dataclass(slots=True)
class Verdicts:
    """What earlier pages of a file have shown of its fonts, by name.

    `broken` fonts are no text; those in `confirmed` are as printed, down to this
    likelihood. Two fonts of a file may have one name. `glyphs` are what private characters
    of a font show, None where OCR does not tell.
    """

    broken: set[str] = field(default_factory=set)
    confirmed: dict[str, float] = field(default_factory=dict)
    glyphs: dict[tuple[str, str], str | None] = field(default_factory=dict)


def is_no_text(character: str) -> bool:
    """Whether a character is private, a control character or a replacement.

    Those that join letters or keep them apart, as in Persian, are text.
    """
    private = "\ue000" <= character <= "\uf8ff" or character >= "\U000f0000"
    unseen = not character.isprintable() and unicodedata.category(character) != "Cf"
    return character == "\ufffd" or private or unseen


def unmapped_fonts(lines: Iterable[TextLine]) -> set[str]:
    """Fonts whose text is characters that are no text, or one letter only."""
    broken = set()
    for font, words in _by_font(lines).items():
        text = "".join(word.text for word in words)
        bad = [c for c in text if is_no_text(c)]
        no_text = len(set(bad)) >= FEWEST_BAD and len(bad) > MAX_BAD * len(text)
        if no_text or _is_one_letter(words):
            broken.add(font)
    return broken


def _is_one_letter(words: Sequence[LineWord]) -> bool:
    """Whether most letters of most words are the same one: a font that maps all to it."""
    long = ["".join(filter(str.isalpha, word.text)).lower() for word in words]
    long = [word for word in long if len(word) >= LONG]
    letters = Counter("".join(long))
    most = letters.most_common(1)[0][1] if letters else 0
    return len(long) >= MIN_LONG and most > ONE_LETTER * letters.total()


def has_lost_letters(lines: Iterable[TextLine]) -> Callable[[LineWord], bool]:
    """Tell words in which some letters are no text, such as the capitals of a font.

    A character before the first word of lines, always the same, is a bullet.
    """
    mixed: list[LineWord] = []
    bullets: dict[str, list[LineWord]] = defaultdict(list)
    for line in lines:
        for at, word in enumerate(line.words):
            bad = [c for c in word.text if is_no_text(c)]
            if not bad or line.origin != "text" or not any(map(str.isalpha, word.text)):
                continue
            if at == 0 and len(bad) == 1 and is_no_text(word.text[0]):
                bullets[bad[0]].append(word)
            else:
                mixed.append(word)
    if len(bullets) > 1:
        mixed += [word for words in bullets.values() for word in words]
    ids = set(map(id, mixed))
    return lambda word: id(word) in ids


def ciphered_fonts(
    ocr: Ocr, image: Image.Image, lines: Sequence[TextLine], verdicts: Verdicts
) -> set[str]:
    """Fonts that map letters to other letters; `verdicts` is added to."""
    broken = set()
    for font, words in _by_font(lines).items():
        text = " ".join(word.text for word in words)
        letters, likely = sum(map(len, letter_words(text))), letter_likelihood(text)
        if font in verdicts.broken:
            if letters < BELIEVABLE or not is_fluent(likely):
                broken.add(font)
            continue
        floor = verdicts.confirmed.get(font, FLUENT)
        if letters < FEWEST_LETTERS or likely is None or likely >= min(floor, FLUENT):
            continue
        verdict = _is_ciphered(ocr, image, lines, font)
        if verdict:
            broken.add(font)
            verdicts.broken.add(font)
        elif verdict is False:
            verdicts.confirmed[font] = likely - LESS_LIKELY
    return broken


def is_fluent(likelihood: float | None) -> bool:
    """Whether a text is likely in some language, or in an unknown script."""
    return likelihood is None or likelihood >= FLUENT


def _by_font(lines: Iterable[TextLine]) -> dict[str, list[LineWord]]:
    fonts: dict[str, list[LineWord]] = defaultdict(list)
    for line in lines:
        if line.origin == "text":
            for word in line.words:
                if not word.hidden:
                    fonts[word.font].append(word)
    return fonts


def _is_ciphered(ocr: Ocr, image: Image.Image, lines: Sequence[TextLine], font: str) -> bool | None:
    """Whether OCR reads a sample otherwise, and clearly; None where there is nothing to read."""
    pieces = sorted(_pieces(lines, font), key=lambda piece: len(piece[0]), reverse=True)[:SAMPLE]
    corners = [_corners(words, line, image) for _, words, line in pieces]
    if not pieces or min(abs(c[3] - c[0]).max() for c in corners) < MIN_LINE_PIXELS:
        return None
    both = [
        (line, text)
        for line, (text, _, _) in zip(ocr.recognize(image, corners), pieces, strict=True)
        if len(letters_of(line.text)) >= MIN_READ * len(letters_of(text))
    ]
    ours, theirs = " ".join(line.text for line, _ in both), " ".join(text for _, text in both)
    letters = max(sum(len(line.text) for line, _ in both), 1)
    score = sum(line.score * len(line.text) for line, _ in both) / letters
    if score < SURE_SCORE or len(letters_of(ours)) < FEWEST_LETTERS:
        return False
    if similarity(ours, theirs) > MAX_SIMILARITY:
        return False
    likely, given = letter_likelihood(ours), letter_likelihood(theirs)
    if script_of(ours) != script_of(theirs) and not is_fluent(likely):
        return False  # letters of another script, as an engine that does not know theirs sees them
    return likely is not None and given is not None and likely > given + MORE_LIKELY


def _pieces(lines: Sequence[TextLine], font: str) -> Iterator[tuple[str, list[LineWord], TextLine]]:
    """Runs of words of a font in a line."""
    for line in lines:
        if line.vertical or line.origin != "text":
            continue
        for own, run in groupby(line.words, key=lambda word: word.font == font and not word.hidden):
            words = _head(list(run))
            text = " ".join(word.text for word in words)
            if own and len(letters_of(text)) >= FEWEST_LETTERS:
                yield text, words, line


def _head(words: list[LineWord]) -> list[LineWord]:
    """The first words, up to `LONGEST_PIECE` letters and one word more."""
    reached = list(accumulate(len(word.text) for word in words))
    return words[: bisect_left(reached, LONGEST_PIECE) + 1]


def _corners(words: Sequence[LineWord], line: TextLine, image: Image.Image) -> Corners:
    corners = box_corners(union_box([word.box for word in words]), image.size)
    return turn_corners(corners, line.angle // 90)
