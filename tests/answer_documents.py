"""Documents that tests ask, drawn from golden/answer_documents.txt.

A line `# ` is a title, `## ` a heading, `- ` and `1. ` list items, `| ` a table's row, `|+ ` the
next line of its cells,
`: ` a label with its value at its right (`:> ` far right), `^ ` labels side by side
with their values in the line `v ` below, `% ` a bar of a chart, `%% ` a chart of columns,
`%o ` a pie, `_ ` a footer. `---`
begins a page, `===` a document; any other line is a paragraph.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pymupdf

LEFT, RIGHT, TOP, BOTTOM = 60.0, 535.0, 60.0, 780.0
WRAPPED = 5
"""By how much lines of a row are nearer than rows, in points."""
GOLDEN = Path(__file__).parent / "golden" / "answer_documents.txt"


def make_documents(folder: Path) -> list[Path]:
    """Write the documents as PDFs; their paths."""
    folder.mkdir(exist_ok=True)
    paths = []
    for part in GOLDEN.read_text(encoding="utf-8").split("=== ")[1:]:
        name, *lines = part.strip().splitlines()
        with pymupdf.open() as pdf:
            for is_break, its in groupby(lines, key=lambda line: line == "---"):
                if not is_break:
                    _draw(pdf.new_page(), list(its))
            pdf.save(folder / name)
        paths.append(folder / name)
    return paths


class _Sheet:
    """Page that is written from top to bottom."""

    def __init__(self, page: pymupdf.Page, font: str) -> None:
        self.page, self.font, self.y = page, font, TOP

    def at(self, x: float, text: str, size: float = 11, bold: bool = False) -> None:
        font = "hebo" if bold and self.font == "helv" else self.font
        self.page.insert_text((x, self.y), text, fontsize=size, fontname=font)

    def paragraph(self, text: str, left: float = LEFT) -> None:
        box = pymupdf.Rect(left, self.y - 11, RIGHT, BOTTOM)
        rest = self.page.insert_textbox(box, text, fontsize=11, fontname=self.font)
        assert rest >= 0, f"no room for {text[:40]}"
        self.y += box.height - rest + 6

    def row(self, cells: Sequence[str], columns: Sequence[float], bold: int) -> None:
        for number, (x, cell) in enumerate(zip(columns, cells, strict=True)):
            self.at(x, cell, bold=number < bold)
        self.y += 18


def _draw(page: pymupdf.Page, lines: Sequence[str]) -> None:
    korean = any("\uac00" <= letter <= "\ud7a3" for line in lines for letter in line)
    sheet = _Sheet(page, "korea" if korean else "helv")
    before = ""
    for line in lines:
        mark, _, text = line.partition(" ")
        if before in (":", ":>", "|", "|+") and mark not in (before, "|", "|+"):
            sheet.y += 8
        _draw_line(sheet, mark, text, line, head=before not in ("|", "|+"))
        before = mark


def _draw_line(sheet: _Sheet, mark: str, text: str, line: str, head: bool) -> None:
    cells = [cell.strip() for cell in text.split("|")]
    if mark in ("#", "##"):
        size = 20 if mark == "#" else 14
        sheet.y += 8
        sheet.at(LEFT, text, size, bold=True)
        sheet.y += 1.25 * size + 8
    elif mark in ("-", "1.", "2.", "3."):
        sheet.at(LEFT + 10, "\u2022" if mark == "-" else mark)
        sheet.paragraph(text, LEFT + 26)
    elif mark in (":", ":>"):
        sheet.row(cells, (LEFT, 220 if mark == ":" else 450), bold=1)
    elif mark in ("|", "|+"):
        sheet.y -= WRAPPED if mark == "|+" else 0
        first = 300 if len(cells) == 2 else 250
        step = (RIGHT - first) / (len(cells) - 1)
        columns = [LEFT, *(first + step * at for at in range(len(cells) - 1))]
        sheet.row(cells, columns, bold=len(cells) if head and mark == "|" else 0)
    elif mark in ("^", "v"):
        for at, cell in enumerate(cells):
            sheet.at(LEFT + 160 * at, cell, 8.5 if mark == "^" else 12)
        sheet.y += 15 if mark == "^" else 26
    elif mark == "%":
        wide = 6 * int(cells[1])
        sheet.at(LEFT + 20, cells[0])
        bar = pymupdf.Rect(170, sheet.y - 10, 170 + wide, sheet.y + 2)
        sheet.page.draw_rect(bar, fill=(0.3, 0.5, 0.8))
        sheet.at(180 + wide, f"{cells[1]}%")
        sheet.y += 34
    elif mark == "%%":
        _draw_columns(sheet, [cell.split() for cell in cells])
    elif mark == "%o":
        _draw_pie(sheet, cells)
    elif mark == "_":
        sheet.y = 820
        sheet.at(LEFT, text, 9)
    else:
        sheet.paragraph(line)


def _draw_columns(sheet: _Sheet, columns: Sequence[Sequence[str]]) -> None:
    """Columns with their values above and their labels below."""
    step, bottom = (RIGHT - LEFT) / len(columns), sheet.y + 180
    for at, (*label, value) in enumerate(columns):
        left, high = LEFT + step * at + 10, 3 * float(value.strip("%"))
        bar = pymupdf.Rect(left, bottom - high, left + 30, bottom)
        sheet.page.draw_rect(bar, fill=(0.3, 0.5, 0.8))
        sheet.y = bottom - high - 4
        sheet.at(left + 4, value, 9)
        sheet.y = bottom + 14
        sheet.at(left, " ".join(label), 9)
    sheet.y = bottom + 40


def _draw_pie(sheet: _Sheet, cells: Sequence[str]) -> None:
    """Labels around a circle, each with its value below."""
    middle, top = 300.0, sheet.y + 110
    sheet.page.draw_circle((middle, top), 60, fill=(0.8, 0.8, 0.9))
    for at, cell in enumerate(cells):
        angle = 2 * math.pi * at / len(cells)
        label, _, value = cell.rpartition(" ")
        x = middle + 130 * math.sin(angle)
        sheet.y = top - 90 * math.cos(angle)
        sheet.at(x, label, 9)
        sheet.y += 11
        sheet.at(x, value, 9)
    sheet.y = top + 140
