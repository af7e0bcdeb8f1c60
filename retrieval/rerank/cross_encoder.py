"""Cross-encoder reranker: sequence classifiers of transformers with one output.

BAAI/bge-reranker-v2-m3, cross-encoder/ms-marco-MiniLM-L-12-v2 and the like. Nogueira
and Cho 2019 (arXiv:1901.04085).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ingest.encoders.checkpoint import LOAD_ERRORS, Checkpoint, InvalidCheckpoint, find_checkpoint
from ingest.encoders.device import choose_device, choose_dtype
from ingest.encoders.loading.load_report import LoadReport, check_missing
from ingest.page import Vectors

MAX_TOKENS = 512
HINT = "Give a reranker: a sequence classifier with one output."


class CrossEncoderReranker:
    """A checkpoint as a `Reranker`.

    Args:
        model: a hub id, a hub id with `@revision`, or a local folder.
        device: where it runs, as for encoders.

    Raises:
        WeightsMissing, InvalidCheckpoint, DeviceUnavailable
    """

    reads_any_script = True

    def __init__(self, model: str, device: str = "auto") -> None:
        checkpoint = find_checkpoint(model, "ms-marco")
        self._device = choose_device(device)
        self._tokenizer, self._network = _load(checkpoint, self._device)
        self.name = f"cross-encoder:{checkpoint.spec}"

    def score(self, query: str, passages: Sequence[str]) -> Vectors:
        """See `Reranker`; a pair is cut after 512 tokens, or what the model allows."""
        if not passages:
            return np.zeros(0, np.float32)
        logits = self._logits([query] * len(passages), list(passages))
        relevance: Vectors = torch.sigmoid(logits.float()).cpu().numpy()
        return relevance

    @torch.inference_mode()
    def _logits(self, queries: list[str], passages: list[str]) -> torch.Tensor:
        length = min(MAX_TOKENS, self._tokenizer.model_max_length)
        inputs = self._tokenizer(
            queries,
            passages,
            padding=True,
            truncation="only_second",
            max_length=length,
            return_tensors="pt",
        )
        logits: torch.Tensor = self._network(**inputs.to(self._device)).logits
        return logits[:, 0]


def _load(checkpoint: Checkpoint, device: torch.device) -> tuple[Any, Any]:
    """Load tokenizer and network.

    Raises:
        InvalidCheckpoint: it is no reranker, broken, or lacks weights.
    """
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = str(checkpoint.folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        network, info = AutoModelForSequenceClassification.from_pretrained(
            folder,
            dtype=choose_dtype("auto", device),
            trust_remote_code=False,
            output_loading_info=True,
        )
    except LOAD_ERRORS as error:
        raise checkpoint.load_error(error, HINT) from error
    if network.config.num_labels != 1:
        raise InvalidCheckpoint(
            f"{checkpoint.spec} has {network.config.num_labels} outputs, not one.", hint=HINT
        )
    network = network.eval().to(device)
    inputs = tokenizer("lamp", "lamp", return_tensors="pt").to(device)

    @torch.inference_mode()
    def probe() -> list[torch.Tensor]:
        return [network(**inputs).logits]

    check_missing(checkpoint, LoadReport.read(info), network, probe)
    return tokenizer, network
