import numpy as np
import pytest

from ingest.index.quantization import Rows
from ingest.page import PageVectors, QueryVectors, Word
from retrieval.explain.regions import PlacedPage, find_image_region, find_word_regions, line_starts

AXES = np.eye(4, dtype=np.float32)
LINES = np.array(
    [[0.1, 0.1, 0.2, 0.12], [0.25, 0.1, 0.3, 0.12], [0.1, 0.2, 0.2, 0.22], [0.3, 0.2, 0.4, 0.22]],
    np.float32,
)


def test_boxes_on_one_printed_line_go_together():
    assert line_starts(LINES).tolist() == [0, 2]
    assert line_starts(LINES[:1]).tolist() == [0]


def test_a_new_column_starts_a_new_line():
    columns = np.array([[0.6, 0.1, 0.7, 0.12], [0.1, 0.1, 0.2, 0.12]], np.float32)
    assert line_starts(columns).tolist() == [0, 1]


def test_the_line_that_matches_comes_first_with_its_words():
    page = PageVectors(AXES[[0, 1, 2, 3]], LINES)
    words = [Word(text, tuple(box.tolist())) for text, box in zip("abcd", LINES, strict=True)]
    regions = find_word_regions(
        QueryVectors(AXES[[2, 3]], ("c", "d")),
        np.ones(2, np.float32),
        PlacedPage(Rows(page.vectors), page.boxes),
        words,
    )
    assert [region.words for region in regions] == ["c d"]
    assert regions[0].score == pytest.approx(1)
    assert regions[0].box == pytest.approx((0.1, 0.2, 0.4, 0.22))


def test_rows_of_the_title_are_nowhere_on_the_page():
    page = PageVectors(AXES[:2], np.zeros((2, 4), np.float32))
    query = QueryVectors(AXES[:1], ("a",))
    assert (
        find_word_regions(
            query, np.ones(1, np.float32), PlacedPage(Rows(page.vectors), page.boxes), []
        )
        == ()
    )


def test_the_part_of_a_picture_that_matches():
    page = PageVectors(AXES, LINES)
    (region,) = find_image_region(QueryVectors(AXES[3:], ("",)), page)
    assert region.box == pytest.approx((0.3, 0.2, 0.4, 0.22))


def test_words_are_those_of_the_page_that_is_given():
    """Centers are held by the identity of the words: other words are never taken for these."""
    page = PlacedPage(Rows(AXES), LINES)
    query, even = QueryVectors(AXES[[0, 1]], ("a", "b")), np.ones(2, np.float32)
    for texts in ("abcd", "efgh", "ijkl"):
        words = tuple(Word(t, tuple(b.tolist())) for t, b in zip(texts, LINES, strict=True))
        (region,) = find_word_regions(query, even, page, words)
        assert region.words == " ".join(texts[:2])
        assert find_word_regions(query, even, page, words) == (region,)
        del words
