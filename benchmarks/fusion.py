"""Fusion tuning, cross-validated over documents, and the cost of missing words.

    python -m benchmarks.fusion EVAL/mmlongbench-dev --home DIR

DIR holds the set, ingested as by `benchmarks.pages`. First a family of rules
(how signals are made comparable, how BM25, late interaction and dense are
weighted, how idf is): the rule that is best on all documents but one is applied
to the questions of that one. "Best in hindsight" is chosen on the questions that
it is measured by: an upper bound. Then words are removed from a random half of
the scanned pages, five times: all of their signals, as where no OCR ran (their
figures stay), and BM25 alone, as with an index of whole pages, with late
interaction in that index's place.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from ingest.filter import ALL_PAGES, PageFilter
from ingest.library.home import Home
from retrieval import rank
from retrieval.evaluate.interval import difference, interval
from retrieval.evaluate.metrics import ndcg
from retrieval.fuse import Signal, fuse_modalities, fuse_signals
from retrieval.query.terms import token_weights
from retrieval.search import Searcher

READER, PICTURES = "minilm", "conse"
IDF = {"flat": 0.0, "root": 0.5, "full": 1.0}
WEIGHTS = (0, 1, 2, 4)
SCOPES = ("within", "over all")
DRAWS = 5
FOLDS, SHUFFLES = 5, 20
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in one scope: its pages' signals (pages,) by name, and `seen`, what pictures give."""

    document: str
    relevant: dict[str, float]
    keys: Sequence[str]
    signals: dict[str, Signal]
    seen: Signal | None


