"""Score explanation: a page's MaxSim by the query's tokens and the page's rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.page import Box, Page, PageVectors, QueryVectors

Grid = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TokenMatch:
    """A query token's word, weight, best cosine on the page, and the box of that row.

    `box` is empty (0, 0, 0, 0) where the row has no place on the page: a token of
    the title, or of a model's prompt.
    """

    word: str
    weight: float
    score: float
    box: Box


@dataclass(frozen=True, slots=True)
class Explanation:
    """MaxSim of a query and a page by token.

    `score` is the weighted mean of the tokens' scores; `similar` (tokens, rows)
    has every cosine, `boxes` (rows, 4) the box of each row.
    """

    page: Page
    encoder: str
    score: float
    tokens: tuple[TokenMatch, ...]
    similar: Grid
    boxes: Grid

    def heat(self, token: int | None, width: int, height: int) -> Grid:
        """Heat map (height, width) of a token, or of all, in 0..1; NaN where no row is.

        All is the weighted mean of the tokens. Cosines are scaled to 0..1 from the
        lowest to the highest on the page; where boxes overlap, as tiles and the
        whole page do, the higher value counts.
        """
        if token is None:
            weights = np.array([match.weight for match in self.tokens], np.float32)
            rows = weights @ self.similar / max(float(weights.sum()), 1e-9)
        else:
            rows = self.similar[token]
        placed = self.boxes[:, 2] > self.boxes[:, 0]
        grid = np.full((height, width), np.nan, np.float32)
        if not placed.any():
            return grid
        low, high = float(rows[placed].min()), float(rows[placed].max())
        scaled = (rows - low) / max(high - low, 1e-6)
        for row in np.flatnonzero(placed)[np.argsort(scaled[placed], kind="stable")]:
            left, top, right, bottom = self.boxes[row]
            grid[_pixels(top, bottom, height), _pixels(left, right, width)] = scaled[row]
        return grid


def explain_rows(
    page: Page,
    encoder: str,
    query: QueryVectors,
    weights: npt.NDArray[np.float32],
    vectors: PageVectors,
) -> Explanation:
    """Explain the MaxSim of a query and a page with at least one row."""
    similar = np.asarray(query.vectors @ vectors.vectors.T, np.float32)
    best = similar.argmax(axis=1)
    tokens = tuple(
        TokenMatch(word, float(weight), float(similar[i, best[i]]), _box(vectors.boxes[best[i]]))
        for i, (word, weight) in enumerate(zip(query.words, weights, strict=True))
    )
    score = float(weights @ similar.max(axis=1) / weights.sum())
    return Explanation(page, encoder, score, tokens, similar, np.asarray(vectors.boxes, np.float32))


def _pixels(start: float, end: float, size: int) -> slice:
    """The pixels of a range given in shares of the size, at least one."""
    first = int(start * size)
    return slice(first, max(int(np.ceil(end * size)), first + 1))


def _box(row: npt.NDArray[np.float32]) -> Box:
    left, top, right, bottom = row.tolist()
    return left, top, right, bottom
