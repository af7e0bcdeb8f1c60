"""MS MARCO reranker: the cross-encoder ms-marco-MiniLM-L-12-v2 in int8 on the CPU.

It was trained on questions to a web search engine and passages that answer them
(Reimers and Gurevych 2019; Wang et al. 2020), in English.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from ingest.caches.byte_cache import ByteCache
from ingest.encoders.embedded.runtime.lazy_session import LazySession
from ingest.encoders.embedded.runtime.session import open_kept_session
from ingest.encoders.embedded.weights import MS_MARCO
from ingest.encoders.embedded.wordpiece import CLS, SEP, load_wordpiece
from ingest.page import Vectors
from retrieval.scoring.parallel import parallel_map

QUERY_TOKENS, PASSAGE_TOKENS = 64, 256
BATCH = 2
"""Pairs that are read together."""
KNOWN_BYTES = 4 << 20
"""Of the last questions with their passages and relevance, about 7 KB each."""
TEMPERATURE = 2.0
"""Divides the logits, which spread from -11 to 11: what is half relevant stays apart."""


class MsMarcoReranker:
    """ms-marco-MiniLM-L-12-v2 as a `Reranker`.

    Args:
        alone: no other question is asked meanwhile, so that one may have every core.

    Raises:
        WeightsMissing, WeightsChanged
    """

    name = "ms-marco"
    reads_any_script = False

    def __init__(self, alone: bool = False) -> None:
        path = MS_MARCO.verified()
        self._session = LazySession(
            lambda: open_kept_session("ms-marco", MS_MARCO.sha256, path.read_bytes, 1)
        )
        self._alone = alone
        self._known = ByteCache[Vectors](KNOWN_BYTES)

    def open_ahead(self) -> None:
        """Open the network."""
        self._session.open()

    def score(self, query: str, passages: Sequence[str]) -> Vectors:
        """See `Reranker`; texts are cut after 64 and 256 tokens."""
        # All passages together: int8 is scaled by a batch, so a pair depends on its neighbour.
        asked = (query, *passages)
        if (relevance := self._known.get(asked)) is None:
            relevance = np.asarray(1 / (1 + np.exp(-self.logits(query, passages) / TEMPERATURE)))
            self._known.put(asked, relevance, sum(map(sys.getsizeof, asked)) + relevance.nbytes)
        return relevance

    def logits(self, query: str, passages: Sequence[str]) -> Vectors:
        """The network's output (n,) for each passage."""
        first = [CLS, *self._tokens(query)[:QUERY_TOKENS], SEP]
        rows = [[*first, *self._tokens(text)[:PASSAGE_TOKENS], SEP] for text in passages]
        logits = np.zeros(len(rows), np.float32)
        # Those of like length together: what is padded is computed too.
        order = np.argsort([len(row) for row in rows], kind="stable")
        batches = [order[at : at + BATCH] for at in range(0, len(rows), BATCH)]

        def run(some: npt.NDArray[np.intp]) -> None:
            logits[some] = self._run([rows[i] for i in some], len(first))

        if self._alone:
            parallel_map(run, reversed(batches))  # the longest first, so that none is waited for
        else:
            for some in batches:
                run(some)
        return logits

    def _run(self, rows: Sequence[Sequence[int]], query_length: int) -> Vectors:
        shape = len(rows), max(map(len, rows))
        ids, mask, second = (np.zeros(shape, np.int64) for _ in range(3))
        for at, row in enumerate(rows):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
            second[at, query_length : len(row)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": second}
        logits: Vectors = self._session.run(inputs)[0][:, 0]
        return logits

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return load_wordpiece()
