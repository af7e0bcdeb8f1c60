import numpy as np
import pytest

from retrieval.fuse import fuse_kind, fuse_kinds

NAN = np.nan


def signal(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_the_best_page_of_a_kind_scores_its_best_dense_cosine():
    fused = fuse_kind([signal(1, 2, 9), signal(0.1, 0.3, 0.2)], signal(0.1, 0.4, 0.3))
    assert fused.argmax() == 2
    assert fused.max() == pytest.approx(0.4)


def test_signals_on_any_scale_count_the_same():
    a, b = signal(1, 2, 3, 7), signal(0.4, 0.1, 0.2, 0.1)
    dense = signal(0.5, 0.4, 0.3, 0.2)
    assert fuse_kind([a * 1000 + 5, b], dense) == pytest.approx(fuse_kind([a, b], dense), abs=1e-5)


def test_pages_without_the_kind_stay_out_and_do_not_shift_the_rest():
    some = fuse_kind([signal(1, NAN, 3, 2)], signal(0.2, NAN, 0.6, 0.1))
    alone = fuse_kind([signal(1, 3, 2)], signal(0.2, 0.6, 0.1))
    assert np.isnan(some[1])
    assert some[[0, 2, 3]] == pytest.approx(alone)


def test_a_single_page_scores_its_cosine():
    assert fuse_kind([signal(5.0), signal(0.2)], signal(0.7)) == pytest.approx([0.7])


def test_a_kind_that_no_page_has_gives_nothing():
    assert np.isnan(fuse_kind([signal(NAN, NAN)], signal(NAN, NAN))).all()


def test_a_page_is_as_good_as_its_better_kind():
    fused = fuse_kinds(
        {"words": signal(0.5, NAN, 0.1, NAN), "pictures": signal(0.2, 0.4, 0.3, NAN)}
    )
    assert fused[:3] == pytest.approx([0.5, 0.4, 0.3])
    assert np.isnan(fused[3])
