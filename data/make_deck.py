"""The sample slide deck: six wide slides about an invented building project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pymupdf
from make_layout import (
    BODY,
    BOLD,
    GREY,
    INK,
    NAVY,
    PALE,
    RED,
    SERIF_BOLD,
    WHITE,
    Colour,
    arrow,
    mu,
    save,
    write,
    write_block,
)

SAND: Colour = (0.93, 0.86, 0.72)
STONE: Colour = (0.72, 0.7, 0.66)


def _slide(doc: pymupdf.Document, title: str) -> pymupdf.Page:
    page = doc.new_page(width=960, height=540)
    page.draw_rect(mu.Rect(0, 0, 14, 540), color=None, fill=NAVY)
    write(page, (64, 92), title, 38, SERIF_BOLD, NAVY)
    page.draw_line((64, 112), (160, 112), color=RED, width=4)
    write(page, (64, 516), "Fog Signal House project", 12, BODY, GREY)
    write(page, (910, 516), str(page.number + 1), 12, BODY, GREY, "right")
    return page


def _bullets(
    page: pymupdf.Page, items: Sequence[str], top: float = 172, width: float = 780
) -> None:
    y = top
    for item in items:
        page.draw_circle((74, y - 7), 4, color=RED, fill=RED)
        y = write_block(page, (98, y), item, width, 22, leading=1.3) + 18


def opening(doc: pymupdf.Document) -> None:
    page = doc.new_page(width=960, height=540)
    page.draw_rect(page.rect, color=None, fill=NAVY)
    for number, colour in enumerate(((0.1, 0.25, 0.43), (0.14, 0.32, 0.52))):
        y = 400 + 50 * number
        points = [(x, y + (22 if (x // 160) % 2 else -4)) for x in range(0, 1121, 160)]
        page.draw_polyline(
            [*points, (1120, 560), (0, 560)], color=None, fill=colour, closePath=True
        )
    write(page, (72, 210), "The Fog Signal House", 56, SERIF_BOLD, WHITE)
    write(page, (72, 262), "From a roofless ruin to a classroom by the sea", 25, BODY, PALE)
    write(page, (72, 330), "Tarrow Head Lighthouse Trust", 19, BOLD, WHITE)
    write(page, (72, 358), "Project briefing for members, 26 February 2025", 17, BODY, PALE)


def reasons(doc: pymupdf.Document) -> None:
    _bullets(
        _slide(doc, "Why now?"),
        (
            "The house has had no roof since the gale of January 1990.",
            "Sixty-eight school classes came in 2024 and, when it rained, got wet.",
            "The north wall leans 9 centimetres more than it did ten years ago.",
            "Two of the four horns survive, and one man still knows how to sound them.",
        ),
    )


def rooms(doc: pymupdf.Document) -> None:
    page = _slide(doc, "What we will build")
    _bullets(
        page,
        (
            "A classroom for 32 pupils in the old engine room",
            "A workshop with six benches for mending clocks, boats and lamps",
            "A store kept at 45 per cent humidity for charts and logbooks",
            "The two horns, sounded at noon on the first Saturday of the month",
        ),
        width=470,
    )
    page.draw_rect(mu.Rect(632, 150, 906, 440), color=NAVY, fill=PALE, width=2)
    write(page, (769, 196), "In numbers", 20, BOLD, NAVY, "centre")
    for number, (figure, label) in enumerate(
        (("214 m²", "of floor"), ("£412,000", "total cost"), ("16 months", "of building work"))
    ):
        write(page, (769, 250 + number * 72), figure, 30, SERIF_BOLD, RED, "centre")
        write(page, (769, 272 + number * 72), label, 14, BODY, INK, "centre")


def energy(doc: pymupdf.Document) -> None:
    """The diagram: boxes joined by arrows."""
    page = _slide(doc, "How the house will power itself")
    boxes = {
        "panels": (64, 190, "Solar panels", "9.6 kW on the south roof"),
        "turbine": (64, 330, "Wind turbine", "2.5 kW, silent at night"),
        "battery": (372, 260, "Battery", "28 kWh in the oil store"),
        "heat": (680, 160, "Heat pump", "warms the floors"),
        "light": (680, 270, "Lights and sockets", "LED lamps throughout"),
        "horns": (680, 380, "Air compressor", "fills the horn tanks"),
    }
    for x, y, name, note in boxes.values():
        page.draw_rect(mu.Rect(x, y, x + 216, y + 76), color=NAVY, fill=PALE, width=2)
        write(page, (x + 108, y + 33), name, 18, BOLD, NAVY, "centre")
        write(page, (x + 108, y + 57), note, 13, BODY, INK, "centre")
    arrow(page, (280, 228), (370, 284))
    arrow(page, (280, 368), (370, 312))
    for y in (198, 308, 418):
        arrow(page, (588, 298), (678, y))
    write(
        page,
        (480, 488),
        "In a still, dark week the battery lasts 40 hours.",
        15,
        BODY,
        GREY,
        "centre",
    )


def picture(doc: pymupdf.Document) -> None:
    """The drawing: the house, the tower and the sea, in flat shapes."""
    page = _slide(doc, "How it will look")
    frame = mu.Rect(64, 140, 896, 450)
    page.draw_rect(frame, color=None, fill=(0.8, 0.89, 0.95))
    page.draw_rect(mu.Rect(64, 350, 896, 450), color=None, fill=(0.25, 0.47, 0.62))
    for x, y in ((120, 372), (610, 366), (760, 380), (860, 368), (700, 366)):
        page.draw_line((x - 18, y), (x + 18, y), color=(0.7, 0.82, 0.9), width=1.5)
    page.draw_circle((812, 196), 26, color=None, fill=(0.98, 0.86, 0.45))
    island = [(80, 450), (130, 392), (260, 362), (520, 356), (610, 396), (668, 450)]
    page.draw_polyline(island, color=None, fill=(0.47, 0.56, 0.33), closePath=True)
    _tower(page, 226)
    _house(page)
    note = "The house from the landing stage, with the tower behind. Drawn by Hari Venn."
    write(page, (480, 480), note, 15, BODY, GREY, "centre")
    page.draw_rect(frame, color=NAVY, width=1.5)


def _tower(page: pymupdf.Page, x: float) -> None:
    def slab(top: float, bottom: float, colour: Colour) -> None:
        wide = [15 + (y - 200) * 0.07 for y in (top, bottom)]
        points = [
            (x - wide[0], top),
            (x + wide[0], top),
            (x + wide[1], bottom),
            (x - wide[1], bottom),
        ]
        page.draw_polyline(points, color=NAVY, fill=colour, width=0.8, closePath=True)

    for number in range(5):
        slab(200 + number * 36, 236 + number * 36, RED if number % 2 else WHITE)
    page.draw_rect(mu.Rect(x - 11, 176, x + 11, 196), color=NAVY, fill=(1, 0.93, 0.6))
    page.draw_rect(mu.Rect(x - 22, 195, x + 22, 201), color=NAVY, fill=NAVY)
    roof = [(x - 15, 176), (x, 158), (x + 15, 176)]
    page.draw_polyline(roof, color=NAVY, fill=NAVY, closePath=True)


def _house(page: pymupdf.Page) -> None:
    page.draw_rect(mu.Rect(310, 288, 530, 372), color=NAVY, fill=SAND)
    roof = [(296, 290), (330, 236), (510, 236), (544, 290)]
    page.draw_polyline(roof, color=NAVY, fill=(0.3, 0.33, 0.38), closePath=True)
    for number in range(4):
        left = 348 + number * 38
        panel = [(left, 278), (left + 6, 250), (left + 36, 250), (left + 32, 278)]
        page.draw_polyline(panel, color=WHITE, fill=(0.12, 0.2, 0.42), width=0.8, closePath=True)
    for left in (328, 378, 470):
        page.draw_rect(mu.Rect(left, 308, left + 34, 340), color=NAVY, fill=(0.75, 0.88, 0.93))
    page.draw_rect(mu.Rect(428, 312, 456, 372), color=NAVY, fill=RED)
    for y in (250, 266):
        horn = [(544, y - 3), (586, y - 11), (586, y + 11), (544, y + 3)]
        page.draw_polyline(horn, color=NAVY, fill=STONE, closePath=True)
    page.draw_rect(mu.Rect(538, 240, 546, 372), color=NAVY, fill=STONE)


def asking(doc: pymupdf.Document) -> None:
    _bullets(
        _slide(doc, "Money and dates"),
        (
            "Promised so far: £232,000, most of it from the Orrin Coast Fund.",
            "Still to find: £180,000 by 21 June 2025. A £50 gift buys a named roof slate.",
            "Building work starts in September 2025 under the architect Sunniva Hale.",
            "Doors open to the first class on 11 January 2027.",
            "To help, speak to Callum Reyne or ring 01632 960128.",
        ),
    )


def make_deck(out: Path) -> None:
    doc = mu.open()
    for slide in (opening, reasons, rooms, energy, picture, asking):
        slide(doc)
    save(doc, out / "project-deck.pdf", "The Fog Signal House", "Tarrow Head Lighthouse Trust")
