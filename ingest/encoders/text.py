"""ColBERT-family encoder: late interaction over words, one row a token.

sentence-transformers runs the models. Khattab and Zaharia 2020
(arXiv:2004.12832). The checkpoint sets the lengths of queries and documents, their
prompts and the tokens that are skipped; `MultiVectorEncoder` follows it. A page
longer than the document length is encoded in windows, so that no word is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ingest.encoders.batch import TokenBudget, run_batches
from ingest.encoders.checkpoint import LOAD_ERRORS, Checkpoint, InvalidCheckpoint, find_checkpoint
from ingest.encoders.device import choose_device, choose_dtype, dtype_name
from ingest.encoders.embedded.minilm import TITLE_LENGTH
from ingest.encoders.encoder import Encoding, Modality
from ingest.encoders.loading.load_report import LoadReport, check_missing, inspect_load
from ingest.page import Box, PageVectors, QueryVectors, Rendered, Vectors, Word, unit

FALLBACK = "minilm"
EMPTY_BOX: Box = (0.0, 0.0, 0.0, 0.0)
DOCUMENT_LENGTH = 512
"""Tokens of a document, if the checkpoint does not say."""
QUERY_TOKENS = 64
"""Tokens of a query in a batch's budget."""
DOCUMENT_PROMPTS = ("document", "passage", "corpus")
"""Names of prompts for documents, in the order in which `encode_document` looks for one."""
OFFSETS = {"processing_kwargs": {"text": {"return_offsets_mapping": True}}}
"""Asks for the span of each token in the text, prompt included."""
MODEL_TYPES = {"MultiVectorEncoder", "ColBERT"}
"""The `model_type` of late-interaction models in sentence-transformers and PyLate."""
HINT = "Give a late-interaction (ColBERT) model of text, or download it again."


