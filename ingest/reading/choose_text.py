"""Text choice: the words of a text layer that are believed, and OCR of the rest.

Words of broken fonts go, a hidden layer over a scan stays if it is as good as our own
reading, and places without words that look like print are read by OCR. A scan that
is turned is turned upright.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from PIL import Image

from ingest.box import area, clip_to_page, crop_image, pixel_size
from ingest.ocr.ink import find_ink, ground_share, is_flat, is_photographic, join_areas
from ingest.ocr.ocr import Ocr, OcrMode
from ingest.ocr.orientation import Orientation, area_of, orient
from ingest.ocr.remember import RememberingOcr
from ingest.ocr.turn import Turn
from ingest.page import WHOLE, Box
from ingest.reading.text_layer.fonts import (
    Verdicts,
    ciphered_fonts,
    has_lost_letters,
    unmapped_fonts,
)
from ingest.reading.text_layer.glyphs import drop_stand_ins, restore_glyphs
from ingest.reading.text_layer.hidden import is_worse, words_on
from ingest.reading.text_layer.ocr_lines import Found, detect_in, read_found
from ingest.reading.text_layer.similarity import letters_of
from ingest.reading.text_line import Angle, LineWord, TextLine

FEW_WORDS = 20
"""A page with fewer words in its text layer is looked at as a whole."""
LARGE_SHARE = 0.5
"""Share of a page; where more of it is to be looked at, all of it is."""
SCAN_SHARE = 0.8
"""Share of a page that a scan covers, at least."""
MIN_SIDE = 16
"""Pixels; what is smaller holds no print."""
LOOK_SIDE = 640
"""Pixels of the longer side in which a large photo is looked at before it is read."""
LEAST_SKEW, MOST_SKEW = 0.8, 30.0
"""Degrees by which a scan is turned, to be set straight."""
PAGE_GROUNDS = ((2, 0.8), (6, 0.6), (20, 0.0))
"""Lines of print of a page that is turned, and the share of its ground, at least one pair.

A photo is not turned for a sign on it. Of 528 photos the ground takes 0.24 at the median,
0.66 at the 99th percentile; of 30 scanned receipts 0.54 to 0.99, and they have 45 lines or more.
"""
ALONG = 2.0
"""Heights of a refused word, to the left and right of it, that are read with it."""
MOST_ON_PRINT = 0.5
"""Share of a hidden layer's words that lie on print, at least, for it to be shown."""
LEAST_PRINT = 0.01
"""Share of a page that its lines of print cover, at least, to turn it."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Page with its text chosen: image upright, lines, and boxes of figures.

    `source` is as in `Rendered`; `turned` how far the print was turned clockwise, in degrees.
    """

    image: Image.Image
    lines: tuple[TextLine, ...]
    figures: tuple[Box, ...]
    source: str
    turned: float = 0.0


def choose_text(
    image: Image.Image,
    lines: Sequence[TextLine],
    figures: Sequence[Box],
    ocr: Ocr | None,
    mode: OcrMode = "auto",
    verdicts: Verdicts | None = None,
) -> Chosen:
    """Choose the text of a page.

    Args:
        lines: of the file's text layer.
        mode: "force" reads everything anew, "never" nothing.
        verdicts: what earlier pages of the file have shown of its fonts; it is added to.
    """
    if mode == "force":
        lines = [line for line in lines if line.origin != "text"]
    verdicts = verdicts or Verdicts()
    reads = ocr is not None and mode != "never" and min(image.size) >= MIN_SIDE
    if ocr and reads:
        lines = restore_glyphs(ocr, image, lines, verdicts.glyphs)
    lines = drop_stand_ins(lines)
    unmapped = unmapped_fonts(lines)
    believed, refused = _split(lines, lambda word: word.font in unmapped and not word.hidden)
    if ocr is None or not reads:
        return _chosen(image, _unhide(believed, figures), figures)
    is_lost = has_lost_letters(believed)
    believed, lost = _split(believed, lambda word: is_lost(word) and not word.hidden)
    ciphered = ciphered_fonts(ocr, image, believed, verdicts)
    believed, more = _split(believed, lambda word: word.font in ciphered and not word.hidden)
    return _PageReader(ocr, image, figures).read(believed, [*refused, *lost, *more])


