"""How many of the exact MaxSim top 10 are among the candidates: encodings of several sizes, and other ways.

    python -m benchmarks.candidates [--pages 5000] [--questions 100]

Made pages (benchmarks.made_pages). Encodings are ranked exactly, so that what is
measured is the encoding and not the HNSW graph. "A record a patch" is Chroma's
own recipe with a perfect index: for each token of the question the pages with
the nearest patches, as many tokens deep as the number of candidates allows.
"""

from __future__ import annotations

import argparse
import itertools
import time

import numpy as np

from benchmarks.made_pages import MadePages
from ingest.fde import CELLS, WHOLE_MEAN, FixedDimensional
from retrieval.similar import similar

CUTS = (50, 100, 200, 400, 800)
CENTRED_ON = 16
"""Pages whose mean is taken off, as an index does with its first."""
WAYS = {
    "mean, as it is": (WHOLE_MEAN, False),
    "mean, centred": (WHOLE_MEAN, True),
    "the default, not centred": (CELLS, False),
    "the default": (CELLS, True),
    "MUVERA 4 planes, 8 repeats, inner 16": (FixedDimensional(4, 8, 16), True),
    "3 planes, once": (FixedDimensional(3, 1, 0), True),
    "2 planes, 4 times": (FixedDimensional(2, 4, 0), True),
    "4 planes, once": (FixedDimensional(4, 1, 0), True),
    "4 planes, twice": (FixedDimensional(4, 2, 0), True),
    "4 planes, 4 times, final 2048": (FixedDimensional(4, 4, 0, 2048), True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=5000)
    parser.add_argument("--questions", type=int, default=100)
    args = parser.parse_args()
    made = MadePages()
    pages: list[np.ndarray] = []
    words: list[np.ndarray] = []
    while len(pages) < args.pages:
        some, held = made.document(int(made.random.integers(5, 60)))
        pages, words = pages + some, words + held
    pages = pages[: args.pages]
    asked = [made.question(words[i]) for i in made.random.choice(args.pages, args.questions)]
    best = np.stack([_token_scores(np.concatenate(asked), page) for page in pages], axis=1)
    ends = np.cumsum([0, *map(len, asked)])
    exact = np.stack([best[a:b].mean(axis=0) for a, b in itertools.pairwise(ends)])
    top = np.argsort(-exact, axis=1)[:, :10]
    print(f"{args.pages} pages of {made.rows} rows of {made.dim}, {args.questions} questions")
    print(f"{'':40}{'size':>7}{'ms/page':>9}" + "".join(f"{f'@{cut}':>8}" for cut in CUTS))
    centre = np.mean([page.mean(axis=0, dtype=np.float32) for page in pages[:CENTRED_ON]], axis=0)
    for name, (fde, centred) in WAYS.items():
        _show(name, fde, centre * centred, pages, asked, top)
    deep = [
        np.argsort(-best[a:b], axis=1).argsort(axis=1).min(axis=0)
        for a, b in itertools.pairwise(ends)
    ]
    _print("a record a patch, perfect index", 0, 0.0, -np.stack(deep), top)


def _token_scores(asked: np.ndarray, page: np.ndarray) -> np.ndarray:
    return similar(asked, page).max(axis=1)


def _show(
    name: str,
    fde: FixedDimensional,
    centre: np.ndarray,
    pages: list[np.ndarray],
    asked: list[np.ndarray],
    top: np.ndarray,
) -> None:
    started = time.perf_counter()
    held = np.stack([fde.encode_page(page.astype(np.float32) - centre) for page in pages])
    each = (time.perf_counter() - started) / len(pages) * 1000
    ones = np.ones(len(asked[0]), np.float32)
    scores = np.stack([fde.encode_query(rows - centre, ones) for rows in asked]) @ held.T
    _print(name, held.shape[1], each, scores, top)


def _print(name: str, size: int, each: float, scores: np.ndarray, top: np.ndarray) -> None:
    order = np.argsort(-scores, axis=1, kind="stable")
    recalls = [
        np.mean([np.isin(best, found[:cut]).mean() for best, found in zip(top, order, strict=True)])
        for cut in CUTS
    ]
    print(f"{name:40}{size:>7}{each:>9.2f}" + "".join(f"{value:8.3f}" for value in recalls))


if __name__ == "__main__":
    main()
