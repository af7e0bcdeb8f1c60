"""Page tree: wrong counts neither promise pages that are not there nor hide those that are."""

from __future__ import annotations

from pathlib import Path

import pytest
from bombs import CATALOG, build_pdf, count_lie, page, shared_kids

from ingest.files.open import open_source
from ingest.files.page_tree import TooManyPages, check_page_count


def widths(path: Path, data: bytes) -> list[int]:
    """Widths in points of the pages that are found."""
    path.write_bytes(data)
    source = open_source(path)
    numbers = range(1, source.page_count + 1)
    return [source.page_image(number, 72).image.width for number in numbers]


@pytest.mark.parametrize("claimed", [-1, 0, 1, 2, 3, 4, 9, 50_000, 2_000_000_000, 10**12])
def test_the_pages_that_are_there_are_read_whatever_the_count(tmp_path: Path, claimed: int) -> None:
    assert widths(tmp_path / "a.pdf", count_lie(claimed, pages=3)) == [100, 101, 102]


@pytest.mark.parametrize("count", [b"(many)", b"null", b"[3]", b"2 0 R", b"1.5"])
def test_a_count_that_is_no_number_is_set_right(tmp_path: Path, count: bytes) -> None:
    lie = count_lie(77, pages=3).replace(b"/Count 77", b"/Count " + count)
    assert widths(tmp_path / "a.pdf", lie) == [100, 101, 102]


@pytest.mark.parametrize(("outer", "inner"), [(4, 10), (500, 10), (500, 0), (1, 2), (4, 0)])
def test_a_wrong_count_further_down_hides_nothing(tmp_path: Path, outer: int, inner: int) -> None:
    tree = b"<</Type/Pages/Kids[3 0 R 4 0 R 5 0 R]/Count %d>>" % outer
    below = b"<</Type/Pages/Parent 2 0 R/Kids[6 0 R 7 0 R]/Count %d>>" % inner
    objects = [CATALOG, tree, below, page(100), page(101), page(102), page(103)]
    assert widths(tmp_path / "a.pdf", build_pdf(objects)) == [102, 103, 100, 101]


def test_objects_that_fill_the_file_make_no_pages(tmp_path: Path) -> None:
    tree = b"<</Type/Pages/Kids[3 0 R]/Count 50000>>"
    assert widths(tmp_path / "a.pdf", build_pdf([CATALOG, tree, page(100), *[b"0"] * 50_000])) == [
        100
    ]


def test_a_tree_that_goes_round_ends(tmp_path: Path) -> None:
    tree = b"<</Type/Pages/Kids[3 0 R 4 0 R 2 0 R]/Count 30>>"
    below = b"<</Type/Pages/Kids[5 0 R 2 0 R 4 0 R]/Count 1>>"
    assert widths(tmp_path / "a.pdf", build_pdf([CATALOG, tree, page(100), below, page(101)])) == [
        100,
        101,
    ]


def test_a_deep_tree_is_followed_to_its_end(tmp_path: Path) -> None:
    nodes = [b"<</Type/Pages/Kids[%d 0 R]/Count 7>>" % (at + 3) for at in range(3_000)]
    assert widths(tmp_path / "a.pdf", build_pdf([CATALOG, *nodes, page(100)])) == [100]


@pytest.mark.parametrize("depth", [2, 5, 7, 9, 12])
def test_pages_that_the_file_cannot_hold_are_refused(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "dag.pdf"
    path.write_bytes(shared_kids(depth))
    with pytest.raises(TooManyPages, match=r"dag\.pdf has 1[0,]*0 pages") as refused:
        open_source(path)
    assert "print it" in refused.value.hint


def test_a_node_that_is_named_a_million_times_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(shared_kids(2, each=1_000))
    with pytest.raises(TooManyPages, match="1,000,000 pages"):
        open_source(path)


def test_spare_objects_do_not_make_room_for_pages(tmp_path: Path) -> None:
    """As many objects as pages, but too few bytes: as of objects in a compressed stream."""
    path = tmp_path / "a.pdf"
    data = shared_kids(5, spare=100_000)
    path.write_bytes(data)
    assert open_source(path).page_count == 100_000
    path.write_bytes(data[:100_000])
    with pytest.raises(TooManyPages):
        check_page_count(100_000, path)


def test_a_page_that_is_named_twice_is_read_twice(tmp_path: Path) -> None:
    tree = b"<</Type/Pages/Kids[3 0 R 4 0 R 3 0 R]/Count 3>>"
    assert widths(tmp_path / "a.pdf", build_pdf([CATALOG, tree, page(100), page(101)])) == [
        100,
        101,
        100,
    ]
