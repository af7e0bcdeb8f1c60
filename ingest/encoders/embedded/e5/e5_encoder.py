"""Passage encoder by e5: one row a window of words, for questions in any language.

Its cosine is one more signal beside those of the other encoder of text. E5's
texts of one language lie together: a question in a language that MiniLM does not know
is taken about the mean of questions in its script (data/e5_questions.json), so that
what it asks counts, not its language.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from ingest.box import union_box
from ingest.encoders.embedded.e5.e5 import DIM, E5Model, load_e5
from ingest.encoders.embedded.e5.script import script_mean
from ingest.encoders.embedded.minilm import known_share
from ingest.encoders.embedded.runtime.session import runtime_version
from ingest.encoders.encoder import Modality
from ingest.page import PageVectors, QueryVectors, Rendered, Vectors, Word, unit

WINDOW = 160
"""Tokens of a window."""


class E5Encoder:
    """multilingual-e5-small as an `Encoder` of passages; see the module.

    Args:
        threads: CPU threads; 0 for one a core.

    Raises:
        WeightsMissing, WeightsChanged
    """

    MEANS = Path(__file__).with_name("questions.npz")
    WORDS = Path(__file__).with_name("words.npz")
    name = "e5"
    model = E5Model.model
    dim = DIM
    modality: Modality = "passage"
    calibrated = False
    cosine_range = (0.1, 0.3)
    """Of centred questions: the best of 493 pages, for 33 Korean questions, is at 0.15 at the median."""
    batch_pages = 16

    def __init__(self, threads: int = 0) -> None:
        self.provenance = runtime_version()
        self._e5 = load_e5(threads)

    def preparer(self) -> None:
        """None: there is little preprocessing."""

    def open_ahead(self) -> None:
        """Open the network."""
        self._e5.open_ahead()

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """Encode pages: a row for each window of words, with the box around them."""
        return [self._encode_page(page.searchable_words) for page in pages]

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """Encode queries in any language: one row each."""
        rows = self._e5.embed_queries(queries)
        return [
            QueryVectors(
                unit(row - (1 - known_share(query)) * script_mean(self._means, query))[None], ("",)
            )
            for query, row in zip(queries, rows, strict=True)
        ]

    def embed_words(self, words: Sequence[str]) -> Vectors:
        """Embed single words in any language: one unit row each (n, dim)."""
        return self._e5.embed_words(words)

    def sample_words(self, script: str) -> Vectors:
        """Rows (m, dim) of everyday words in a script, or in all.

        Written by data/make_labels.py.
        """
        samples = self._samples
        if script in samples:
            return samples[script]
        return np.concatenate(list(samples.values()))

    def _encode_page(self, words: Sequence[Word]) -> PageVectors:
        windows = self._windows(words)
        rows = self._e5.embed_passages([" ".join(w.text for w in window) for window in windows])
        boxes = [union_box([word.box for word in window]) for window in windows]
        return PageVectors(rows, np.array(boxes, np.float32).reshape(-1, 4))

    def _windows(self, words: Sequence[Word]) -> list[list[Word]]:
        """Words in a row, as many as have the tokens of a window."""
        windows: list[list[Word]] = []
        left = 0
        for word in words:
            tokens = len(self._e5.tokenize(word.text))
            if not windows or tokens > left:
                windows.append([])
                left = WINDOW
            windows[-1].append(word)
            left -= tokens
        return windows

    @cached_property
    def _samples(self) -> dict[str, Vectors]:
        with np.load(self.WORDS) as file:
            return {name: file[name].astype(np.float32) for name in file.files}

    @cached_property
    def _means(self) -> dict[str, Vectors]:
        """The mean (dim,) of questions by script, written by data/make_labels.py."""
        with np.load(self.MEANS) as file:
            return {name: file[name].astype(np.float32) for name in file.files}
