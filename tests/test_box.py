"""Box geometry: properties over random boxes, and cases worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ingest.box import (
    area,
    center,
    clip_if_centered,
    clip_to_page,
    contains_center,
    covered_share,
    crop_image,
    expand,
    intersection_area,
    is_empty,
    overlaps,
    pixel_box,
    pixel_size,
    touched_pixels,
    union_box,
)
from ingest.page import WHOLE, Box

GRID = 997
"""Steps of an edge; a prime, so that edges seldom fall on pixels."""


def boxes(low: int, high: int) -> st.SearchStrategy[Box]:
    """Boxes with edges between `low` and `high`, some of them empty."""
    edge = st.integers(low * GRID, high * GRID)

    def box(edges: tuple[int, int, int, int]) -> Box:
        (left, right), (top, bottom) = sorted(edges[:2]), sorted(edges[2:])
        return left / GRID, top / GRID, right / GRID, bottom / GRID

    return st.tuples(edge, edge, edge, edge).map(box)


on_page = boxes(0, 1)
anywhere = boxes(-2, 3)
sizes = st.tuples(st.integers(1, 300), st.integers(1, 300))


@given(st.lists(anywhere, min_size=1, max_size=6))
def test_union_holds_every_box_and_touches_it(some: list[Box]) -> None:
    whole = union_box(some)
    assert all(
        whole[0] <= b[0] and whole[1] <= b[1] and b[2] <= whole[2] and b[3] <= whole[3]
        for b in some
    )
    assert all(whole[edge] in {b[edge] for b in some} for edge in range(4))


def test_union_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        union_box([])


@given(anywhere, anywhere)
def test_boxes_overlap_where_they_share_an_area(one: Box, other: Box) -> None:
    shared = intersection_area(one, other)
    assert shared == intersection_area(other, one)
    assert shared <= min(area(one), area(other))
    if shared > 0:
        assert overlaps(one, other)
        assert overlaps(other, one)


@given(anywhere)
def test_clipping_is_the_intersection_with_the_page(box: Box) -> None:
    clipped = clip_to_page(box)
    assert area(clipped) == pytest.approx(intersection_area(box, WHOLE))
    assert clip_to_page(clipped) == clipped or is_empty(clipped)
    kept = clip_if_centered(box)
    assert kept == (clipped if contains_center(WHOLE, box) else None)


@given(on_page, st.floats(0, 1))
def test_expanding_stays_on_the_page_and_loses_nothing(box: Box, margin: float) -> None:
    wider = expand(box, margin)
    assert union_box([wider, box]) == wider
    assert union_box([wider, WHOLE]) == WHOLE


@given(on_page, st.lists(on_page, max_size=5))
def test_covered_share_is_a_share(box: Box, others: list[Box]) -> None:
    share = covered_share(box, others)
    assert 0 <= share <= 1
    assert share <= covered_share(box, [*others, WHOLE])
    assert covered_share(box, [box]) == 1


def test_covered_share_by_hand() -> None:
    box = (0.0, 0.0, 0.5, 0.5)
    assert covered_share(box, []) == 0
    assert covered_share(box, [(0.25, 0.0, 1.0, 0.25)]) == pytest.approx(0.25)
    assert covered_share(box, [(0.0, 0.0, 0.5, 0.25)] * 2) == pytest.approx(1.0)
    assert covered_share((0.2, 0.2, 0.2, 0.9), []) == 1


@given(on_page)
def test_a_box_contains_its_own_center(box: Box) -> None:
    x, y = center(box)
    assert contains_center(box, box)
    assert contains_center(box, (x, y, x, y))


@given(on_page, sizes)
def test_a_crop_has_the_size_of_its_pixel_box(box: Box, size: tuple[int, int]) -> None:
    crop = crop_image(Image.new("L", size), box)
    assert crop.size == pixel_size(box, size)
    assert min(crop.size) >= 1


@given(anywhere, sizes)
def test_touched_pixels_lie_in_the_image_and_hold_the_box(box: Box, size: tuple[int, int]) -> None:
    found = touched_pixels(box, size)
    clipped = clip_to_page(box)
    if found is None:
        assert is_empty(clipped) or box[0] >= 1 or box[1] >= 1
        return
    left, top, right, bottom = found
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert left <= clipped[0] * size[0]
    assert right >= clipped[2] * size[0]
    assert top <= clipped[1] * size[1]
    assert bottom >= clipped[3] * size[1]


def test_pixels_by_hand() -> None:
    assert pixel_box((0.1, 0.26, 0.5, 0.74), (10, 100)) == (1, 26, 5, 74)
    assert pixel_box((0.5, 0.5, 0.5, 0.5), (10, 10)) == (5, 5, 6, 6)
    assert touched_pixels((0.11, 0.0, 0.41, 0.09), (10, 10)) == (1, 0, 5, 1)
    assert touched_pixels((1.2, 0.0, 1.4, 0.5), (10, 10)) is None
