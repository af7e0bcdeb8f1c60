"""Why a page scores as it does: for each token of a question, how near every part of the page comes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.page import Box, Page, PageVectors, QueryVectors

Grid = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TokenMatch:
    """A token of a question: the `word` it reads as, its weight, its best cosine on the page and where that is.

    `box` is empty (0, 0, 0, 0) where the best row is nowhere on the page: a
    token of the title, or of a model's prompt.
    """

    word: str
    weight: float
    score: float
    box: Box


@dataclass(frozen=True, slots=True)
class Explanation:
    """MaxSim of a question and a page, taken apart.

    `score` is the weighted mean of the tokens' scores; `similar` (tokens, rows)
    holds every cosine and `boxes` (rows, 4) where each row is.
    """

    page: Page
    encoder: str
    score: float
    tokens: tuple[TokenMatch, ...]
    similar: Grid
    boxes: Grid

    def heat(self, token: int | None, width: int, height: int) -> Grid:
        """How near each pixel of a grid (height, width) comes to a token, or to all, from 0 to 1; NaN where nothing is.

        All is the weighted mean of the tokens' maps. Cosines are spread over
        0 to 1 between the lowest and the highest on the page; where boxes
        overlap, as tiles and the whole page do, the higher one counts.
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
            across = slice(
                int(left * width), max(int(np.ceil(right * width)), int(left * width) + 1)
            )
            down = slice(
                int(top * height), max(int(np.ceil(bottom * height)), int(top * height) + 1)
            )
            grid[down, across] = scaled[row]
        return grid


def explain_rows(
    page: Page,
    encoder: str,
    query: QueryVectors,
    weights: npt.NDArray[np.float32],
    seen: PageVectors,
) -> Explanation:
    """Take MaxSim of a question with one page apart; the page has at least one row."""
    similar = np.asarray(query.vectors @ seen.vectors.T, np.float32)
    best = similar.argmax(axis=1)
    tokens = tuple(
        TokenMatch(word, float(weight), float(similar[i, best[i]]), _box(seen.boxes[best[i]]))
        for i, (word, weight) in enumerate(zip(query.words, weights, strict=True))
    )
    score = float(weights @ similar.max(axis=1) / weights.sum())
    return Explanation(page, encoder, score, tokens, similar, np.asarray(seen.boxes, np.float32))


def _box(row: npt.NDArray[np.float32]) -> Box:
    left, top, right, bottom = row.tolist()
    return left, top, right, bottom
