"""Labels renumbered in order of appearance, and footnotes with each quote once."""

from __future__ import annotations

import pytest

from api.rag.label_numbers import LabelNumbers, number_footnotes
from generation.answer import Citation
from ingest.page import Page


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a lamp" [3] and "a lens" [1].', '"a lamp" [1] and "a lens" [2].'),
        ('"a" [2, 3]\n"b" [3][1] end', '"a" [1][2]\n"b" [2][3] end'),
        ("See 【3†source】 and [p. 2].", "See [1] and [2]."),
        ('"as in [2], stop" [3]', '"as in [2], stop" [1]'),
        ('A board of 5" is [3] wide.', 'A board of 5" is [1] wide.'),
        ("[9] names no page, [3] does", "[9] names no page, [1] does"),
        ("no label at all", "no label at all"),
    ],
)
def test_labels_are_renumbered_however_the_text_is_cut(text: str, expected: str) -> None:
    for size in (1, 3, 7, len(text)):
        numbers = LabelNumbers([1, 2, 3])
        pieces = [numbers.feed(text[at : at + size]) for at in range(0, len(text), size)]
        assert "".join([*pieces, numbers.end()]) == expected


def test_words_without_labels_are_passed_on_at_once() -> None:
    numbers = LabelNumbers([1])
    assert numbers.feed("The lamp is ") == "The lamp is "
    assert numbers.feed('"high') == ""
    assert numbers.feed('" [1], then') == '"high" [1], then'


def test_a_page_has_one_footnote() -> None:
    page, other = Page("d" * 16, 1, "a.pdf"), Page("e" * 16, 2, "b.pdf")
    box = (0.1, 0.1, 0.2, 0.2)
    numbers = LabelNumbers([1, 2])
    numbers.feed("x [2] y [1] z")
    first, second = number_footnotes(
        [
            Citation(2, other, "a lens", (box,), True, "quote"),
            Citation(1, page, "143 steps", (), False, "none"),
            Citation(2, other, "a lamp", (), False, "none"),
        ],
        numbers,
    )
    assert (first.number, first.page, first.boxes) == (1, other, (box,))
    assert str(first) == 'b.pdf, page 2 ("a lamp": not checked: quote not found)'
    assert str(second) == "a.pdf, page 1 (not checked: quote not found)"
