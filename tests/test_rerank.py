"""Reranking: windows of pages, the cross-encoders, and what becomes of a ranking."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from api.factory import make_searcher
from api.settings import Settings
from ingest.encoders.embedded import weights
from ingest.encoders.embedded.weights import MS_MARCO, Weights, WeightsMissing
from ingest.encoders.embedded.wordpiece import load_wordpiece
from ingest.extras import MissingExtra
from ingest.library.home import Home
from ingest.page import Vectors
from retrieval.ranking import FUSED, RERANK
from retrieval.rerank.load_reranker import UnknownReranker, load_reranker
from retrieval.rerank.ms_marco import MsMarcoReranker
from retrieval.rerank.relevance import RERANK_WEIGHT, RERANKED_PAGES
from retrieval.rerank.window import STRIDE, WINDOW, best_window
from retrieval.search import Searcher

QUESTION = "How many steps do you have to climb to reach the lamp?"
PASSAGES = (
    "Visitors climb 142 steps to the lamp. The door is locked at dusk.",
    "The ferry to the island leaves at nine and returns at five.",
    "Berlin has a population of about three and a half million people.",
)


class Scripted:
    """Reranker that finds a word relevant."""

    name = "scripted"

    def __init__(self, word: str, *, reads_any_script: bool = True) -> None:
        self.word, self.reads_any_script = word, reads_any_script
        self.asked: list[tuple[str, list[str]]] = []

    def score(self, query: str, passages: Sequence[str]) -> Vectors:
        self.asked.append((query, list(passages)))
        return np.array([float(self.word in text) for text in passages], np.float32)


@pytest.fixture(scope="module")
def ms_marco() -> MsMarcoReranker:
    return MsMarcoReranker()


# --- windows


def test_a_short_page_is_one_window() -> None:
    assert best_window(["a", "lamp"], {"boat": 1.0}) == "a lamp"
    assert best_window([], {"boat": 1.0}) == ""


@pytest.mark.parametrize("at", [0, 39, 79, 80, 151, 260, 299])
def test_the_window_holds_the_terms(at: int) -> None:
    words = [f"word{number}" for number in range(300)]
    words[at] = "Lamps,"
    window = best_window(words, {"lamp": 1.0, "boat": 3.0}).split()
    assert "Lamps," in window
    assert len(window) <= WINDOW
    assert window[0] in {words[start] for start in range(0, 300, STRIDE)}


def test_a_term_counts_once_and_a_rare_one_more() -> None:
    words = ["common"] * WINDOW + ["rare"] + ["filler"] * WINDOW
    assert "rare" in best_window(words, {"common": 1.0, "rare": 2.0}).split()


# --- the embedded cross-encoder


def test_what_answers_is_more_relevant(ms_marco: MsMarcoReranker) -> None:
    relevance = ms_marco.score(QUESTION, PASSAGES)
    assert relevance.argmax() == 0
    assert relevance[0] > 0.9 > 0.1 > relevance[1:].max()


def test_a_question_with_the_same_passages_is_read_once() -> None:
    reranker = MsMarcoReranker()
    first = reranker.score(QUESTION, PASSAGES)
    reranker._run = None  # type: ignore[assignment,method-assign]
    np.testing.assert_array_equal(reranker.score(QUESTION, list(PASSAGES)), first)
    with pytest.raises(TypeError):
        reranker.score(QUESTION, PASSAGES[1:])


def test_pairs_are_spread_over_the_cores_with_the_same_logits(ms_marco: MsMarcoReranker) -> None:
    passages = [" ".join(PASSAGES[: at % 4 + 1]) for at in range(7)]
    alone = MsMarcoReranker(alone=True).logits(QUESTION, passages)
    np.testing.assert_array_equal(alone, ms_marco.logits(QUESTION, passages))


def test_logits_are_those_of_the_network_on_single_pairs(ms_marco: MsMarcoReranker) -> None:
    # A pair alone, by the tokenizer's own template for pairs: no padding, no batch.
    import onnxruntime
    from tokenizers.processors import BertProcessing

    tokenizer = load_wordpiece()
    tokenizer.post_processor = BertProcessing(("[SEP]", 102), ("[CLS]", 101))
    network = onnxruntime.InferenceSession(MS_MARCO.path(), providers=["CPUExecutionProvider"])
    for passage, logit in zip(PASSAGES, ms_marco.logits(QUESTION, PASSAGES), strict=True):
        pair = tokenizer.encode(QUESTION, passage)
        inputs = {
            "input_ids": np.array([pair.ids]),
            "attention_mask": np.array([pair.attention_mask]),
            "token_type_ids": np.array([pair.type_ids]),
        }
        # Activations are quantized by their range in a batch.
        assert network.run(None, inputs)[0][0, 0] == pytest.approx(logit, abs=0.5)


def test_long_and_empty_texts(ms_marco: MsMarcoReranker) -> None:
    assert ms_marco.score("lamp", []).shape == (0,)
    relevance = ms_marco.score("lamp " * 500, ["", "boat " * 5_000])
    assert relevance.shape == (2,)
    assert np.isfinite(relevance).all()


# --- rankings


def test_the_relevance_is_added_to_the_best_pages(sample_home: Home) -> None:
    plain = Searcher(sample_home).rank(QUESTION)
    reranker = Scripted("telescope")
    ranking = Searcher(sample_home, reranker=reranker).rank(QUESTION)
    relevance = ranking.signals[RERANK]
    read = ~np.isnan(relevance)
    assert 0 < read.sum() <= RERANKED_PAGES
    assert set(np.flatnonzero(read)) <= set(plain.order()[:RERANKED_PAGES])
    expected = plain.scores + RERANK_WEIGHT * np.nan_to_num(relevance)
    np.testing.assert_allclose(ranking.scores, expected, atol=1e-6)
    np.testing.assert_allclose(ranking.signals[FUSED], plain.scores, atol=1e-6)
    [(query, passages)] = reranker.asked
    assert query == QUESTION
    assert len(passages) == read.sum()
    assert relevance[read].max() == 1 > relevance[read].min()


def test_hits_are_in_the_order_of_their_scores(sample_home: Home) -> None:
    hits = Searcher(sample_home, reranker=Scripted("telescope")).search(QUESTION, top=15)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert any(hit.signals.get(RERANK) == 1 for hit in hits[:3])
    assert RERANK not in hits[-1].signals


def test_several_queries_at_once_are_reranked_each(sample_home: Home) -> None:
    searcher = Searcher(sample_home, reranker=Scripted("telescope"))
    both = searcher.rank_all([QUESTION, "the ferry"])
    for query, ranking in zip([QUESTION, "the ferry"], both, strict=True):
        np.testing.assert_allclose(ranking.scores, searcher.rank(query).scores, atol=1e-5)


@pytest.mark.parametrize("query", ["등대의 계단은 몇 개입니까", "Σκαλιά του φάρου"])
def test_scripts_that_the_reranker_does_not_read(sample_home: Home, query: str) -> None:
    strange = Scripted("", reads_any_script=False)
    assert RERANK not in Searcher(sample_home, reranker=strange).rank(query).signals
    assert not strange.asked
    assert RERANK in Searcher(sample_home, reranker=Scripted("")).rank(query).signals


def test_a_search_for_images_is_not_reranked(sample_home: Home) -> None:
    reranker = Scripted("")
    Searcher(sample_home, reranker=reranker).search("a red bicycle by a wall", images=True)
    assert not reranker.asked


def test_pages_that_the_question_names_stay_first(sample_home: Home) -> None:
    # Whatever is relevant: a whole form of the query proves more than likeness.
    query = '"142 steps"'
    plain = Searcher(sample_home).search(query)
    reranked = Searcher(sample_home, reranker=Scripted("ferry")).search(query)
    assert {hit.page for hit in reranked} == {hit.page for hit in plain}


# --- names and settings


def test_the_default_is_the_embedded_one_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert isinstance(load_reranker("auto"), MsMarcoReranker)
    assert load_reranker("none") is None
    missing = Weights("nowhere_at_all", "nowhere", "model.onnx", "0")
    monkeypatch.setattr("retrieval.rerank.load_reranker.MS_MARCO", missing)
    monkeypatch.setattr("retrieval.rerank.ms_marco.MS_MARCO", missing)
    assert load_reranker("auto") is None
    with pytest.raises(WeightsMissing, match="nowhere"):
        load_reranker("ms-marco")


def test_weights_that_were_changed_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "changed_weights").mkdir()
    (tmp_path / "changed_weights" / "model.onnx").write_bytes(b"other")
    monkeypatch.syspath_prepend(tmp_path)
    changed = Weights("changed_weights", "changed-weights", "model.onnx", MS_MARCO.sha256)
    monkeypatch.setattr("retrieval.rerank.ms_marco.MS_MARCO", changed)
    with pytest.raises(weights.WeightsChanged):
        load_reranker("ms-marco")


@pytest.mark.parametrize("name", ["", "minilm", "cross-encoder:", "cross-encoder", "none:x"])
def test_unknown_names(name: str) -> None:
    with pytest.raises(UnknownReranker) as raised:
        load_reranker(name)
    assert "cross-encoder:MODEL" in raised.value.hint


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match="reranker cross-encoder:any") as raised:
        load_reranker("cross-encoder:any")
    assert "models" in raised.value.hint


def test_the_setting_chooses(sample_home: Home) -> None:
    for name, there in (("auto", True), ("none", False)):
        searcher = make_searcher(sample_home, Settings.model_construct(rerank=name))
        assert (RERANK in searcher.rank(QUESTION).signals) is there
        searcher.close()
