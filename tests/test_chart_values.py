"""Values of charts: read with the labels below them, in one pass over a page."""

from __future__ import annotations

import pytest

from generation.extractive.page import unit
from generation.extractive.page.chart_value import find_chart_values
from generation.extractive.page.field_row import find_fields
from ingest.page import Word


def chart(left: float, heights: dict[str, tuple[str, float]], floor: float) -> list[Word]:
    """Labels on an axis, each with its value above it at a height of its own."""
    words = []
    for number, (label, (value, height)) in enumerate(heights.items()):
        x = left + 0.15 * number
        words.append(Word(value, (x, floor - height, x + 0.05, floor - height + 0.02)))
        words.append(Word(label, (x, floor, x + 0.06, floor + 0.02)))
    return words


VISITS = {"June": ("214", 0.2), "July": ("180", 0.15), "August": ("163", 0.1)}


def test_each_label_has_the_value_above_it() -> None:
    title = [
        Word(text, (0.1 + 0.1 * i, 0.05, 0.19 + 0.1 * i, 0.07))
        for i, text in enumerate(["Seals", "counted", "in", "the", "bay"])
    ]
    words = [*title, *chart(0.1, VISITS, 0.4), *chart(0.1, VISITS, 0.8)]
    found = find_chart_values(words)
    assert len(found) == 2
    for one in found:
        read = {words[f.label[0]].text: words[f.value[0]].text for f in one.fields}
        assert read == {label: value for label, (value, _) in VISITS.items()}
        assert [words[at].text for at in range(*one.title)] == [
            "Seals",
            "counted",
            "in",
            "the",
            "bay",
        ]


def test_values_at_one_height_are_no_chart() -> None:
    assert find_chart_values(chart(0.1, {k: (v, 0.1) for k, (v, _) in VISITS.items()}, 0.4)) == []


def test_a_page_of_many_rows_is_split_into_lines_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    split = unit.split_lines
    monkeypatch.setattr(unit, "split_lines", lambda *of: calls.append(of) or split(*of))
    words = []
    for y in range(300):
        top, bottom = 0.003 * y, 0.003 * y + 0.002
        for x, text in enumerate((f"Item{y}:", str(7 * y + 100), "Price:", str(3 * y + 10))):
            words.append(Word(text, (0.05 + 0.25 * x, top, 0.1 + 0.25 * x, bottom)))
    assert find_fields(words)
    assert unit.read_units(words, "rows.pdf")
    unit.read_units([*words, *chart(0.1, VISITS, 0.9)], "chart.pdf")
    assert len(calls) <= 2
