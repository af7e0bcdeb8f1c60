import numpy as np
import pytest
from published import published_model

from ingest.encoders.embedded.conse import ConseEncoder
from ingest.encoders.embedded.minilm import (
    DIM,
    MAX_QUERY_TOKENS,
    WINDOW,
    MiniLmEncoder,
    load_minilm,
)
from ingest.page import Page, Rendered, Word


def page_of(*texts: str, context: str = "") -> Rendered:
    words = tuple(Word(text, (i / 1000, 0.1, (i + 1) / 1000, 0.2)) for i, text in enumerate(texts))
    return Rendered(Page("d", 1), b"", 1, 1, words, (), "text", context)


@pytest.fixture(scope="module")
def minilm():
    return load_minilm(0)


def test_token_vectors_are_those_of_the_published_model(minilm):
    """Golden: the fp32 weights under transformers; int8 may differ by a thousandth or so."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = published_model()
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    text = "The lighthouse at Tarrow Head was first lit in 1874, and re-lit in October."
    with torch.no_grad():
        hidden = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].numpy()
    golden = hidden / np.linalg.norm(hidden, axis=1, keepdims=True)
    (ours,) = minilm.encode_queries([text])
    assert ((golden[1:-1] * ours.vectors).sum(axis=1) > 0.99).all()
    sentence = hidden.mean(axis=0)
    assert minilm.embed([text])[0] @ (sentence / np.linalg.norm(sentence)) > 0.995


def test_each_token_has_the_box_of_its_word(minilm):
    (seen,) = minilm.encode_pages([page_of("unbelievably", "small")])
    pieces = (seen.boxes == np.float32([0, 0.1, 0.001, 0.2])).all(axis=1).sum()
    assert pieces == len(seen.vectors) - 1 >= 2
    assert seen.boxes[-1] == pytest.approx([0.001, 0.1, 0.002, 0.2])
    assert np.linalg.norm(seen.vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_no_word_of_a_long_page_is_left_out(minilm):
    (seen,) = minilm.encode_pages([page_of(*["word"] * (3 * WINDOW + 7))])
    assert seen.vectors.shape == (3 * WINDOW + 7, DIM)
    assert len(np.unique(seen.boxes, axis=0)) == 3 * WINDOW + 7


def test_the_title_is_matched_but_is_nowhere_on_the_page(minilm):
    plain, titled = minilm.encode_pages(
        [page_of("sales"), page_of("sales", context="Annual report")]
    )
    extra = titled.boxes[len(plain.vectors) :]
    assert len(extra) == 2
    assert not extra.any()
    assert titled.vectors[: len(plain.vectors)] == pytest.approx(plain.vectors)


def test_a_page_has_the_same_vectors_whatever_is_read_beside_it(minilm):
    one, other = page_of("the", "tower"), page_of(*["a", "much", "longer", "page"] * 40)
    together = minilm.encode_pages([other, one, other])
    assert (together[1].vectors == minilm.encode_pages([one])[0].vectors).all()


def test_a_page_without_words_gives_no_rows(minilm):
    (seen,) = minilm.encode_pages([page_of(context="Title")])
    assert seen.vectors.shape == (0, DIM)


def test_each_row_of_a_question_knows_its_word(minilm):
    (asked,) = minilm.encode_queries(["unbelievably tall?"])
    assert set(asked.words[:-2]) == {"unbelievably"}
    assert asked.words[-2:] == ("tall", "?")
    assert len(asked.words) == len(asked.vectors)


def test_a_very_long_question_is_cut(minilm):
    (asked,) = minilm.encode_queries(["why " * 1000])
    assert asked.vectors.shape == (MAX_QUERY_TOKENS, DIM)
    assert len(asked.words) == MAX_QUERY_TOKENS


def test_like_sentences_are_near(minilm):
    vectors = minilm.embed(["a dog runs on grass", "a puppy plays in a meadow", "tax returns"])
    assert vectors[0] @ vectors[1] > 0.4 > vectors[0] @ vectors[2]


class CountingSession:
    """A session that counts how often it runs."""

    def __init__(self, session):
        self.session, self.runs = session, 0

    def run(self, inputs):
        self.runs += 1
        return self.session.run(inputs)


def test_a_text_is_run_once_for_words_and_for_images(minilm):
    images = ConseEncoder(1)
    images._words = fresh = MiniLmEncoder(1)
    fresh.__dict__["_for_texts"] = counting = CountingSession(minilm._for_texts)
    (words,), (seen,) = fresh.encode_queries(["a red boat"]), images.encode_queries(["a red boat"])
    assert counting.runs == 1
    assert (words.vectors == minilm.encode_queries(["a red boat"])[0].vectors).all()
    assert (seen.vectors == minilm.embed(["a red boat"])).all()
    fresh.embed(["a red boat", "a blue boat", "a blue boat"])
    assert counting.runs == 2


def test_texts_that_were_dropped_are_run_anew(minilm):
    fresh = MiniLmEncoder(1)
    fresh.__dict__["_for_texts"] = counting = CountingSession(minilm._for_texts)
    fresh._states.most = fresh._embedded.most = 0
    first, again = fresh.embed(["a red boat"]), fresh.embed(["a red boat"])
    assert counting.runs == 2
    assert (first == again).all()
