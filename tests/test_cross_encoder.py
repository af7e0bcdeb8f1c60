"""Cross-encoders of transformers as rerankers, on tiny real checkpoints."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_colbert import make_bert
from tiny_models import SIZES, calm

from ingest.encoders.checkpoint import InvalidCheckpoint
from ingest.encoders.embedded.weights import WeightsMissing
from retrieval.rerank.load_reranker import load_reranker

PASSAGES = ["the lamp is lit", "a boat", "lamp " * 400]


def make_classifier(folder: Path, labels: int = 1) -> Path:
    """A BERT with a classifier over pairs."""
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    make_bert(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    config = BertConfig(
        vocab_size=len(tokenizer), max_position_embeddings=128, num_labels=labels, **SIZES
    )
    torch.manual_seed(3)
    network = calm(BertForSequenceClassification(config))
    # Not torch's numbers, which depend on the processor: too large a weight and all are alike.
    weight = np.random.default_rng(3).normal(0, 0.5, network.classifier.weight.shape)
    network.classifier.weight.data = torch.from_numpy(weight.astype(np.float32))
    network.save_pretrained(folder)
    tokenizer.model_max_length = 128
    tokenizer.save_pretrained(folder)
    return folder


def test_relevance_is_the_networks(tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = make_classifier(tmp_path)
    reranker = load_reranker(f"cross-encoder:{folder}", "cpu")
    assert reranker is not None
    assert reranker.name == f"cross-encoder:{folder}"
    relevance = reranker.score("lamp?", PASSAGES)
    network = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for passage, value in zip(PASSAGES, relevance, strict=True):
        pair = tokenizer("lamp?", passage, truncation=True, max_length=128, return_tensors="pt")
        with torch.inference_mode():
            expected = torch.sigmoid(network.eval()(**pair).logits)[0, 0].item()
        assert value == pytest.approx(expected, abs=1e-5)
    assert np.ptp(relevance) > 1e-4
    assert reranker.score("lamp?", []).shape == (0,)


def test_two_outputs_are_no_reranker(tmp_path: Path) -> None:
    folder = make_classifier(tmp_path, labels=2)
    with pytest.raises(InvalidCheckpoint, match="2 outputs"):
        load_reranker(f"cross-encoder:{folder}", "cpu")


def test_a_checkpoint_without_the_head_is_refused(tmp_path: Path) -> None:

    folder = make_bert(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_labels": 1}))
    with pytest.raises(InvalidCheckpoint, match="random"):
        load_reranker(f"cross-encoder:{folder}", "cpu")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises((WeightsMissing, InvalidCheckpoint)):
        load_reranker(f"cross-encoder:{tmp_path / 'none'}", "cpu")
