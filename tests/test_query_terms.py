import sqlite3
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ingest.forms.terms import split_terms
from retrieval.query.terms import content_stems, content_terms, stem, token_weights


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


def test_forms_of_a_word_have_one_stem():
    assert content_stems("repairing the repaired repairs") == {"repair"}
    assert content_stems("price prices") == {"price"} == content_stems("pricing")
    assert content_stems("the glass") == {"glass"}
    assert content_stems("What is it?") == frozenset()


def test_a_stem_is_what_the_full_text_index_stems_to():
    words = "relational conditional rational happy cities engines flies running as s café naïve E41 요금"
    index = sqlite3.connect(":memory:")
    index.execute(
        "CREATE VIRTUAL TABLE t USING fts5(w, tokenize='porter unicode61 remove_diacritics 2')"
    )
    index.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)")
    terms = split_terms(words)
    index.executemany("INSERT INTO t(rowid, w) VALUES (?, ?)", enumerate(terms))
    stems = dict(index.execute("SELECT doc, term FROM v"))
    assert {term: stem(term) for term in terms} == {t: stems[i] for i, t in enumerate(terms)}


def test_stems_are_the_same_from_any_thread():
    words = [
        f"{a}{b}" for a in ("nation", "relat", "happ") for b in ("al", "ing", "ed", "ies")
    ] * 50
    expected = [stem.__wrapped__(word) for word in words]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(stem.__wrapped__, words)) == expected
