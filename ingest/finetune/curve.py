"""Training plot: the loss of every step, smoothed, and the recall of every epoch."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]
Color = tuple[int, int, int]

SIZE = (1000, 560)
LEFT, TOP, RIGHT, BOTTOM = 80, 60, 920, 480
"""The plot area in pixels."""
PAPER, INK, GRID = (255, 255, 255), (40, 40, 40), (225, 225, 225)
PALE, LOSS = (190, 205, 230), (40, 90, 180)
TO_IMAGE, TO_TEXT = (200, 80, 30), (60, 140, 70)
TICKS = 5
ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
SMOOTH = 100
"""The smoothing window is a hundredth of the steps, and at least ten."""


def draw_curve(losses: Sequence[float], recalls: Sequence[tuple[int, float, float]]) -> bytes:
    """Draw the plot as a PNG.

    Args:
        losses: one a step.
        recalls: for each epoch its last step, recall@1 text to image, and recall@1 image to text.
    """
    image = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(15)
    steps = max(len(losses), recalls[-1][0] if recalls else 0, 1)
    top = _round_up(max(losses, default=1.0))

    def place(step: float, share: float) -> Point:
        return LEFT + (RIGHT - LEFT) * step / steps, BOTTOM - (BOTTOM - TOP) * share

    for tick in range(TICKS + 1):
        share = tick / TICKS
        draw.line([place(0, share), place(steps, share)], GRID)
        y = place(0, share)[1]
        draw.text((LEFT - 10, y), f"{top * share:.3g}", LOSS, font, anchor="rm")
        if recalls:
            draw.text((RIGHT + 10, y), f"{share:.0%}", TO_IMAGE, font, anchor="lm")
        x = place(steps * share, 0)[0]
        draw.text((x, BOTTOM + 10), f"{steps * share:.0f}", INK, font, anchor="mt")
    draw.line([(LEFT, TOP), (LEFT, BOTTOM), (RIGHT, BOTTOM)], INK, 2)
    draw.text(((LEFT + RIGHT) / 2, BOTTOM + 45), "step", INK, font, anchor="mt")

    raw = [place(step, loss / top) for step, loss in enumerate(losses, 1)]
    even = [place(step, loss / top) for step, loss in enumerate(_smooth(losses), 1)]
    _line(draw, raw, PALE, 1)
    _line(draw, even, LOSS, 3)
    names = [("training loss, smoothed", LOSS)]
    if recalls:
        _dots(draw, [place(step, share) for step, share, _ in recalls], TO_IMAGE)
        _dots(draw, [place(step, share) for step, _, share in recalls], TO_TEXT)
        names += [("recall@1 text to image", TO_IMAGE), ("recall@1 image to text", TO_TEXT)]
    x = float(LEFT)
    for name, color in names:
        draw.line([(x, 30), (x + 24, 30)], color, 3)
        draw.text((x + 32, 30), name, INK, font, anchor="lm")
        x += 72 + draw.textlength(name, font)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _line(draw: ImageDraw.ImageDraw, points: Sequence[Point], color: Color, width: int) -> None:
    if len(points) > 1:
        draw.line(points, color, width)


def _dots(draw: ImageDraw.ImageDraw, points: Sequence[Point], color: Color) -> None:
    _line(draw, points, color, 2)
    for x, y in points:
        draw.ellipse([x - 4, y - 4, x + 4, y + 4], color)


def _smooth(losses: Sequence[float]) -> list[float]:
    """Exponential moving average that starts as a plain mean."""
    reach = max(len(losses) / SMOOTH, 10.0)
    mean, smoothed = 0.0, []
    for number, loss in enumerate(losses, 1):
        mean += (loss - mean) / min(number, reach)
        smoothed.append(mean)
    return smoothed


def _round_up(value: float) -> float:
    """Round up to the next of a few round multiples of a power of ten."""
    if not (value > 0 and math.isfinite(value)):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * factor for factor in ROUND if value <= power * factor * (1 + 1e-9))
