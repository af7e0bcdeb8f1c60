"""Pages with print in pictures, in ciphered fonts and under hidden text layers, for tests."""

from __future__ import annotations

import io
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pymupdf
from PIL import Image, ImageDraw, ImageFont

DEJAVU = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
CJK = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
SCAN = 100
"""Dots per inch of the scans."""


def draw_lines(
    lines: Sequence[str], size: tuple[int, int] = (820, 420), height: int = 24, font: str = DEJAVU
) -> Image.Image:
    image = Image.new("L", size, 255)
    draw = ImageDraw.Draw(image)
    for at, line in enumerate(lines):
        draw.text((50, 50 + 2 * at * height), line, 0, ImageFont.truetype(font, height))
    return image


def draw_columns(columns: Sequence[str], size: tuple[int, int] = (500, 760)) -> Image.Image:
    """Vertical lines of Japanese, from right to left."""
    image = Image.new("L", size, 255)
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(CJK, 30)
    for at, column in enumerate(columns):
        for row, character in enumerate(column):
            draw.text((size[0] - 100 - 70 * at, 40 + 34 * row), character, 0, font)
    return image


def save_scan(
    path: Path,
    image: Image.Image,
    layer: Sequence[str] = (),
    font: str = DEJAVU,
    render_mode: int = 3,
) -> Path:
    """A PDF of a scan, with a hidden text layer over the lines of `draw_lines`.

    With `render_mode` 0 its letters have ink, below the scan.
    """
    points = 72 / SCAN
    pdf = pymupdf.open()
    page: Any = pdf.new_page(width=image.width * points, height=image.height * points)
    buffer = io.BytesIO()
    image.convert("L").save(buffer, "PNG")
    if render_mode:
        page.insert_image(page.rect, stream=buffer.getvalue())
    for at, line in enumerate(layer):
        page.insert_text(
            (50 * points, (50 + 22 + 48 * at) * points),
            line,
            fontsize=24 * points,
            fontname="layer",
            fontfile=font,
            render_mode=render_mode,
        )
    if not render_mode:
        page.insert_image(page.rect, stream=buffer.getvalue())
    pdf.save(path)
    return path


def shift_letters(by: int) -> dict[int, str]:
    """Codes of letters, each with the letter that comes `by` later in the alphabet."""
    mapping = {code: chr(code) for code in range(32, 127)}
    for letters in (string.ascii_lowercase, string.ascii_uppercase):
        for at, letter in enumerate(letters):
            mapping[ord(letter)] = letters[(at + by) % 26]
    return mapping


def write_page(page: Any, lines: Sequence[str], top: float = 60, font: str = "helv") -> None:
    for at, line in enumerate(lines):
        page.insert_text((50, top + 18 * at), line, fontsize=11, fontname=font)


def map_font(pdf: Any, page: Any, name: str, mapping: Mapping[int, str]) -> None:
    """Give a font of a page a Unicode map of its own."""
    xref = next(font[0] for font in page.get_fonts() if font[4] == name)
    pairs = " ".join(f"<{code:02x}> <{ord(text):04x}>" for code, text in mapping.items())
    unicode = pdf.get_new_xref()
    pdf.update_object(unicode, "<<>>")
    pdf.update_stream(
        unicode,
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange"
        b" <00> <ff> endcodespacerange %d beginbfchar %s endbfchar endcmap end end"
        % (len(mapping), pairs.encode()),
    )
    pdf.xref_set_key(xref, "ToUnicode", f"{unicode} 0 R")
