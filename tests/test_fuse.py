import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.fuse import fuse_modalities, fuse_signals

NAN = np.nan


def signal(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_the_best_page_of_a_kind_scores_its_best_dense_cosine():
    fused = fuse_signals([signal(1, 2, 9), signal(0.1, 0.3, 0.2)], signal(0.1, 0.4, 0.3))
    assert fused.argmax() == 2
    assert fused.max() == pytest.approx(0.4)


def test_signals_on_any_scale_count_the_same():
    a, b = signal(1, 2, 3, 7), signal(0.4, 0.1, 0.2, 0.1)
    dense = signal(0.5, 0.4, 0.3, 0.2)
    assert fuse_signals([a * 1000 + 5, b], dense) == pytest.approx(
        fuse_signals([a, b], dense), abs=1e-5
    )


def test_pages_without_the_kind_stay_out_and_do_not_shift_the_rest():
    some = fuse_signals([signal(1, NAN, 3, 2)], signal(0.2, NAN, 0.6, 0.1))
    alone = fuse_signals([signal(1, 3, 2)], signal(0.2, 0.6, 0.1))
    assert np.isnan(some[1])
    assert some[[0, 2, 3]] == pytest.approx(alone)


def test_a_single_page_scores_its_cosine():
    assert fuse_signals([signal(5.0), signal(0.2)], signal(0.7)) == pytest.approx([0.7])


def test_a_kind_that_no_page_has_gives_nothing():
    assert np.isnan(fuse_signals([signal(NAN, NAN)], signal(NAN, NAN))).all()


def test_a_page_is_as_good_as_its_better_kind():
    fused = fuse_modalities(
        {"words": signal(0.5, NAN, 0.1, NAN), "pictures": signal(0.2, 0.4, 0.3, NAN)}
    )
    assert fused[:3] == pytest.approx([0.5, 0.4, 0.3])
    assert np.isnan(fused[3])


def test_a_page_counts_by_the_signals_it_has():
    late = signal(0.9, 0.9, 0.9, 0.2, 0.1, 0.2)
    bm25 = signal(9, NAN, 0, 0, 0, 1)
    fused = fuse_signals([late, bm25], late)
    # As near by late interaction: words that match lift a page, words that do not lower it.
    assert fused[0] > fused[1] > fused[2] > fused[3:].max()


def test_a_page_with_nothing_but_a_middling_signal_lies_in_the_middle():
    late = signal(0.9, 0.5, 0.1, 0.5)
    bm25 = signal(3, 2, 1, NAN)
    assert fuse_signals([late, bm25], late)[[1, 3]] == pytest.approx([0, 0], abs=1e-6)


def test_a_page_that_lacks_one_signal_is_still_of_the_kind():
    fused = fuse_signals([signal(NAN, 0.2, 0.6), signal(4, NAN, 2)], signal(NAN, 0.2, 0.6))
    assert not np.isnan(fused).any()
    assert fused.max() == pytest.approx(0.6)


def test_without_any_cosine_a_kind_still_has_an_order_but_no_say():
    nothing = signal(NAN, NAN, NAN)
    fused = fuse_signals([nothing, signal(1, 5, 2)], nothing)
    assert fused.argmax() == 1
    assert fused.max() == pytest.approx(0.01)


def test_rounding_tells_no_pages_apart():
    same = signal(0.53, 0.53 + 1e-7, 0.53 - 1e-7)
    found = signal(2, 1, 0)
    assert fuse_signals([same, found], same) == pytest.approx(fuse_signals([same * 0, found], same))


def test_what_an_encoder_cannot_read_is_scaled_by_words():
    late = signal(0.9, 0.8, 0.7)
    assert fuse_signals([late], late, known=0, coverage=0.6).max() == pytest.approx(0.6)
    assert fuse_signals([late], late, known=0.5, coverage=0.2).max() == pytest.approx(0.55)
    assert fuse_signals([late], late, known=0).max() == pytest.approx(0.01)
    order = np.argsort(fuse_signals([late], late, known=0, coverage=0.6))
    assert order.tolist() == np.argsort(fuse_signals([late], late)).tolist()


def test_a_kind_that_can_read_the_question_comes_before_one_that_cannot():
    words = fuse_signals([signal(0.9, 0.8, NAN)], signal(0.9, 0.8, NAN), known=0, coverage=0.1)
    pictures = fuse_signals([signal(NAN, NAN, 0.2)], signal(NAN, NAN, 0.2), (0.0, 0.25))
    assert fuse_modalities({"words": words, "pictures": pictures}).argmax() == 2


SIGNALS = st.lists(st.floats(-1, 1, width=16), min_size=5, max_size=5).map(
    lambda values: np.array(values, np.float32)
)


@given(SIGNALS, SIGNALS, SIGNALS)
def test_where_nothing_lacks_the_order_is_that_of_the_sum_of_z_scores(a, b, dense):
    signals = [s for s in (a, b) if np.std(s) > 1e-3]
    if not signals:
        return
    total = sum((s - s.mean(dtype=np.float64)) / s.std(dtype=np.float64) for s in signals)
    fused = fuse_signals(signals, dense)
    order = np.argsort(-total, kind="stable")
    assert (np.diff(fused[order]) <= 1e-4 * max(1, float(np.abs(fused).max()))).all()


@given(SIGNALS, st.integers(0, 5))
def test_a_page_that_lacks_everything_changes_nothing(values, place):
    some = fuse_signals([values], values)
    with_one = np.insert(values, place, np.nan)
    assert np.delete(fuse_signals([with_one], with_one), place) == pytest.approx(some, abs=1e-5)


def test_a_signal_without_weight_does_not_count():
    # z of the first is (-1, 1), of the second (1, -1): with weights 0 and 1 only the second ranks.
    first, second = np.float32([0.2, 0.4]), np.float32([0.8, 0.6])
    fused = fuse_signals([first, second], second, weights=[0, 1])
    # The best page scores its best dense cosine, 0.8.
    assert fused == pytest.approx([0.8, -0.8])
    assert fuse_signals([first, second], second, weights=[1, 1])[0] == pytest.approx(0.8)


def test_a_page_that_has_only_signals_without_weight_has_no_score():
    fused = fuse_signals(
        [np.float32([0.2, 0.4, 0.3]), np.float32([0.8, np.nan, 0.6])],
        np.float32([0.8, np.nan, 0.6]),
        weights=[0, 1],
    )
    assert np.isnan(fused).tolist() == [False, True, False]
