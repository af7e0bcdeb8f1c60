"""Pages of real words as MiniLM encodes them, also laid out as patches.

`words` are the rows as an index of words has them. `patches` have the shape of
ColPali's with the clusters of real pages: a grid of 32 x 32 patches, each the
mean of the words that lie on it, in 128 of the rows' dimensions (those that hold
most), with noise of its own. A patch without words is near a background and the
page's mean, as the empty patches of vision models are.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.text_pages import text_pages
from ingest.encoders.embedded.minilm import load_minilm
from ingest.forms.terms import split_terms
from ingest.index.index import open_indexes
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import Vectors, unit
from retrieval.query.terms import token_weights

GRID, PATCH_DIM, PREFIX = 32, 128, 6
BACKGROUNDS = (0.5, 0.25, 0.15, 0.1)
ECHOES = 10
"""Rows that ColPali adds to a question."""
ASKED_OF_DOCSTRINGS = 60

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Question:
    """Rows (q, dim) and their weights (q,)."""

    rows: Floats
    weights: Floats


@dataclass(frozen=True, slots=True)
class Pages:
    """Rows of each page (n, dim) with their boxes (n, 4), and questions for some of them."""

    rows: list[npt.NDArray[np.float16]]
    boxes: list[npt.NDArray[np.float16]]
    questions: list[Question]


def read(home: Path, labels: Path, more: int, questions: int) -> Pages:
    """A library's pages and `more` of docstrings; `questions` of its labels, and some for the docstrings.

    Args:
        home: the labelled set, ingested with the default encoders.
        labels: its manifest.json.
    """
    model = load_minilm(0)
    library, random = Library(Home(home)), np.random.default_rng(3)
    index = next(i for i in open_indexes(Home(home)) if i.manifest.encoder == "minilm")
    rows, boxes = [], []
    frequency: Counter[str] = Counter()
    for document in library.documents():
        held = index.vectors(document)
        for number in range(1, held.page_count + 1):
            page = held.page(number)
            if len(page.vectors):
                rows.append(page.vectors.astype(np.float16))
                boxes.append(page.boxes.astype(np.float16))
    for record in library.page_records():
        frequency.update(_terms(word.text for word in library.words(record.page)))
    made = text_pages(more)
    for at in range(0, len(made), 64):
        some = made[at : at + 64]
        for page in model.encode_pages([one.rendered(1) for one in some]):
            rows.append(page.vectors.astype(np.float16))
            boxes.append(page.boxes.astype(np.float16))
        for one in some:
            frequency.update(_terms(one.words))
    labelled = [q["query"] for q in json.loads(labels.read_text())["queries"]]
    asked = [labelled[i] for i in random.choice(len(labelled), questions, replace=False)]
    asked += [
        made[i].question for i in random.choice(len(made), ASKED_OF_DOCSTRINGS, replace=False)
    ]
    found = [
        Question(
            np.asarray(one.vectors, np.float32), token_weights(one.words, frequency, len(rows))
        )
        for one in model.encode_queries(asked)
    ]
    return Pages(rows, boxes, found)


def build_page_inputs(pages: Pages) -> Pages:
    """The same pages and questions as patches."""
    random = np.random.default_rng(7)
    sample = np.concatenate([rows[::37] for rows in pages.rows]).astype(np.float32)
    _, axes = np.linalg.eigh(sample.T @ sample)
    axes = np.ascontiguousarray(axes[:, ::-1][:, :PATCH_DIM], np.float32)
    spread = (1 / np.sqrt(1 + np.arange(PATCH_DIM) / 16)).astype(np.float32)

    def directions(count: int) -> Floats:
        return unit(random.standard_normal((count, PATCH_DIM), np.float32) * spread)

    backgrounds = directions(len(BACKGROUNDS))

    def patches(rows: Vectors, boxes: Vectors) -> npt.NDArray[np.float16]:
        rows = unit(np.asarray(rows, np.float32) @ axes)
        whole, own = unit(rows.mean(axis=0)), directions(1)
        grid, counts = _grid(rows, boxes)
        full = counts > 0
        printed = unit(grid[full]) + 0.35 * directions(int(full.sum())) + 0.15 * whole
        empty = GRID * GRID - len(printed)
        ground = backgrounds[random.choice(len(BACKGROUNDS), empty, p=BACKGROUNDS)]
        blank = 0.7 * ground + 0.35 * whole + 0.2 * own + 0.15 * directions(empty)
        first = unit(0.6 * whole + 0.6 * backgrounds[:1]) + 0.2 * directions(PREFIX)
        return unit(np.concatenate([printed, blank, first])).astype(np.float16)

    def question(one: Question) -> Question:
        rows = unit(one.rows @ axes)
        echoes = 0.8 * unit(rows.mean(axis=0)) + 0.5 * directions(ECHOES)
        rows = np.concatenate([unit(rows + 0.15 * directions(len(rows))), echoes])
        return Question(unit(rows).astype(np.float32), np.ones(len(rows), np.float32))

    laid = [patches(rows, boxes) for rows, boxes in zip(pages.rows, pages.boxes, strict=True)]
    return Pages(laid, [], [question(one) for one in pages.questions])


def _grid(rows: Floats, boxes: Vectors) -> tuple[Floats, Floats]:
    """Sums of the rows that lie on each patch (GRID, GRID, dim), and how many do (GRID, GRID)."""
    edges = np.asarray(boxes, np.float32) * GRID
    first = np.clip(np.floor(edges[:, :2]), 0, GRID - 1).astype(int)
    last = np.maximum(np.clip(np.ceil(edges[:, 2:]), 1, GRID).astype(int), first + 1)
    grid = np.zeros((GRID, GRID, rows.shape[1]), np.float32)
    counts = np.zeros((GRID, GRID), np.float32)
    for i in np.flatnonzero(boxes[:, 2] > boxes[:, 0]):
        place = slice(first[i, 1], last[i, 1]), slice(first[i, 0], last[i, 0])
        grid[place] += rows[i]
        counts[place] += 1
    return grid, counts


def _terms(words: object) -> set[str]:
    return {term for word in set(words) for term in split_terms(word)}  # type: ignore[call-overload]
