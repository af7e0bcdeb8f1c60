"""Candidate recall: exact MaxSim's top 10 by encoding, centroids and others.

    python -m benchmarks.candidates made [--pages 5000] [--questions 100]
    python -m benchmarks.candidates read --home DEV --labels EVAL/mmlongbench-dev/manifest.json [--more 4600]

Synthetic pages (benchmarks.made_pages), or pages of real words
(benchmarks.read_pages), as rows of words and then as patches. Encodings are ranked exactly, so that what is
measured is the encoding and not the HNSW graph. "A record a patch" is Chroma's
own recipe with exact search: for each token of the query the pages with the
nearest patches, as deep as the number of candidates allows.
"""

from __future__ import annotations

import argparse
import itertools
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.made_pages import MadePages
from benchmarks.read_pages import Pages, Question, build_page_inputs, read
from ingest.index.centroids import CENTER_SHARE, CENTROIDS, pool_rows
from ingest.index.inverted.codebook import SAMPLE_A_LIST, SEED, codebook_size, train_codebook
from ingest.index.inverted.lists import InvertedLists
from ingest.index.inverted.update import find_pairs
from ingest.index.muvera import MEAN_FDE, PATCH_FDE, FixedDimensionalEncoding
from ingest.index.quantization import Rows, pack_signs
from ingest.page import Vectors
from retrieval.nearest_pages import ANN_TOP_K
from retrieval.scoring.dot_products import dot_products_dense
from retrieval.scoring.list_scores import PROBES, score_lists
from retrieval.scoring.maxsim import block_weights, maxsim

CUTS = (50, 100, 200, 400, 800, 1600)
CHOSEN_OF = (1000, ANN_TOP_K)
"""Of so many pages that an encoding names, gists choose."""
CENTRED_ON = 16
"""Pages whose mean sign bits are about, as an index does with its first; some ways take it off rows."""
WAYS = {
    "patches": {
        "mean": (MEAN_FDE, False),
        "mean, centred": (MEAN_FDE, True),
        "MUVERA 4 planes, 8 repeats, inner 16": (FixedDimensionalEncoding(4, 8, 16), False),
        "2 planes, once": (FixedDimensionalEncoding(2, 1, 0), False),
        "3 planes, once (default)": (PATCH_FDE, False),
        "3 planes, once, centred": (PATCH_FDE, True),
        "3 planes, twice": (FixedDimensionalEncoding(3, 2, 0), False),
        "4 planes, once": (FixedDimensionalEncoding(4, 1, 0), False),
        "4 planes, twice": (FixedDimensionalEncoding(4, 2, 0), False),
        "4 planes, 4 times, final 2048": (FixedDimensionalEncoding(4, 4, 0, 2048), False),
    },
    "words": {
        "mean (default)": (MEAN_FDE, False),
        "mean, centred": (MEAN_FDE, True),
        "2 planes, once": (FixedDimensionalEncoding(2, 1, 0), False),
        "4 planes, once": (FixedDimensionalEncoding(4, 1, 0), False),
    },
}

Scores = npt.NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["made", "read"])
    parser.add_argument("--pages", type=int, default=5000)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--more", type=int, default=4600)
    args = parser.parse_args()
    if args.what == "made":
        measure("patches", _make(args.pages, args.questions))
    elif args.home and args.labels:
        pages = read(args.home, args.labels, args.more, args.questions)
        measure("words", pages)
        measure("patches", build_page_inputs(pages))
    else:
        parser.error("read needs --home and --labels")


def measure(what: str, pages: Pages) -> None:
    """Print the share of the exact top 10 among the candidates, a line a way."""
    rows, questions = pages.rows, pages.questions
    asked = _Asked(questions)
    best = np.stack([dot_products_dense(asked.rows, page).max(axis=1) for page in rows], axis=1)
    top = np.argsort(-asked.mean(best), axis=1)[:, :10]
    each = sum(map(len, rows)) / len(rows)
    print(f"{len(rows)} pages of {each:.0f} rows of {rows[0].shape[1]}, {len(questions)} questions")
    print(f"{'':48}{'size':>7}{'ms/page':>9}" + "".join(f"{f'@{cut}':>8}" for cut in CUTS))
    center = np.mean([page.mean(axis=0, dtype=np.float32) for page in rows[:CENTRED_ON]], axis=0)
    named: Scores | None = None
    for name, (fde, centered) in WAYS[what].items():
        found = _encode(name, fde, center * centered, rows, questions, top)
        named = found if "default" in name else named
    assert named is not None
    most = CENTROIDS["page" if what == "patches" else "text"]
    started = time.perf_counter()
    pooled = [pool_rows(page, most) for page in rows]
    pooling = (time.perf_counter() - started) / len(rows) * 1000
    means = asked.mean(np.stack([(asked.rows @ few.T).max(axis=1) for few in pooled], axis=1))
    _print(f"{most} pooled rows of every page", most * len(center) * 2, pooling, means, top)
    _show_gists(pooled, center, pooling, asked, named, top)
    _show_lists(pooled, center, asked, top)
    deep = [
        np.argsort(-best[a:b], axis=1).argsort(axis=1).min(axis=0)
        for a, b in itertools.pairwise(asked.ends)
    ]
    _print("a record a row, perfect index", 0, 0.0, -np.stack(deep), top)


