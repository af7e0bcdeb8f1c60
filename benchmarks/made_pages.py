"""Synthetic pages in the shape of ColPali's: clustered patches, shared words.

All rows share a common direction. "Words" belong to topics. A document draws its
words from a few topics and a common vocabulary, a page from its document, in
uneven shares. Much of a page is background, nearly the same everywhere. Every
patch has noise of its own. A query holds noisy words of one page, common words,
and tokens that repeat the whole query, as ColPali's augmentation tokens do.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ingest.page import unit

Floats = npt.NDArray[np.float32]
TOPICS, WORDS, COMMON, BACKGROUNDS = 200, 20_000, 200, 8


class MadePages:
    """Pages of `rows` patches of `dim`, and questions; the same for the same seed."""

    def __init__(self, seed: int = 1, dim: int = 128, rows: int = 1030) -> None:
        self.dim, self.rows = dim, rows
        self.random = np.random.default_rng(seed)
        self._spread = (1 / np.sqrt(1 + np.arange(dim) / 16)).astype(np.float32)
        self._lean = self._directions(1)
        topics = self._directions(TOPICS)
        self._topic = self.random.integers(TOPICS, size=WORDS)
        self._words = unit(
            0.6 * topics[self._topic] + 0.8 * self._directions(WORDS) + 0.35 * self._lean
        )
        self._common = self.random.choice(WORDS, COMMON, replace=False)
        self._backgrounds = unit(0.7 * self._directions(BACKGROUNDS) + 0.7 * self._lean)

    def document(self, pages: int) -> tuple[list[npt.NDArray[np.float16]], list[npt.NDArray]]:
        """Pages' rows (rows, dim), and the words on each."""
        topics = self.random.choice(TOPICS, 3, replace=False)
        own = np.flatnonzero(np.isin(self._topic, topics))
        stock = np.concatenate(
            [self.random.choice(own, min(300, len(own)), replace=False), self._common[:60]]
        )
        mark = self._directions(1)
        made = [self._page(stock, mark) for _ in range(pages)]
        return [rows for rows, _ in made], [words for _, words in made]

    def question(self, words: npt.NDArray) -> Floats:
        """Rows (18, dim) that ask for a page with these words."""
        asked = self._words[self.random.choice(words, 8)] + 0.6 * self._directions(8)
        common = self._words[self.random.choice(self._common, 4)] + 0.6 * self._directions(4)
        echo = unit(asked).mean(axis=0) + 0.5 * self._directions(6) + 0.3 * self._lean
        return unit(np.concatenate([asked, common, echo])).astype(np.float32)

    def _page(
        self, stock: npt.NDArray, mark: Floats
    ) -> tuple[npt.NDArray[np.float16], npt.NDArray]:
        words = self.random.choice(stock, self.random.integers(40, 140), replace=False)
        shares = self.random.dirichlet(np.full(len(words), 0.5))
        empty = int(self.rows * self.random.uniform(0.25, 0.55))
        places = self.random.choice(len(words), self.rows - empty, p=shares)
        own = self._directions(1)
        printed = (
            self._words[words[places]]
            + 0.45 * self._directions(len(places))
            + 0.2 * mark
            + 0.2 * own
        )
        chances = 0.5 ** np.arange(1, BACKGROUNDS + 1)
        ground = self._backgrounds[
            self.random.choice(BACKGROUNDS, empty, p=chances / chances.sum())
        ]
        blank = ground + 0.15 * self._directions(empty) + 0.1 * own
        rows = unit(np.concatenate([printed, blank])).astype(np.float16)
        return rows, words[np.unique(places)]

    def _directions(self, count: int) -> Floats:
        """Random unit rows; the first dimensions hold most of them."""
        return unit(self.random.standard_normal((count, self.dim), np.float32) * self._spread)
