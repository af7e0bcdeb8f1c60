"""Page layout for the sample PDFs: wrapped text, tables, bullets, figures, footers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymupdf

Colour = tuple[float, float, float]

INK: Colour = (0.13, 0.15, 0.18)
NAVY: Colour = (0.06, 0.18, 0.33)
RED: Colour = (0.7, 0.13, 0.11)
GREY: Colour = (0.42, 0.45, 0.48)
PALE: Colour = (0.91, 0.94, 0.96)
WHITE: Colour = (1, 1, 1)

mu: Any = pymupdf  # most of its calls carry no type hints

BODY, BOLD = mu.Font("helv"), mu.Font("hebo")
SERIF, SERIF_BOLD = mu.Font("tiro"), mu.Font("tibo")
TYPED, KOREAN = mu.Font("cour"), mu.Font("korea")

STAMP = "D:20250203090000Z"


def wrap(text: str, font: Any, size: float, width: float) -> list[str]:
    """Break text at spaces into lines no wider than width."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.text_length(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def write(
    page: pymupdf.Page,
    at: tuple[float, float],
    text: str,
    size: float = 10.5,
    font: Any = BODY,
    colour: Colour = INK,
    align: str = "left",
) -> None:
    """One line of text; at is the left, middle or right end of its baseline."""
    shift = {"left": 0.0, "centre": 0.5, "right": 1.0}[align] * font.text_length(text, size)
    writer = mu.TextWriter(page.rect)
    writer.append((at[0] - shift, at[1]), text, font=font, fontsize=size)
    writer.write_text(page, color=colour)


def write_block(
    page: pymupdf.Page,
    at: tuple[float, float],
    text: str,
    width: float,
    size: float = 10.5,
    font: Any = BODY,
    colour: Colour = INK,
    leading: float = 1.42,
) -> float:
    """Wrapped text with its first baseline at at; returns the y after the last line."""
    x, y = at
    writer = mu.TextWriter(page.rect)
    for line in wrap(text, font, size, width):
        writer.append((x, y), line, font=font, fontsize=size)
        y += size * leading
    writer.write_text(page, color=colour)
    return y


def arrow(page: pymupdf.Page, a: tuple[float, float], b: tuple[float, float]) -> None:
    """A line from a to b with a solid head."""
    start, end = mu.Point(a), mu.Point(b)
    along = (end - start).unit
    across = mu.Point(-along.y, along.x)
    neck = end - along * 11
    page.draw_line(start, neck, color=NAVY, width=2)
    page.draw_polyline(
        [end, neck + across * 5.5, neck - across * 5.5], color=NAVY, fill=NAVY, closePath=True
    )


def save(doc: Any, path: Path, title: str, author: str) -> None:
    """Write the PDF so that the same content always gives the same bytes."""
    doc.set_metadata(
        {
            "title": title,
            "author": author,
            "creationDate": STAMP,
            "modDate": STAMP,
            "producer": "pageglass",
            "creator": "make_samples.py",
        }
    )
    doc.subset_fonts()
    doc.save(path, garbage=4, deflate=True, deflate_fonts=True, no_new_id=True)
    doc.close()


class Flow:
    """Writes down A4 pages, starting a new one when the old one is full."""

    left, right, top, bottom = 62.0, 533.0, 74.0, 772.0

    def __init__(self, running_title: str) -> None:
        self.doc = mu.open()
        self.running_title = running_title
        self.new_page()

    @property
    def width(self) -> float:
        return self.right - self.left

    def new_page(self) -> None:
        self.page = self.doc.new_page(width=595, height=842)
        self.y = self.top

    def need(self, height: float) -> None:
        if self.y + height > self.bottom:
            self.new_page()

    def title(self, text: str, size: float = 20) -> None:
        self.need(70)
        write(self.page, (self.left, self.y + size * 0.8), text, size, SERIF_BOLD, NAVY)
        self.y += size * 0.8 + 9
        self.page.draw_line((self.left, self.y), (self.left + 56, self.y), color=RED, width=2.2)
        self.y += 24

    def heading(self, text: str) -> None:
        self.need(56)
        self.y += 6
        write(self.page, (self.left, self.y + 5), text, 13, BOLD, NAVY)
        self.y += 25

    def para(self, text: str, size: float = 11.3) -> None:
        lines = len(wrap(text, BODY, size, self.width))
        self.need(lines * size * 1.45)
        self.y = write_block(self.page, (self.left, self.y), text, self.width, size) + 7

    def bullets(self, items: Sequence[str]) -> None:
        for item in items:
            self.need(len(wrap(item, BODY, 11.3, self.width - 18)) * 16.1)
            self.page.draw_circle((self.left + 5, self.y - 3.6), 1.8, color=RED, fill=RED)
            at = (self.left + 18, self.y)
            self.y = write_block(self.page, at, item, self.width - 18, 11.3) + 3
        self.y += 6

    def table(self, caption: str, rows: Sequence[Sequence[str]], widths: Sequence[float]) -> None:
        """A ruled table: first row the heads, a last row that starts 'Total' in bold."""
        high = 20.0
        self.need(high * len(rows) + 34)
        write(self.page, (self.left, self.y + 2), caption, 10, BOLD)
        self.y += 11
        edges = [self.left]
        for share in widths:
            edges.append(edges[-1] + share * self.width)
        for number, row in enumerate(rows):
            strong = number == 0 or row[0].startswith("Total")
            if strong:
                band = mu.Rect(edges[0], self.y, edges[-1], self.y + high)
                self.page.draw_rect(band, color=None, fill=NAVY if number == 0 else PALE)
            colour, font = WHITE if number == 0 else INK, BOLD if strong else BODY
            for column, cell in enumerate(row):
                left, right = edges[column] + 7, edges[column + 1] - 7
                at = (left if column == 0 else right, self.y + 13.8)
                align = "left" if column == 0 else "right"
                write(self.page, at, cell, 9.6, font, colour, align)
            self.y += high
        self._rules(edges, self.y - high * len(rows), high, len(rows))
        self.y += 22

    def _rules(self, edges: Sequence[float], top: float, high: float, rows: int) -> None:
        for number in range(rows + 1):
            y = top + number * high
            self.page.draw_line((edges[0], y), (edges[-1], y), color=GREY, width=0.6)
        for x in edges:
            self.page.draw_line((x, top), (x, top + rows * high), color=GREY, width=0.6)

    def figure(self, image: bytes, caption: str, height: float) -> None:
        self.need(height + 30)
        box = mu.Rect(self.left, self.y - 6, self.right, self.y - 6 + height)
        self.page.insert_image(box, stream=image)
        self.y += height + 8
        write(self.page, (self.left, self.y), caption, 9, BODY, GREY)
        self.y += 24

    def footers(self) -> None:
        for page in self.doc:
            number = f"Page {page.number + 1} of {len(self.doc)}"
            page.draw_line((self.left, 796), (self.right, 796), color=GREY, width=0.5)
            write(page, (self.left, 811), self.running_title, 8.5, BODY, GREY)
            write(page, (self.right, 811), number, 8.5, BODY, GREY, "right")