class _PageReader:
    """Reading of what the believed lines of a page lack."""

    def __init__(self, ocr: Ocr, image: Image.Image, figures: Sequence[Box]) -> None:
        self._ocr = RememberingOcr(ocr)
        self._image = image
        self._figures = figures

    def read(self, lines: Sequence[TextLine], refused: Sequence[LineWord]) -> Chosen:
        """Lines of a page with those that OCR adds."""
        printed = _shown(lines)
        areas = self._areas(lines, printed, refused)
        areas = [box for box in areas if self._may_hold_print(box)]
        corners = detect_in(self._ocr, self._image, areas)
        if not corners:
            return _chosen(self._image, lines, self._figures)
        way = orient(self._ocr, self._image, corners)
        found = Found(self._image, way.lines, way.vertical)
        if layer := self._layer(lines, printed):
            lines = self._judge(lines, layer, found)
        turn = None if printed or refused else _turn(self._image, way)
        figures = self._figures
        if turn:
            found, lines, figures = _apply(turn, found, lines, figures)
        ours = read_found(self._ocr, found, _shown(lines), figures, refused)
        lines = _without_repeated(lines, ours) if layer else lines
        return _chosen(found.image, [*lines, *ours], figures, turn.degrees if turn else 0.0)

    def _areas(
        self, lines: Sequence[TextLine], printed: Sequence[LineWord], refused: Sequence[LineWord]
    ) -> list[Box]:
        """Parts of the page that may hold print without words."""
        few = len(printed) < FEW_WORDS
        if few and is_flat(self._image):
            return []
        if few and (not printed or _hidden(lines)):
            return [WHOLE]
        places = [box for box in self._figures if not self._is_empty(box)]
        places += [_along(word.box) for word in refused]
        known = [word.box for line in lines for word in line.words if not word.hidden]
        areas = join_areas([*places, *find_ink(self._image, known)])
        if few:
            return [WHOLE] if areas else []
        return [WHOLE] if sum(map(area, areas)) > LARGE_SHARE else areas

    def _is_empty(self, box: Box) -> bool:
        too_small = min(pixel_size(box, self._image.size)) < MIN_SIDE
        return too_small or is_flat(crop_image(self._image, box))

    def _layer(self, lines: Sequence[TextLine], printed: Sequence[LineWord]) -> list[LineWord]:
        """Words that another OCR may have read from a scan: hidden, or covered by it."""
        hidden = _hidden(lines)
        # A scan may be in strips that are too small to be figures.
        layer = hidden if len(printed) < FEW_WORDS else words_on(hidden, self._figures)
        scans = [box for box in self._figures if area(box) >= SCAN_SHARE]
        return [*layer, *words_on(printed, scans)] if scans else layer

    def _may_hold_print(self, box: Box) -> bool:
        """Whether the detector finds anything on a large photo that was made small."""
        if max(pixel_size(box, self._image.size)) <= 2 * LOOK_SIDE:
            return True
        image = crop_image(self._image, box)
        if not is_photographic(image):
            return True
        image.thumbnail((LOOK_SIDE, LOOK_SIDE))
        return bool(self._ocr.detect(image))

    def _judge(
        self, lines: Sequence[TextLine], layer: Sequence[LineWord], found: Found
    ) -> list[TextLine]:
        """Lines with the hidden layer's words shown, or without them where we read better."""
        on_print = words_on(layer, found.boxes())
        ids = set(map(id, on_print))
        if is_worse(self._ocr, found, on_print):
            return _split(lines, lambda word: id(word) in ids)[0]
        if len(on_print) < MOST_ON_PRINT * len(layer):
            return list(lines)
        return _map_words(lines, lambda w: replace(w, hidden=False) if id(w) in ids else w)


