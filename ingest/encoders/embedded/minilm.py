"""MiniLM encoder: late interaction over words, one row a token.

The model runs in int8. all-MiniLM-L6-v2 was trained for the mean of
its token embeddings. Here they are matched one by one, as in ColBERT (Khattab and
Zaharia 2020), which ranks pages better on 140 questions (docs/retrieval.md). A page
longer than one window is encoded in windows, so that no word is left out. Windows
run one at a time: on a CPU that is as fast as a batch, needs no padding, and a
page's vectors do not depend on the other pages of a batch.

What was computed last of texts is kept within bounds of bytes: a query is encoded for
words and for images by one run, and a passage of a page once for several questions.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from tokenizers import Encoding

from ingest.caches.byte_cache import ByteCache
from ingest.encoders.embedded.runtime.lazy_session import LazySession
from ingest.encoders.embedded.runtime.onnx_file import look_up_first
from ingest.encoders.embedded.runtime.session import Session, open_kept_session, runtime_version
from ingest.encoders.embedded.weights import MINILM
from ingest.encoders.embedded.wordpiece import CLS, SEP, load_wordpiece
from ingest.encoders.encoder import Modality
from ingest.forms.terms import split_terms
from ingest.page import PageVectors, QueryVectors, Rendered, Vectors, unit

DIM = 384
WINDOW = 128
"""Tokens encoded together, about the length of the model's training texts."""
MAX_QUERY_TOKENS = 254
TITLE_LENGTH = 24
"""Tokens of the title that a page is encoded with."""
NETWORK_SHA256 = "214f35f64eae191211dc65b89e919fbff719193d7a045e562122fae95c3f23ee"
"""Of the weights' file with embeddings looked up first."""
LATIN_END = "\u0250"
STATE_BYTES = 4 << 20
"""Of the last texts' hidden states, 18 KB for a query of ten tokens."""
EMBEDDED_BYTES = 8 << 20
"""Of the last texts' embeddings, about 2 KB each."""


