"""ConSE encoder in two text spaces: photos are found by text in any language.

As `ingest.encoders.embedded.conse`, with the labels' embeddings by MiniLM and by e5
side by side. E5's texts all lie in a narrow cone, and those of one language in a part
of it: labels are taken about their mean, a query about the mean of captions in its
script (data/e5_captions.json). A query in a language that MiniLM knows is compared
mostly in MiniLM's space, where English photos are found best; any other in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from ingest.encoders.embedded.conse import ConseEncoder
from ingest.encoders.embedded.e5.e5 import E5Model, load_e5
from ingest.encoders.embedded.e5.script import script_mean
from ingest.encoders.embedded.minilm import DIM, known_share
from ingest.page import Vectors, unit

KNOWN_WEIGHT = 0.3
"""The weight of e5's part of a query that MiniLM knows; 1 for any other (docs/retrieval.md)."""


class ConseE5Encoder(ConseEncoder):
    """ConSE in two text spaces as an `Encoder` and `ImageEncoder`; see the module.

    Raises:
        WeightsMissing, WeightsChanged
    """

    LABELS = Path(__file__).with_name("labels.npz")
    name = "conse-e5"
    model = f"{ConseEncoder.model} + {E5Model.model}"
    dim = 2 * DIM
    cosine_range = (0.0, 0.83)
    """So that an English caption's best photo has the score that `conse` gives it."""

    def __init__(self, threads: int = 0) -> None:
        super().__init__(threads)
        self._e5 = load_e5(threads)

    @cached_property
    def _spaces(self) -> tuple[Vectors, dict[str, Vectors]]:
        """E5's label embeddings (1000, dim) and means of captions (dim,) by script.

        Written by data/make_labels.py.
        """
        with np.load(self.LABELS) as file:
            means = {name: file[name].astype(np.float32) for name in file.files}
        return means.pop("labels"), means

    def open_ahead(self) -> None:
        """Open both networks of words; a query needs no other."""
        self._e5.open_ahead()
        super().open_ahead()

    def mix_labels(self, weights: Vectors) -> Vectors:
        """Unit rows of images, from the weights of their classes (n, 1000)."""
        parts = [super().mix_labels(weights), unit(weights @ self._spaces[0])]
        return np.asarray(np.concatenate(parts, axis=1) / np.sqrt(2), np.float32)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts in both spaces: one unit row each (n, dim)."""
        known = np.array([known_share(text) for text in texts], np.float32)
        shares = known * KNOWN_WEIGHT + (1 - known)
        embedded = self._e5.embed_queries(texts)
        means = np.array(
            [script_mean(self._spaces[1], text) for text in texts], np.float32
        ).reshape(-1, DIM)
        parts = [self._words.embed(texts), shares[:, None] * unit(embedded - means)]
        return unit(np.concatenate(parts, axis=1))