def _along(box: Box) -> Box:
    """A box with what stands beside it: letters that are no text may have no box."""
    left, top, right, bottom = box
    reach = ALONG * (bottom - top)
    return clip_to_page((left - reach, top, right + reach, bottom))


def _turn(image: Image.Image, way: Orientation) -> Turn | None:
    """The turn that sets a scan upright; None for one that is, or that has little print."""
    skew = way.skew if LEAST_SKEW <= abs(way.skew) <= MOST_SKEW else 0.0
    if not (way.quarters or skew) or not _is_page(image, len(way.lines)):
        return None
    print_share = sum(map(area_of, way.lines)) / (image.width * image.height)
    return Turn(image.size, way.quarters, skew) if print_share >= LEAST_PRINT else None


def _is_page(image: Image.Image, lines: int) -> bool:
    """Whether an image with so many lines of print is a page, and not a photo with a sign."""
    ground = ground_share(image)
    return any(lines >= fewest and ground >= least for fewest, least in PAGE_GROUNDS)


def _apply(
    turn: Turn, found: Found, lines: Sequence[TextLine], figures: Sequence[Box]
) -> tuple[Found, list[TextLine], tuple[Box, ...]]:
    """Turn what was found on a page upright, and what its file says of it."""
    image = turn.image(found.image)
    corners = tuple(turn.corners(line, image) for line in found.lines)
    moved = _map_words(lines, lambda word: replace(word, box=turn.box(word.box, image)))
    angles = [(line.angle - 90 * turn.quarters) % 360 for line in moved]
    upright = [
        replace(line, angle=cast(Angle, angle)) for line, angle in zip(moved, angles, strict=True)
    ]
    whole = [WHOLE if box == WHOLE else turn.box(box, image) for box in figures]
    return Found(image, corners, found.vertical), upright, tuple(whole)


def _chosen(
    image: Image.Image, lines: Sequence[TextLine], figures: Sequence[Box], turned: float = 0.0
) -> Chosen:
    origins = {line.origin for line in lines}
    has_ocr, has_text = "ocr" in origins, bool(origins - {"ocr"})
    source = "text+ocr" if has_ocr and has_text else "ocr" if has_ocr else "text"
    return Chosen(image, tuple(lines), tuple(figures), source if lines else "none", turned)


def _shown(lines: Sequence[TextLine]) -> list[LineWord]:
    """Words that the page shows."""
    return [
        word for line in lines if line.origin != "note" for word in line.words if not word.hidden
    ]


def _hidden(lines: Sequence[TextLine]) -> list[LineWord]:
    """Words of the text layer that cannot be seen."""
    return [w for line in lines if line.origin == "text" for w in line.words if w.hidden]


def _map_words(lines: Sequence[TextLine], change: Callable[[LineWord], LineWord]) -> list[TextLine]:
    return [replace(line, words=tuple(map(change, line.words))) for line in lines]


def _split(
    lines: Sequence[TextLine], is_out: Callable[[LineWord], bool]
) -> tuple[list[TextLine], list[LineWord]]:
    """Lines without some of their words, and these words."""
    kept: list[TextLine] = []
    out: list[LineWord] = []
    for line in lines:
        words = tuple(word for word in line.words if not is_out(word))
        if len(words) < len(line.words):
            out.extend(filter(is_out, line.words))
            line = replace(line, words=words)
        if words:
            kept.append(line)
    return kept, out


def _without_repeated(lines: Sequence[TextLine], ours: Sequence[TextLine]) -> list[TextLine]:
    """Lines without hidden words that we have read too."""
    read = {letters_of(word.text) for line in ours for word in line.words}
    return _split(lines, lambda word: word.hidden and letters_of(word.text) in read)[0]


def _unhide(lines: Sequence[TextLine], figures: Sequence[Box]) -> list[TextLine]:
    """Lines whose hidden words over a figure are taken for its print."""
    ids = set(map(id, words_on(_hidden(lines), figures)))
    return _map_words(lines, lambda w: replace(w, hidden=False) if id(w) in ids else w)
