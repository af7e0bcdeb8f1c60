"""The two charts in the sample annual report, as pictures: their words are in no text layer."""

from __future__ import annotations

import io

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

MONTHS = ("Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov")
VISITS = (1240, 2870, 3410, 4085, 5960, 6735, 3620, 2190, 780)
PUPS = (112, 118, 131, 127, 140, 149, 156, 151, 168, 183)


@style.context("default")
def _plot(title: str, across: str, up: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8.0, 4.0), dpi=120)
    axes = figure.subplots()
    axes.set_title(title, fontsize=14, fontweight="bold", pad=12)
    axes.set_xlabel(across, fontsize=12)
    axes.set_ylabel(up, fontsize=12)
    axes.tick_params(labelsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dddddd")
    axes.set_axisbelow(True)
    return figure, axes


def _bytes(figure: Figure) -> bytes:
    """The figure as a small palette PNG, with nothing in it that changes from run to run."""
    figure.tight_layout()
    raw, small = io.BytesIO(), io.BytesIO()
    figure.savefig(raw, format="png", metadata={"Software": None})
    Image.open(raw).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(
        small, "PNG", optimize=True
    )
    return small.getvalue()


def visits_chart() -> bytes:
    figure, axes = _plot("Visitors to Tarrow Head by month, 2024", "Month", "Visitors")
    bars = axes.bar(MONTHS, VISITS, color="#23527c")
    bars[VISITS.index(max(VISITS))].set_color("#b3241f")
    axes.bar_label(bars, [f"{v:,}" for v in VISITS], fontsize=11, padding=2)
    axes.set_ylim(0, 7600)
    return _bytes(figure)


def pups_chart() -> bytes:
    figure, axes = _plot("Grey seal pups counted on the Shingle Bar", "Year", "Pups counted")
    years = list(range(2015, 2025))
    axes.plot(years, PUPS, color="#b3241f", marker="o", linewidth=2.2)
    for year, pups in zip(years, PUPS, strict=True):
        axes.annotate(str(pups), (year, pups), (0, 8), textcoords="offset points", ha="center")
    axes.set_xticks(years)
    axes.set_ylim(90, 200)
    return _bytes(figure)