class _Asked:
    """All questions' rows together (rows, dim)."""

    def __init__(self, questions: list[Question]) -> None:
        self.rows = np.concatenate([one.rows for one in questions])
        self.ends = np.cumsum([0, *(len(one.rows) for one in questions)])
        self.weights = block_weights([one.weights / one.weights.sum() for one in questions])

    def mean(self, best: Scores) -> Scores:
        """Weighted means (questions, pages) of what each row found (rows, pages)."""
        return self.weights @ best


def _make(count: int, questions: int) -> Pages:
    made = MadePages()
    rows: list[npt.NDArray[np.float16]] = []
    words: list[npt.NDArray] = []
    while len(rows) < count:
        some, held = made.document(int(made.random.integers(5, 60)))
        rows, words = rows + some, words + held
    asked = [made.question(words[i]) for i in made.random.choice(count, questions)]
    return Pages(rows[:count], [], [Question(one, np.ones(len(one), np.float32)) for one in asked])


def _encode(
    name: str,
    fde: FixedDimensionalEncoding,
    center: Scores,
    pages: list[npt.NDArray[np.float16]],
    questions: list[Question],
    top: npt.NDArray[np.int64],
) -> Scores:
    started = time.perf_counter()
    held = np.stack([fde.encode_page(page.astype(np.float32) - center) for page in pages])
    each = (time.perf_counter() - started) / len(pages) * 1000
    asked = np.stack([fde.encode_query(one.rows - center, one.weights) for one in questions])
    scores: Scores = asked @ held.T
    _print(name, held.shape[1] * 4, each, scores, top)
    return scores


def _show_gists(
    pooled: list[Vectors],
    center: Scores,
    each: float,
    asked: _Asked,
    named: Scores,
    top: npt.NDArray[np.int64],
) -> None:
    centroids = [pack_signs(few, center) for few in pooled]
    size = max(centroids.nbytes for centroids in centroids)
    ends = np.cumsum([0, *map(len, centroids)])
    rows = Rows(np.concatenate(centroids))

    def show(name: str, share: float, count: int) -> None:
        scores = maxsim(asked.rows - share * center, asked.weights, rows, ends)
        order = np.argsort(-named, axis=1, kind="stable")[:, :count]
        cut = np.full_like(scores, -np.inf)
        np.put_along_axis(cut, order, np.take_along_axis(scores, order, axis=1), axis=1)
        _print(f"gists of {name}", size, each, cut, top)

    for count in CHOSEN_OF:
        show(f"the default's first {count}", CENTER_SHARE, count)
    show("every page", CENTER_SHARE, len(centroids))
    for share in (0.0, 1.0):
        show(f"the first {ANN_TOP_K}, less {share:.0%} of the centre", share, ANN_TOP_K)


def _show_lists(
    pooled: list[Vectors], center: Scores, asked: _Asked, top: npt.NDArray[np.int64]
) -> None:
    """Inverted lists over the gists' signs, for several numbers of visited lists."""
    dim = len(center)
    codes = [pack_signs(few, center) for few in pooled]
    joined = np.concatenate(codes)
    size = codebook_size(len(joined))
    random = np.random.default_rng(SEED)
    sample = joined[np.sort(random.permutation(len(joined))[: SAMPLE_A_LIST * size])]
    started = time.perf_counter()
    codebook = train_codebook(sample, dim, size)
    pairs = find_pairs(codes, codebook, dim)
    each = (time.perf_counter() - started) / len(codes) * 1000
    pairs = pairs[np.argsort(pairs["list"], kind="stable")]
    ends = np.searchsorted(pairs["list"], np.arange(size + 1))
    first = np.array([0, len(codes)])
    lists = InvertedLists(codebook, pairs["page"], ends, ("made-1",), first, len(codes))
    for probes in (4, 8, PROBES, 32):
        scores = np.stack(
            [
                score_lists(asked.rows[a:b] - CENTER_SHARE * center, weights[a:b], lists, probes)
                for (a, b), weights in zip(
                    itertools.pairwise(asked.ends), asked.weights, strict=True
                )
            ]
        )
        name = f"{size} lists, {probes} visited for a row"
        _print(name, 4 * len(pairs) // len(codes), each, scores, top)


def _print(name: str, size: int, each: float, scores: Scores, top: npt.NDArray[np.int64]) -> None:
    order = np.argsort(-scores, axis=1, kind="stable")
    recalls = [
        np.mean([np.isin(best, found[:cut]).mean() for best, found in zip(top, order, strict=True)])
        for cut in CUTS
    ]
    line = f"{name:48}{size:>7}{each:>9.2f}" + "".join(f"{value:8.3f}" for value in recalls)
    print(line, flush=True)


if __name__ == "__main__":
    main()
