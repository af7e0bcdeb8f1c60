import numpy as np
import pytest

from retrieval.query.terms import content_terms, token_weights


def test_stop_words_are_left_out_unless_there_is_nothing_else():
    assert content_terms("What is the height of the tower?") == ["height", "tower"]
    assert content_terms("What is it?") == ["what", "is", "it"]


def test_korean_questions_become_pairs_of_characters():
    assert content_terms("등대 요금") == ["등대", "요금"]
    assert content_terms("관람료를") == ["관람", "람료"]


def test_rare_words_weigh_more_and_punctuation_nothing():
    words = ("tower", "page", "?", "")
    weights = token_weights(words, {"tower": 1, "page": 90}, 100)
    # sqrt(log(1 + (100 - 1 + 0.5) / 1.5)) = sqrt(log(67.33)) = 2.0518
    assert weights[0] == pytest.approx(2.0518, abs=1e-3)
    assert weights[0] > weights[1] > weights[2] == 0
    assert weights[3] == 1


def test_a_question_of_nothing_but_punctuation_still_has_weights():
    assert token_weights(("?", "!"), {}, 10).tolist() == [1, 1]
    assert token_weights(("?", "!"), {}, 10).dtype == np.float32


def test_a_word_on_more_pages_than_were_counted_weighs_as_one_on_all():
    """Pages and the word's are counted one after the other, and a document may come between."""
    more, every = (token_weights(("lamp",), {"lamp": found}, 10) for found in (14, 10))
    assert more.tolist() == every.tolist()
    assert every[0] > 0
