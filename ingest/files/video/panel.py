"""Storyboard panel: the frame of a shot with its words printed below.

So the words have places on the page, and an encoder of page images reads them too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import Any

from PIL import Image

from ingest.files.mupdf import pymupdf
from ingest.files.pdf_lines import read_lines
from ingest.files.source import PageImage
from ingest.files.video.cues import Cue
from ingest.page import WHOLE, Box, TimeSpan
from ingest.reading.text_line import TextLine

WIDTH = 1_280
"""Pixels of a panel without a frame."""
LETTER = 1 / 42
"""Size of letters, of the panel's width."""
MAX_CHARACTERS = 6_000
"""Of the words of a panel."""
POINTS = 842
"""Points of a page's longer side, which sizes of letters are said for."""
_HANGUL = re.compile("[\uac00-\ud7a3]")
_STYLE = "b { font-weight: normal; white-space: nowrap } @page { margin: 0 } p { margin: 0.4em 0.8em; line-height: 1.35 } body { margin: 0 }"


def draw_panel(frame: Image.Image | None, cues: Sequence[Cue], span: TimeSpan) -> PageImage:
    """Draw the panel of a shot; of sound alone the words only, of silence nothing."""
    text = _text(cues)
    if frame is not None and not text:
        return PageImage(frame, (), (WHOLE,), span=span)
    if not text:
        return PageImage(Image.new("RGB", (WIDTH, WIDTH // 4), "white"), (), (), span=span)
    print_, lines = _print(text, frame.width if frame else WIDTH)
    if frame is None:
        return PageImage(print_, lines, (), span=span)
    panel = Image.new("RGB", (frame.width, frame.height + print_.height), "white")
    panel.paste(frame, (0, 0))
    panel.paste(print_, (0, frame.height))
    share = frame.height / panel.height
    moved = tuple(_move(line, share) for line in lines)
    return PageImage(panel, moved, ((0.0, 0.0, 1.0, share),), span=span)


def _text(cues: Sequence[Cue]) -> str:
    """HTML of words: a paragraph a language, since a sentence runs on from cue to cue."""
    texts: dict[str, list[str]] = {}
    for cue in cues:
        texts.setdefault(cue.language, []).append(cue.text)
    joined = (" ".join(some)[:MAX_CHARACTERS].strip() for some in texts.values())
    return "".join(f"<p>{_whole_words(text)}</p>" for text in joined if text)


def _whole_words(text: str) -> str:
    """HTML of words that MuPDF breaks at spaces alone; Korean it would break at any letter."""
    words = (escape(word) for word in text.split())
    return " ".join(f"<b>{word}</b>" if _HANGUL.search(word) else word for word in words)


def _print(text: str, width: int) -> tuple[Image.Image, tuple[TextLine, ...]]:
    """Words as an image of a width and their lines, with boxes as fractions of it."""
    size = max(width * LETTER, 10.0)
    html = f"<html><head><style>{_STYLE}</style></head><body>{text}</body></html>"
    document = pymupdf.open(stream=html.encode("utf-8-sig"), filetype="html")
    # As high as if each letter were as wide as it is high, and each word began a line.
    height = size * 1.35 * (4 + 2 * len(text) * size / width)
    document.layout(rect=pymupdf.Rect(0, 0, width, height), fontsize=size)
    page = document[0]
    lines = read_lines(page)
    bottom = min(max((line.box[3] for line in lines), default=0) + 0.8 * size / height, 1.0)
    return _draw(page, width, bottom * height), tuple(
        _scale(line, bottom, POINTS / max(width, 1)) for line in lines
    )


def _draw(page: Any, width: int, height: float) -> Image.Image:
    clip = pymupdf.IRect(0, 0, width, max(round(height), 1))
    pixmap = page.get_pixmap(clip=clip, alpha=False, colorspace=pymupdf.csRGB)
    return Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)


def _scale(line: TextLine, bottom: float, points: float) -> TextLine:
    return _map(line, lambda box: (box[0], box[1] / bottom, box[2], box[3] / bottom), points)


def _move(line: TextLine, share: float) -> TextLine:
    def below(box: Box) -> Box:
        return box[0], share + box[1] * (1 - share), box[2], share + box[3] * (1 - share)

    return _map(line, below, 1.0)


def _map(line: TextLine, change: Any, points: float) -> TextLine:
    words = (replace(w, box=change(w.box), size=w.size * points) for w in line.words)
    return replace(line, words=tuple(words))
