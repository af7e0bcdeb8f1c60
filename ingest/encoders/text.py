"""Text late interaction (the ColBERT family) through sentence-transformers: a row a token, with its word's box.

Khattab and Zaharia 2020 (arXiv:2004.12832). The checkpoint says how long
questions and documents may be, what marks them and which tokens are left out;
`MultiVectorEncoder` follows it. A page longer than a document may be is read
window by window, so no word is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ingest.encoders.batch import Budget, run_batches
from ingest.encoders.checkpoint import UNLOADABLE, Checkpoint, InvalidCheckpoint, find_checkpoint
from ingest.encoders.device import choose_device, choose_dtype, dtype_name
from ingest.encoders.embedded.minilm import LONGEST_TITLE
from ingest.encoders.encoder import Encoding
from ingest.page import Box, PageVectors, QueryVectors, Rendered, Vectors, Word, unit

INSTEAD = "--encoder minilm"
NOWHERE: Box = (0.0, 0.0, 0.0, 0.0)
LONGEST = 512
"""Tokens a document, where the checkpoint does not say."""
LONG_QUERY = 64
"""What a question counts for in a batch's budget of tokens."""
DOCUMENT_PROMPTS = ("document", "passage", "corpus")
"""As `encode_document` looks for one."""
OFFSETS = {"processing_kwargs": {"text": {"return_offsets_mapping": True}}}
"""Has the tokenizer tell where in the text, prompt included, each token is."""
KINDS = {"MultiVectorEncoder", "ColBERT"}
"""What sentence-transformers and PyLate call a model of late interaction."""
REMEDY = "Take a late-interaction (ColBERT) model of text, or download it anew."