class MiniLmEncoder:
    """all-MiniLM-L6-v2 as an `Encoder`; see the module.

    Args:
        threads: CPU threads; 0 for one a core.

    Raises:
        WeightsMissing, WeightsChanged
    """

    name = "minilm"
    model = f"all-MiniLM-L6-v2 int8 {MINILM.sha256[:12]}"
    dim = DIM
    modality: Modality = "text"
    calibrated = True
    cosine_range = (0.0, 1.0)
    batch_pages = 16

    def __init__(self, threads: int = 0) -> None:
        self.provenance = runtime_version()
        MINILM.verified()
        self._tokenizer = load_wordpiece()
        self._for_pages: Session = _lazy(threads)
        self._for_texts = _lazy(1)
        """One thread: a text is short, and a server has several at once."""
        self._states = ByteCache[Vectors](STATE_BYTES)
        self._embedded = ByteCache[Vectors](EMBEDDED_BYTES)

    def preparer(self) -> None:
        """None: there is little preprocessing."""

    def open_ahead(self) -> None:
        """Open the network for texts."""
        self._for_texts.open()

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """Encode pages: a row for each token of the words and captions, then of the title.

        Rows of the title have an empty box. They distinguish similar pages of
        different documents.
        """
        titles = {
            title: self._encode_tokens(self._tokens(title)[:TITLE_LENGTH])
            for title in {page.context for page in pages if page.searchable_words}
        }
        return [
            self._encode_page(page, titles[page.context])
            if page.searchable_words
            else PageVectors(np.zeros((0, DIM), np.float32), np.zeros((0, 4), np.float32))
            for page in pages
        ]

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """Encode queries: one row for each of the first 254 tokens.

        Each row comes with the whole word of its token.
        """
        encoded = []
        for query in queries:
            encoding = self._tokenizer.encode(query, add_special_tokens=False)
            words = tuple(_whole_words(query, encoding))[:MAX_QUERY_TOKENS]
            rows = unit(self._text_state(encoding.ids)[1:-1])
            encoded.append(QueryVectors(rows, words, known=known_share(query)))
        return encoded

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts: the unit mean of the token vectors, one row each (n, dim).

        Reference: the model card of sentence-transformers/all-MiniLM-L6-v2.
        """
        pooled = [self._pooled(text) for text in texts]
        return unit(np.stack(pooled)) if pooled else np.zeros((0, DIM), np.float32)

    def _pooled(self, text: str) -> Vectors:
        """The mean of a text's token vectors (dim,)."""
        if (row := self._embedded.get(text)) is None:
            row = self._text_state(self._tokens(text)).mean(axis=0)
            self._embedded.put(text, row, row.nbytes + sys.getsizeof(text))
        return row

    def _text_state(self, tokens: Sequence[int]) -> Vectors:
        """The last hidden state of a text's first 254 tokens (n + 2, dim)."""
        key = tuple(tokens[:MAX_QUERY_TOKENS])
        if (state := self._states.get(key)) is None:
            state = self._hidden(key, self._for_texts)
            self._states.put(key, state, state.nbytes)
        return state

    def _encode_page(self, page: Rendered, title: Vectors) -> PageVectors:
        encodings = self._tokenizer.encode_batch(
            [word.text for word in page.searchable_words], add_special_tokens=False
        )
        tokens = [token for encoding in encodings for token in encoding.ids]
        windows = [tokens[at : at + WINDOW] for at in range(0, len(tokens), WINDOW)]
        lengths = [len(encoding.ids) for encoding in encodings]
        boxes = np.repeat(
            np.array([w.box for w in page.searchable_words], np.float32), lengths, axis=0
        )
        return PageVectors(
            np.concatenate([*map(self._encode_tokens, windows), title]),
            np.concatenate([boxes, np.zeros((len(title), 4), np.float32)]),
        )

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _encode_tokens(self, tokens: Sequence[int]) -> Vectors:
        """Unit rows of a page's tokens, without the start and end tokens (n, dim)."""
        return unit(self._hidden(tokens, self._for_pages)[1:-1])

    def _hidden(self, tokens: Sequence[int], session: Session) -> Vectors:
        """The last hidden state (n + 2, dim), start and end tokens included."""
        ids = np.array([[CLS, *tokens, SEP]], np.int64)
        inputs = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        state: Vectors = session.run(inputs)[0][0]
        return state


@cache
def load_minilm(threads: int) -> MiniLmEncoder:
    """Load MiniLM once a process: several encoders use its vector space.

    Raises:
        WeightsMissing, WeightsChanged
    """
    return MiniLmEncoder(threads)


def _lazy(threads: int) -> LazySession:
    return LazySession(lambda: open_kept_session("minilm", NETWORK_SHA256, _network, threads))


def _network() -> bytes:
    table = "inner.embeddings.word_embeddings.weight"
    return look_up_first(MINILM.verified(), f"{table}_q", f"{table}_scale")


def known_share(text: str) -> float:
    """The share of a text's terms in Latin script, numbers not counted; 1 without any.

    The vocabulary has single letters of Korean and few Chinese characters: rows
    of such words match the same spelling, but their cosines do not measure the
    relevance of a page.
    """
    terms = [term for term in split_terms(text) if not term.isdecimal()]
    return sum(term < LATIN_END for term in terms) / len(terms) if terms else 1.0


def _whole_words(query: str, encoding: Encoding) -> Iterator[str]:
    """For each token, the whole word that it is part of."""
    spans: dict[int, tuple[int, int]] = {}
    for number, (start, end) in zip(encoding.word_ids, encoding.offsets, strict=True):
        if number is not None:
            first, _ = spans.get(number, (start, end))
            spans[number] = (first, end)
    for number in encoding.word_ids:
        yield "" if number is None else query[slice(*spans[number])]