Rule = tuple[str, str, tuple[float, ...]]
"""Idf, scale, and weights of BM25, late interaction and dense."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    args = parser.parse_args()
    searcher = Searcher(Home(args.home), exhaustive_pages=1_000_000)
    manifest = json.loads((args.folder / "manifest.json").read_text())
    asked = {idf: _collect(searcher, manifest, power) for idf, power in IDF.items()}
    scanned = [r.page.key for r in searcher.library.page_records() if r.source == "ocr"]
    searcher.close()
    _cross_validate(asked)
    _take_words(asked["root"], scanned)


def _collect(
    searcher: Searcher, manifest: dict[str, Any], power: float
) -> list[tuple[Asked, Asked]]:
    """Every question within its document and over all."""
    names = {os.path.basename(path): d.id for d in searcher.library.documents() for path in d.paths}

    def weigh(*given: Any) -> npt.NDArray[np.float32]:
        roots = token_weights(*given)
        return np.where(roots > 0, roots ** (2 * power), 0).astype(np.float32)

    collected = []
    with mock.patch.object(rank, "token_weights", weigh):
        for question in manifest["queries"]:
            if not (question.get("answerable") and question["relevant_pages"]):
                continue
            document = names[os.path.basename(question["doc"])]
            relevant = {f"{document}-{number}": 1.0 for number in question["relevant_pages"]}
            pair = []
            for filter in (PageFilter.to([document]), ALL_PAGES):
                found = searcher.rank(question["query"], filter=filter)
                keys = [record.page.key for record in found.pages]
                signals = {
                    name: found.signals[of]
                    for name, of in (
                        ("bm25", "bm25"),
                        ("late", f"late.{READER}"),
                        ("dense", f"dense.{READER}"),
                    )
                }
                seen = found.fused.get(PICTURES)
                pair.append(Asked(document, relevant, keys, signals, seen))
            collected.append((pair[0], pair[1]))
    return collected


def _z(signal: Values) -> Values:
    spread = np.nanstd(signal)
    return (signal - np.nanmean(signal)) / spread if spread > 1e-6 else signal * 0


def _spread(signal: Values) -> Values:
    low, high = np.nanmin(signal), np.nanmax(signal)
    return (signal - low) / (high - low) if high > low else signal * 0


def _reciprocal(signal: Values) -> Values:
    return np.asarray(1 / (60 + rankdata(-signal, "min", nan_policy="omit")))


SCALES: dict[str, Callable[[Values], Values]] = {
    "z-score": _z,
    "0 to 1": _spread,
    "reciprocal rank": _reciprocal,
}


def _join(asked: Asked, kind: Values) -> float:
    """NDCG@5 of words fused in some way, put beside pictures as `fuse_signals` does it."""
    if np.isnan(kind).all():
        return _measure(asked, asked.seen)
    best, scale = np.nanmax(kind), max(float(np.nanmax(asked.signals["dense"])), 0.01)
    scaled = np.asarray(kind * scale / best if best > 1e-6 else kind + scale, np.float32)
    kinds = {"words": scaled, **({} if asked.seen is None else {"pictures": asked.seen})}
    return _measure(asked, fuse_modalities(kinds))


def _measure(asked: Asked, scores: Signal | None) -> float:
    if scores is None:
        return 0.0
    order = [i for i in np.argsort(-scores, kind="stable")[:5] if not np.isnan(scores[i])]
    return ndcg([asked.keys[i] for i in order], asked.relevant, 5)


def _cross_validate(asked: dict[str, list[tuple[Asked, Asked]]]) -> None:
    triples = itertools.product(WEIGHTS, repeat=3)
    weights = sorted({tuple(w / max(t) for w in t) for t in triples if any(t)}, reverse=True)
    rules: list[Rule] = list(itertools.product(IDF, SCALES, weights))
    figures = np.zeros((len(rules), len(asked["root"]), 2))
    for idf, questions in asked.items():
        for place, pair in enumerate(questions):
            for scope, one in enumerate(pair):
                values = [signal.astype(np.float64) for signal in one.signals.values()]
                for scale, make in SCALES.items():
                    stacked = np.stack([make(value) for value in values])
                    for triple in weights:
                        kind = np.tensordot(np.array(triple), stacked, 1)
                        figures[rules.index((idf, scale, triple)), place, scope] = _join(one, kind)
    documents = np.array([pair[0].document for pair in asked["root"]])
    even = (1.0, 1.0, 1.0)
    default = rules.index(("root", "z-score", even))
    each = [[name] for name in sorted(set(documents))]
    chosen, picks = _held_out(figures, documents, each)
    rows = {"default": figures[default]}
    for scale in list(SCALES)[1:]:
        rows[f"{scale}, as weighed"] = figures[rules.index(("root", scale, even))]
    rows["chosen on the other documents"] = chosen
    rows["best in hindsight"] = figures[int(figures.mean(axis=(1, 2)).argmax())]
    print(f"{len(rules)} rules, {len(documents)} questions, {len(each)} documents; nDCG@5\n")
    _table(rows, documents)
    print(
        "\nchosen:", *(f"{rules[i]} {picks.count(i)} times" for i in sorted(set(picks))), sep="\n"
    )
    random = np.random.default_rng(0)
    means = []
    for _ in range(SHUFFLES):
        folds = np.array_split(random.permutation(sorted(set(documents))), FOLDS)
        means.append(_held_out(figures, documents, folds)[0].mean(axis=0))
    low, mean, high = np.min(means, 0), np.mean(means, 0), np.max(means, 0)
    print(f"\n{FOLDS} folds, {SHUFFLES} shuffles:", end="")
    for scope, name in enumerate(SCOPES):
        print(f" {name} {mean[scope]:.3f} ({low[scope]:.3f} to {high[scope]:.3f})", end="")
    print("\nbest rules in hindsight:")
    for rule in np.argsort(-figures.mean(axis=(1, 2)))[:5]:
        print(rules[rule], figures[rule].mean(axis=0).round(3))


def _held_out(
    figures: Values, documents: npt.NDArray[np.str_], folds: Sequence[Collection[str]]
) -> tuple[Values, list[int]]:
    """Figures (questions, scopes) of rules chosen without the question's fold, and the rules."""
    held, picks = np.zeros(figures.shape[1:]), []
    for fold in folds:
        out = np.isin(documents, list(fold))
        picks.append(int(figures[:, ~out].mean(axis=(1, 2)).argmax()))
        held[out] = figures[picks[-1], out]
    return held, picks