@dataclass(slots=True)
class _Window:
    """Words read together, `tokens` of them in all at most; every box is nowhere for a title."""

    words: list[str] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    tokens: int = 0

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def place(self, ends: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The box of each token by the place after its last character; nowhere for those before the text."""
        # The space before a word is the word's: some tokens start with it, some are nothing else.
        stops = np.cumsum([len(word) + 1 for word in self.words]) - 1
        words = np.searchsorted(stops, ends - 1, side="right")
        boxes = np.array(self.boxes, np.float32)[words]
        boxes[ends <= 0] = NOWHERE
        return boxes


class TextEncoder:
    """See the module.

    Args:
        model: a hub id, a hub id with `@revision`, or a local folder.

    Raises:
        WeightsMissing, InvalidCheckpoint, DeviceUnavailable
    """

    modality = "text"
    cosine_range = (0.0, 1.0)
    batch_pages = 32

    def __init__(self, model: str, encoding: Encoding) -> None:
        checkpoint = find_checkpoint(model, INSTEAD)
        device = choose_device(encoding.device)
        dtype = choose_dtype(encoding.dtype, device)
        self._network = _load(checkpoint, device, dtype)
        self._tokenizer: Any = self._network.tokenizer
        self._budget = Budget.start(device, encoding.batch)
        self.name = f"text:{checkpoint.spec}"
        self.model = f"sentence-transformers {checkpoint.title}"
        self.provenance = {
            "sentence-transformers": version("sentence-transformers"),
            "dtype": dtype_name(dtype),
        }
        self._prompt = _find_prompt(self._network)
        longest = getattr(self._network[0], "document_length", None) or LONGEST
        longest = min(longest, self._tokenizer.model_max_length)
        # The prompt comes with what starts and ends a text.
        self._room = max(longest - self._count([self._prompt], add_special_tokens=True)[0], 1)
        try:
            rows, _ = self._run(self._encode_documents, ["a"], [1], "offset_mapping")[0]
        except UNLOADABLE as error:
            raise checkpoint.unloadable(error, REMEDY) from error
        self.dim = rows.shape[1]

    def preparer(self) -> None:
        """Nothing: tokenizing is quick."""

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """A row a token of each page's words, then a row a token of its title, as `minilm` has them."""
        cut = [self._cut(page) for page in pages]
        # By text: the pages of a document share its title.
        lengths = {window.text: window.tokens for windows in cut for window in windows}
        texts = list(lengths)
        found = self._run(self._encode_documents, texts, [*lengths.values()], "offset_mapping")
        read = dict(zip(texts, found, strict=True))
        return [self._join(windows, [read[window.text] for window in windows]) for windows in cut]

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """A row a token of each question, with what the model adds to it; they count alike, as in training."""
        special = set(self._tokenizer.all_special_ids)
        lengths = [LONG_QUERY] * len(queries)
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

    def _encode_documents(self, texts: list[str], **how: Any) -> Any:
        return self._network.encode_document(texts, prompt=self._prompt, **OFFSETS, **how)

    def _run(
        self,
        encode: Callable[..., Any],
        texts: Sequence[str],
        lengths: Sequence[int],
        wanted: str,
    ) -> list[tuple[Vectors, Any]]:
        """Of each text the unit rows that count, and what else is `wanted` of their tokens.

        Args:
            encode: the model's way with questions or with documents.
            lengths: tokens of each text.
        """
        told: dict[int, Any] = {}

        def forward(at: Sequence[int]) -> list[torch.Tensor]:
            items = encode([texts[i] for i in at], output_value=None, batch_size=len(at))
            masks = [item["attention_mask"].bool() for item in items]
            for i, item, mask in zip(at, items, masks, strict=True):
                told[i] = item[wanted][mask].cpu().numpy()
            return [item["token_embeddings"][m] for item, m in zip(items, masks, strict=True)]

        rows: dict[int, Vectors] = {}
        for places, vectors in run_batches(lengths, self._budget, forward):
            rows.update(zip(places, map(unit, vectors), strict=True))
        return [(rows[i], told[i]) for i in range(len(texts))]

    def _cut(self, page: Rendered) -> list[_Window]:
        """A page's words in windows that the model reads whole, then its title's."""
        if not page.searchable_words:
            return []
        title = [Word(word, NOWHERE) for word in page.context.split()[:LONGEST_TITLE]]
        return [*self._windows(page.searchable_words), *self._windows(title)]

    def _windows(self, words: Sequence[Word]) -> list[_Window]:
        windows: list[_Window] = []
        for word, first, inside in self._spell(words):
            if not windows or windows[-1].tokens + inside > self._room:
                windows.append(_Window())
            window = windows[-1]
            window.tokens += inside if window.words else first
            window.words.append(word.text)
            window.boxes.append(word.box)
        return windows

    def _spell(self, words: Sequence[Word]) -> Iterator[tuple[Word, int, int]]:
        """Each word with its tokens at the start of a text, and inside it; one longer than a window in parts."""
        texts = [word.text for word in words]
        bare, inside = self._count(texts), self._count([f" {text}" for text in texts])
        for word, a, b in zip(words, bare, inside, strict=True):
            half = len(word.text) // 2
            if half and max(a, b) > self._room:
                parts = word.text[:half], word.text[half:]
                yield from self._spell([Word(part, word.box) for part in parts])
            else:
                # After a mark that ends in a space, the first word is spelled as inside.
                yield word, max(a, b), b

    def _join(self, windows: Sequence[_Window], read: Sequence[tuple[Vectors, Any]]) -> PageVectors:
        """The windows of a page as one."""
        rows = [np.zeros((0, self.dim), np.float32)]
        boxes = [np.zeros((0, 4), np.float32)]
        for window, (vectors, offsets) in zip(windows, read, strict=True):
            rows.append(vectors)
            boxes.append(window.place(offsets[:, 1] - len(self._prompt)))
        return PageVectors(np.concatenate(rows), np.concatenate(boxes))

    def _count(self, texts: Sequence[str], **how: Any) -> list[int]:
        """Tokens of each text."""
        if not texts:
            return []
        how = {"add_special_tokens": False, "verbose": False, **how}
        return [len(tokens) for tokens in self._tokenizer(list(texts), **how)["input_ids"]]


def _load(checkpoint: Checkpoint, device: torch.device, dtype: torch.dtype) -> Any:
    """The model.

    Raises:
        InvalidCheckpoint: it is none of late interaction, or none of text, or broken.
    """
    from sentence_transformers import MultiVectorEncoder

    # The library takes any model, and gives it a projection of random numbers.
    if not _is_late(checkpoint):
        raise InvalidCheckpoint(
            f"{checkpoint.spec} is no late-interaction model: it was trained for other vectors.",
            hint=REMEDY,
        )
    try:
        network = MultiVectorEncoder(
            str(checkpoint.folder), device=str(device), model_kwargs={"dtype": dtype}
        )
    except UNLOADABLE as error:
        raise checkpoint.unloadable(error, REMEDY) from error
    if set(network.modalities) != {"text"}:
        raise InvalidCheckpoint(
            f"{checkpoint.spec} reads {', '.join(map(str, network.modalities))}, not text alone.",
            hint=REMEDY,
        )
    return network


def _is_late(checkpoint: Checkpoint) -> bool:
    """Whether a checkpoint says that it was trained for late interaction: sentence-transformers', PyLate's or Stanford's."""
    whole = checkpoint.read("config_sentence_transformers.json") or {}
    plain = checkpoint.read("config.json") or {}
    return (
        whole.get("model_type") in KINDS
        or "document_prefix" in whole
        or "HF_ColBERT" in (plain.get("architectures") or ())
    )


def _find_prompt(network: Any) -> str:
    """What comes before a document."""
    names = [name for name in DOCUMENT_PROMPTS if name in network.prompts]
    return network.prompts.get(next(iter(names), network.default_prompt_name)) or ""