@dataclass(slots=True)
class _Window:
    """Words that are encoded together, their boxes, and the number of their tokens."""

    words: list[str] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    tokens: int = 0

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def token_boxes(self, ends: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The box of each token, by the end of its span; empty for tokens before the text."""
        # The space before a word belongs to it: some tokens start with it, some are only a space.
        stops = np.cumsum([len(word) + 1 for word in self.words]) - 1
        words = np.searchsorted(stops, ends - 1, side="right")
        boxes = np.array(self.boxes, np.float32)[words]
        boxes[ends <= 0] = EMPTY_BOX
        return boxes


class TextEncoder:
    """A ColBERT model as an `Encoder`; see the module.

    Args:
        model: a hub id, a hub id with `@revision`, or a local folder.

    Raises:
        WeightsMissing, InvalidCheckpoint, DeviceUnavailable
    """

    modality: Modality = "text"
    calibrated = False
    cosine_range = (0.0, 1.0)
    batch_pages = 32

    def __init__(self, model: str, encoding: Encoding) -> None:
        checkpoint = find_checkpoint(model, FALLBACK)
        device = choose_device(encoding.device)
        dtype = choose_dtype(encoding.dtype, device)
        self._network = _load(checkpoint, device, dtype)
        self._tokenizer: Any = self._network.tokenizer
        self._budget = TokenBudget.start(device, encoding.batch)
        self.name = f"text:{checkpoint.spec}"
        self.model = f"sentence-transformers {checkpoint.title}"
        self.provenance = {
            "sentence-transformers": version("sentence-transformers"),
            "dtype": dtype_name(dtype),
        }
        self._prompt = _find_prompt(self._network)
        length = getattr(self._network[0], "document_length", None) or DOCUMENT_LENGTH
        length = min(length, self._tokenizer.model_max_length)
        # With the prompt come the tokens that start and end a text.
        self._window_tokens = max(
            length - self._count([self._prompt], add_special_tokens=True)[0], 1
        )
        try:
            rows, _ = self._run(self._encode_documents, ["a"], [1], "offset_mapping")[0]
        except LOAD_ERRORS as error:
            raise checkpoint.load_error(error, HINT) from error
        self.dim = rows.shape[1]

    def preparer(self) -> None:
        """None: tokenization is fast."""

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """Encode pages: one row for each token of the words and of the title.

        The rows of the words come first, then those of the title.
        """
        windows_of = [self._split(page) for page in pages]
        # Keyed by text: the pages of a document share its title.
        lengths = {window.text: window.tokens for windows in windows_of for window in windows}
        texts = list(lengths)
        results = self._run(self._encode_documents, texts, [*lengths.values()], "offset_mapping")
        encoded = dict(zip(texts, results, strict=True))
        return [
            self._join(windows, [encoded[window.text] for window in windows])
            for windows in windows_of
        ]

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """Encode queries: one row a token, augmentation tokens included.

        All rows have equal weight, as in training.
        """
        special = set(self._tokenizer.all_special_ids)
        lengths = [QUERY_TOKENS] * len(queries)
        return [
            QueryVectors(
                rows,
                tuple("" if t in special else self._tokenizer.decode([t]).strip() for t in tokens),
                even=True,
            )
            for rows, tokens in self._run(
                self._network.encode_query, list(queries), lengths, "input_ids"
            )
        ]

    def _encode_documents(self, texts: list[str], **options: Any) -> Any:
        return self._network.encode_document(texts, prompt=self._prompt, **OFFSETS, **options)

    def _run(
        self,
        encode: Callable[..., Any],
        texts: Sequence[str],
        lengths: Sequence[int],
        wanted: str,
    ) -> list[tuple[Vectors, Any]]:
        """Encode texts: the unit rows of the tokens kept, and the `wanted` feature of those tokens.

        Args:
            encode: the model's method for queries or for documents.
            lengths: the number of tokens of each text.
        """
        features: dict[int, Any] = {}

        def forward(at: Sequence[int]) -> list[torch.Tensor]:
            items = encode([texts[i] for i in at], output_value=None, batch_size=len(at))
            masks = [item["attention_mask"].bool() for item in items]
            for i, item, mask in zip(at, items, masks, strict=True):
                features[i] = item[wanted][mask].cpu().numpy()
            return [item["token_embeddings"][m] for item, m in zip(items, masks, strict=True)]

        rows: dict[int, Vectors] = {}
        for positions, vectors in run_batches(lengths, self._budget, forward):
            rows.update(zip(positions, map(unit, vectors), strict=True))
        return [(rows[i], features[i]) for i in range(len(texts))]

    def _split(self, page: Rendered) -> list[_Window]:
        """Split a page's words into windows of the document length, then those of its title."""
        if not page.searchable_words:
            return []
        title = [Word(word, EMPTY_BOX) for word in page.context.split()[:TITLE_LENGTH]]
        return [*self._windows(page.searchable_words), *self._windows(title)]

    def _windows(self, words: Sequence[Word]) -> list[_Window]:
        windows: list[_Window] = []
        for word, first, inside in self._count_tokens(words):
            if not windows or windows[-1].tokens + inside > self._window_tokens:
                windows.append(_Window())
            window = windows[-1]
            window.tokens += inside if window.words else first
            window.words.append(word.text)
            window.boxes.append(word.box)
        return windows

    def _count_tokens(self, words: Sequence[Word]) -> Iterator[tuple[Word, int, int]]:
        """Each word with its number of tokens at the start of a text and within it.

        A word longer than a window is split.
        """
        texts = [word.text for word in words]
        bare, inside = self._count(texts), self._count([f" {text}" for text in texts])
        for word, a, b in zip(words, bare, inside, strict=True):
            half = len(word.text) // 2
            if half and max(a, b) > self._window_tokens:
                parts = word.text[:half], word.text[half:]
                yield from self._count_tokens([Word(part, word.box) for part in parts])
            else:
                # After a prompt that ends in a space, the first word is tokenized as within a text.
                yield word, max(a, b), b

    def _join(
        self, windows: Sequence[_Window], encoded: Sequence[tuple[Vectors, Any]]
    ) -> PageVectors:
        """Concatenate the windows of a page."""
        rows = [np.zeros((0, self.dim), np.float32)]
        boxes = [np.zeros((0, 4), np.float32)]
        for window, (vectors, offsets) in zip(windows, encoded, strict=True):
            rows.append(vectors)
            boxes.append(window.token_boxes(offsets[:, 1] - len(self._prompt)))
        return PageVectors(np.concatenate(rows), np.concatenate(boxes))

    def _count(self, texts: Sequence[str], **options: Any) -> list[int]:
        """Count the tokens of each text."""
        if not texts:
            return []
        options = {"add_special_tokens": False, "verbose": False, **options}
        return [len(tokens) for tokens in self._tokenizer(list(texts), **options)["input_ids"]]


def _load(checkpoint: Checkpoint, device: torch.device, dtype: torch.dtype) -> Any:
    """Load the model.

    Raises:
        InvalidCheckpoint: it is not a late-interaction model of text, or broken.
    """
    from sentence_transformers import MultiVectorEncoder

    # The library loads any model, with a random projection where there is none.
    if not _is_late_interaction(checkpoint):
        raise InvalidCheckpoint(
            f"{checkpoint.spec} is not a late-interaction model.",
            hint=HINT,
        )
    try:
        network = MultiVectorEncoder(
            str(checkpoint.folder), device=str(device), model_kwargs={"dtype": dtype}
        )
    except LOAD_ERRORS as error:
        raise checkpoint.load_error(error, HINT) from error
    body = getattr(network[0], "auto_model", None)
    if body is not None:
        missing = LoadReport.read(inspect_load(type(body), str(checkpoint.folder)))
        check_missing(checkpoint, missing, body, lambda: [_probe(network)])
    if set(network.modalities) != {"text"}:
        raise InvalidCheckpoint(
            f"{checkpoint.spec} reads {', '.join(map(str, network.modalities))}, not text alone.",
            hint=HINT,
        )
    return network


def _probe(network: Any) -> torch.Tensor:
    """Rows of a short text, to see which weights they depend on."""
    return torch.as_tensor(network.encode_document(["lamp"])[0])


def _is_late_interaction(checkpoint: Checkpoint) -> bool:
    """Whether a checkpoint is a late-interaction model of sentence-transformers, PyLate or Stanford's ColBERT."""
    library_config = checkpoint.read("config_sentence_transformers.json") or {}
    config = checkpoint.read("config.json") or {}
    return (
        library_config.get("model_type") in MODEL_TYPES
        or "document_prefix" in library_config
        or "HF_ColBERT" in (config.get("architectures") or ())
    )


def _find_prompt(network: Any) -> str:
    """The prompt before a document."""
    names = [name for name in DOCUMENT_PROMPTS if name in network.prompts]
    return network.prompts.get(next(iter(names), network.default_prompt_name)) or ""