def _table(rows: dict[str, Values], documents: npt.NDArray[np.str_]) -> None:
    """Means with intervals, and each row against the first."""
    first, groups = next(iter(rows.values())), documents.tolist()
    by_id = {str(i): name for i, name in enumerate(groups)}
    print(f"{'':32}{SCOPES[0]:>22}{'against':>18}{SCOPES[1]:>22}{'against':>18}")
    for name, values in rows.items():
        print(f"{name:32}", end="")
        for scope in range(2):
            one = interval(values[:, scope].tolist(), groups)
            a, b = ({str(i): float(v) for i, v in enumerate(f[:, scope])} for f in (first, values))
            change = difference(a, b, by_id)
            print(f"  {one.mean:.3f} ({one.low:.3f}-{one.high:.3f})", end="")
            said = f"{change.change.mean:+8.3f} p {change.p:.3f}"
            print(" " * len(said) if values is first else said, end="")
        print()


def _take_words(asked: list[tuple[Asked, Asked]], scanned: Sequence[str]) -> None:
    """What is lost with the words of half of the scanned pages."""
    ways: dict[str, Callable[[Asked, npt.NDArray[np.bool_]], Signal]] = {
        "every word there, default": lambda one, gone: _default(one, gone & False),
        "no words, default": _default,
        "every word there, BM25 + late": lambda one, gone: _pages(one, gone & False, _left_out),
        "no BM25: as if none matched": lambda one, gone: _pages(one, gone, _none_matched),
        "no BM25: as the mean": lambda one, gone: _pages(one, gone, _as_mean),
        "no BM25: as late lets expect": lambda one, gone: _pages(one, gone, _as_expected),
        "no BM25: left out (fuse_signals)": lambda one, gone: _pages(one, gone, _left_out),
    }
    print(
        f"\nwords of half of {len(scanned)} scanned pages gone, {DRAWS} draws; nDCG@5 within / all"
    )
    print(f"{'':34}{'all questions':>16}{'about those pages':>20}{'others':>16}")
    for name, way in ways.items():
        figures: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
        for draw in range(DRAWS):
            random = np.random.default_rng(draw)
            gone = set(random.choice(scanned, len(scanned) // 2, replace=False).tolist())
            for pair in asked:
                both = []
                for one in pair:
                    masked = np.array([key in gone for key in one.keys])
                    both.append(_measure(one, way(one, masked)))
                figures[bool(gone & pair[0].relevant.keys())].append((both[0], both[1]))
        print(f"{name:34}", end="")
        for some in (figures[True] + figures[False], figures[True], figures[False]):
            filter, over_all = np.mean(some, axis=0) if some else (np.nan, np.nan)
            print(f"    {filter:.3f} / {over_all:.3f}", end="")
        print()


def _default(one: Asked, gone: npt.NDArray[np.bool_]) -> Signal:
    masked = [np.where(gone, np.nan, signal).astype(np.float32) for signal in one.signals.values()]
    kinds = {"words": fuse_signals(masked, masked[-1])}
    return fuse_modalities(kinds if one.seen is None else {**kinds, "pictures": one.seen})


Fill = Callable[[Signal, Signal], Signal]


def _pages(one: Asked, gone: npt.NDArray[np.bool_], fill: Fill) -> Signal:
    late, bm25 = one.signals["late"], one.signals["bm25"]
    return fill(late, np.where(gone, np.nan, bm25).astype(np.float32))


def _left_out(late: Signal, bm25: Signal) -> Signal:
    return fuse_signals([late, bm25], late)


def _none_matched(late: Signal, bm25: Signal) -> Signal:
    return fuse_signals([late, np.nan_to_num(bm25)], late)


def _as_mean(late: Signal, bm25: Signal) -> Signal:
    mean = np.nan_to_num(np.float32(np.nanmean(bm25))) if (~np.isnan(bm25)).any() else 0
    return fuse_signals([late, np.where(np.isnan(bm25), mean, bm25).astype(np.float32)], late)


def _as_expected(late: Signal, bm25: Signal) -> Signal:
    """BM25 as the least-squares line through the pages that have both lets expect."""
    both = ~np.isnan(late) & ~np.isnan(bm25)
    if not both.any():
        return _left_out(late, bm25)
    centered = late[both] - late[both].mean()
    spread = float(centered @ centered)
    slope = float(centered @ bm25[both]) / spread if spread > 1e-9 else 0.0
    line = bm25[both].mean() + slope * (late - late[both].mean())
    return fuse_signals([late, np.where(np.isnan(bm25), line, bm25).astype(np.float32)], late)


if __name__ == "__main__":
    main()
