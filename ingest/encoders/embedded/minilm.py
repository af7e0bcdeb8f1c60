"""all-MiniLM-L6-v2 as a late-interaction encoder of words: a vector a token, with the token's box.

The model's token embeddings (its last hidden state) are matched one by one, as
ColBERT does (Khattab and Zaharia 2020), though it was trained for their mean;
measured on 140 questions this finds pages better than the mean does (see
docs/retrieval.md). Runs on onnxruntime, int8. A page longer than one window is
read window by window, so no word is left out. Windows run one at a time: on a
CPU that is as fast as a batch, needs no padding, and gives a page the same
vectors whatever is read beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np
from tokenizers import Encoding

from ingest.encoders.embedded.onnx_session import open_session
from ingest.encoders.embedded.weights import MINILM
from ingest.encoders.embedded.wordpiece import load_wordpiece
from ingest.library.fulltext import split_terms
from ingest.page import PageVectors, QueryVectors, Rendered, Vectors, unit

DIM = 384
WINDOW = 128
"""Tokens read together, about the length the model was trained on."""
LONGEST_QUERY = 254
LONGEST_TITLE = 24
LATIN_END = "\u0250"
_CLS, _SEP = 101, 102


class MiniLmEncoder:
    """See the module.

    Args:
        threads: for onnxruntime; 0 takes every core.

    Raises:
        WeightsMissing, WeightsChanged
    """

    name = "minilm"
    model = f"all-MiniLM-L6-v2 int8 {MINILM.sha256[:12]}"
    dim = DIM
    modality = "text"
    cosine_range = (0.0, 1.0)
    batch_pages = 16

    def __init__(self, threads: int = 0) -> None:
        self.provenance = {"onnxruntime": version("onnxruntime")}
        self._session = open_session(MINILM.verified(), threads)
        self._tokenizer = load_wordpiece()

    def preparer(self) -> None:
        """Nothing: what is to be done ahead of the model is little."""

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """A row a token of each page's words in reading order and of its captions, then a row a token of its title.

        Rows of the title have an empty box: they tell like pages of different
        documents apart, and are nowhere on the page.
        """
        titles = {
            title: self._read(self._tokens(title)[:LONGEST_TITLE])
            for title in {page.context for page in pages if page.searchable_words}
        }
        return [
            self._encode_page(page, titles[page.context])
            if page.searchable_words
            else PageVectors(np.zeros((0, DIM), np.float32), np.zeros((0, 4), np.float32))
            for page in pages
        ]

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """A row a token of each question (its first 254); each knows the whole word it is part of."""
        encoded = []
        for query in queries:
            encoding = self._tokenizer.encode(query, add_special_tokens=False)
            words = tuple(_whole_words(query, encoding))[:LONGEST_QUERY]
            rows = self._read(encoding.ids[:LONGEST_QUERY])
            encoded.append(QueryVectors(rows, words, known=share_known(query)))
        return encoded

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One vector a text (n, dim), the mean of all its token vectors: as the model was trained.

        Reference: the model card of sentence-transformers/all-MiniLM-L6-v2.
        """
        pooled = [self._hidden(self._tokens(text)[:LONGEST_QUERY]).mean(axis=0) for text in texts]
        return unit(np.stack(pooled)) if pooled else np.zeros((0, DIM), np.float32)

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
            np.concatenate([*map(self._read, windows), title]),
            np.concatenate([boxes, np.zeros((len(title), 4), np.float32)]),
        )

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _read(self, tokens: Sequence[int]) -> Vectors:
        """Unit rows of the tokens alone, read together (n, dim)."""
        return unit(self._hidden(tokens)[1:-1])

    def _hidden(self, tokens: Sequence[int]) -> Vectors:
        """The last hidden state (n + 2, dim) with the model's start and end tokens."""
        ids = np.array([[_CLS, *tokens, _SEP]], np.int64)
        feed = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        hidden: Any = self._session.run(["last_hidden_state"], feed)[0]
        state: Vectors = hidden[0]
        return state


@cache
def load_minilm(threads: int) -> MiniLmEncoder:
    """The one MiniLM of this process: several encoders speak its space.

    Raises:
        WeightsMissing, WeightsChanged
    """
    return MiniLmEncoder(threads)


def share_known(text: str) -> float:
    """The share of a text's terms that are in Latin letters; numbers count for neither, 1 where there is nothing else.

    The vocabulary spells Korean by its letters and lacks most of what Chinese is
    written with: rows of such words still match the same spelling, but their
    cosines say nothing of how near a question comes to a page.
    """
    terms = [term for term in split_terms(text) if not term.isdecimal()]
    return sum(term < LATIN_END for term in terms) / len(terms) if terms else 1.0


def _whole_words(query: str, encoding: Encoding) -> Iterator[str]:
    """For each token, the whole word it is a piece of."""
    spans: dict[int, tuple[int, int]] = {}
    for number, (start, end) in zip(encoding.word_ids, encoding.offsets, strict=True):
        if number is not None:
            first, _ = spans.get(number, (start, end))
            spans[number] = (first, end)
    for number in encoding.word_ids:
        yield "" if number is None else query[slice(*spans[number])]
