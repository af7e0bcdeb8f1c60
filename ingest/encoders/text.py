"""Text late interaction (the ColBERT family) through sentence-transformers: a row a token, with its word's box.

Khattab and Zaharia 2020 (arXiv:2004.12832). The checkpoint says how long
questions and documents may be, what marks them and which tokens are left out;
`MultiVectorEncoder` follows it. A page longer than a document may be is read
window by window, so no word is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.encoders.checkpoint import BadCheckpoint, find_checkpoint
from ingest.encoders.device import choose_device, choose_dtype, dtype_name
from ingest.encoders.encoder import Encoding
from ingest.encoders.minilm import LONGEST_TITLE, unit
from ingest.page import Box, PageVectors, QueryVectors, Rendered, Vectors

INSTEAD = "--encoder minilm"
SLACK = 2
"""Tokens left free in a window: the first word of a text may be spelled in more tokens than inside it."""
NOWHERE: Box = (0.0, 0.0, 0.0, 0.0)
LONGEST = 512
"""Tokens a document, where the checkpoint does not say."""
BATCH = 32


@dataclass(frozen=True, slots=True)
class _Window:
    """Words read together; `boxes` of them, all nowhere for a title."""

    words: Sequence[str]
    boxes: Sequence[Box]


class TextEncoder:
    """See the module.

    Args:
        model: a hub id, a hub id with `@revision`, or a local folder.

    Raises:
        WeightsMissing, BadCheckpoint, NoDevice
    """

    reads = "words"
    reach = (0.0, 1.0)
    batch_pages = 32

    def __init__(self, model: str, encoding: Encoding) -> None:
        from sentence_transformers import MultiVectorEncoder

        checkpoint = find_checkpoint(model, INSTEAD)
        device = choose_device(encoding.device)
        dtype = choose_dtype(encoding.dtype, device)
        try:
            self._network = MultiVectorEncoder(
                str(checkpoint.folder), device=str(device), model_kwargs={"dtype": dtype}
            )
        except (OSError, ValueError, KeyError) as error:
            raise BadCheckpoint(
                f"{checkpoint.spec} cannot be loaded: {str(error).splitlines()[0]}.",
                remedy="Take a late-interaction (ColBERT) model, or download it anew.",
            ) from error
        self._tokenizer: Any = self._network.tokenizer
        self._batch = encoding.batch or BATCH
        self.name = f"text:{checkpoint.spec}"
        self.model = f"sentence-transformers {checkpoint.title}"
        self.dim = int(self._network.encode_query("a")[0].shape[-1])
        self.made = {
            "sentence-transformers": version("sentence-transformers"),
            "dtype": dtype_name(dtype),
        }
        longest = getattr(self._network[0], "document_length", None) or LONGEST
        self._room = max(longest - self._overhead() - SLACK, 1)

    def preparer(self) -> None:
        """Nothing: tokenizing is quick."""

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """A row a token of each page's words, then a row a token of its title, as `minilm` has them."""
        windows = [self._cut(page) for page in pages]
        encoded = iter(self._encode([window for some in windows for window in some]))
        return [_join(list(islice(encoded, len(some))), self.dim) for some in windows]

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """A row a token of each question, with what the model adds to it; they count alike, as in training."""
        items: Any = self._network.encode_query(list(queries), output_value=None)
        encoded = []
        for item in items:
            kept = item["attention_mask"].bool().cpu()
            rows = unit(item["token_embeddings"].float().cpu().numpy())[kept.numpy()]
            tokens = item["input_ids"].cpu()[kept].tolist()
            special = set(self._tokenizer.all_special_ids)
            words = tuple(
                "" if t in special else self._tokenizer.decode([t]).strip() for t in tokens
            )
            encoded.append(QueryVectors(rows, words, even=True))
        return encoded

    def _overhead(self) -> int:
        """Tokens that are no words: start, end and the mark of a document."""
        item: Any = self._network.encode_document("a", output_value=None)
        return int(item["attention_mask"].shape[-1]) - 1

    def _cut(self, page: Rendered) -> list[_Window]:
        """A page's words in windows that the model reads whole, and its title."""
        if not page.words:
            return []
        words = [word.text for word in page.words]
        lengths = [
            len(ids)
            for ids in self._tokenizer([f" {w}" for w in words], add_special_tokens=False)[
                "input_ids"
            ]
        ]
        windows, first, held = [], 0, 0
        for i, length in enumerate(lengths):
            if held and held + length > self._room:
                windows.append(_Window(words[first:i], [w.box for w in page.words[first:i]]))
                first, held = i, 0
            held += length
        windows.append(_Window(words[first:], [w.box for w in page.words[first:]]))
        title = page.context.split()[:LONGEST_TITLE]
        if title:
            windows.append(_Window(title, [NOWHERE] * len(title)))
        return windows

    def _encode(self, windows: Sequence[_Window]) -> list[tuple[Vectors, npt.NDArray[np.float32]]]:
        """Unit rows and boxes of each window."""
        if not windows:
            return []
        texts = [" ".join(window.words) for window in windows]
        items: Any = self._network.encode_document(texts, output_value=None, batch_size=self._batch)
        return [
            self._place(text, window, item)
            for text, window, item in zip(texts, windows, items, strict=True)
        ]

    def _place(
        self, text: str, window: _Window, item: Any
    ) -> tuple[Vectors, npt.NDArray[np.float32]]:
        """The rows that count, each with the box of its word; marks are nowhere."""
        spelled = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids = item["input_ids"].cpu().tolist()
        start = _find(ids, spelled["input_ids"])
        ends = np.cumsum([len(word) + 1 for word in window.words])
        boxes = np.zeros((len(ids), 4), np.float32)
        for i, (_, end) in enumerate(spelled["offset_mapping"][: len(ids) - start]):
            # A token belongs to the word its last character is in; some start with the space before.
            boxes[start + i] = window.boxes[
                int(np.searchsorted(ends, max(end - 1, 0), side="right"))
            ]
        kept = item["attention_mask"].bool().cpu().numpy()
        rows = unit(item["token_embeddings"].float().cpu().numpy())
        return rows[kept], boxes[kept]


def _find(ids: Sequence[int], own: Sequence[int]) -> int:
    """Where `own` begins in `ids`, which may cut it short."""

    def matching(start: int) -> int:
        pairs = zip(ids[start:], own, strict=False)
        return next(
            (i for i, (a, b) in enumerate(pairs) if a != b), min(len(ids) - start, len(own))
        )

    return max(range(len(ids)), key=matching)


def _join(parts: Sequence[tuple[Vectors, npt.NDArray[np.float32]]], dim: int) -> PageVectors:
    """The windows of a page as one."""
    rows = [np.zeros((0, dim), np.float32), *(rows for rows, _ in parts)]
    boxes = [np.zeros((0, 4), np.float32), *(boxes for _, boxes in parts)]
    return PageVectors(np.concatenate(rows), np.concatenate(boxes))
