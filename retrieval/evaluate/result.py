"""Evaluation results as JSON values, and comparisons of two of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ingest.disk.atomic import write_atomically
from retrieval.evaluate.dataset import Dataset, InvalidDataset
from retrieval.evaluate.interval import Interval, Sampling, difference, interval, resampling_unit
from retrieval.evaluate.metrics import METRICS
from retrieval.evaluate.run import QuestionResult
from retrieval.evaluate.table import read_json

FORMAT = 1
MAIN = {"pages": "nDCG@5", "photos": "hit@5"}
"""The main metric by kind of dataset."""
Result = dict[str, Any]


class ResultsNotComparable(InvalidDataset):
    """Two results have no questions in common."""

    code = "results-not-comparable"


def summarise(
    dataset: Dataset,
    outcomes: Sequence[QuestionResult],
    encoding: Sequence[float],
    sampling: Sampling,
    **about: Any,
) -> Result:
    """Summary of one dataset under one setting.

    Means with intervals, by label and question.

    Args:
        encoding: seconds that encoding the first questions took.
        about: other values to keep: the setting, the corpus.
    """
    first = next(iter(outcomes[0].figures))
    rankings: dict[str, dict[str, Any]] = {}
    for name, scope in _rows(outcomes):
        rankings.setdefault(name, {})[scope] = _means(outcomes, name, scope, sampling)
    scopes = {scope for name, scope in _rows(outcomes) if name == first}
    groups = {scope: _groups(outcomes, first, scope, sampling) for scope in sorted(scopes)}
    total = [one.seconds for one in outcomes if one.seconds is not None]
    after = [max(t - e, 0.0) for t, e in zip(total, encoding, strict=False)]
    return {
        "set": dataset.name,
        "set_format": dataset.format,
        "kind": dataset.kind,
        "main": MAIN[dataset.kind],
        "first": first,
        "questions": len(outcomes),
        "left_out": dataset.left_out,
        "drawn": resampling_unit([one.judged.question.cluster for one in outcomes]),
        **about,
        "latency_ms": {
            "encoding": percentiles(encoding),
            "search": percentiles(after),
            "both": percentiles(total),
        },
        "rankings": rankings,
        "groups": groups,
        "per_question": [_question(one) for one in outcomes],
    }


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """50th, 95th and 99th percentile in milliseconds."""
    if not seconds:
        return {}
    values = np.percentile(seconds, (50, 95, 99)) * 1000
    return {f"p{p}": round(float(v), 3) for p, v in zip((50, 95, 99), values, strict=True)}


def write_results(path: Path, results: Mapping[str, Any]) -> None:
    """Write results to a JSON file atomically."""
    write_atomically(path, json.dumps(results, ensure_ascii=False, indent=1).encode())


def read_results(path: Path) -> Result:
    """Read a file written by `write_results`.

    Raises:
        InvalidDataset: the file is something else, or of a newer version.
    """
    results = read_json(path)
    if not isinstance(results, dict) or "runs" not in results or "format" not in results:
        raise InvalidDataset(
            f"{path} is not a file of evaluation results.",
            hint="Give a file that an evaluation has written.",
        )
    if results["format"] > FORMAT:
        raise InvalidDataset(
            f"{path} has format {results['format']}; this pageglass reads up to {FORMAT}.",
            hint="Upgrade pageglass.",
        )
    return results


def compare(
    first: Sequence[Result],
    second: Sequence[Result],
    sampling: Sampling,
    called: tuple[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Differences for each dataset and scope of both results, by their first rankings.

    Args:
        called: names of the two; None names them by their settings.

    Raises:
        ResultsNotComparable: they have no questions in common.
    """
    found = []
    for a in first:
        for b in second:
            if a["set"] == b["set"]:
                names = called or (a["setting"], b["setting"])
                found += compare_rankings(a, a["first"], b, b["first"], sampling, names)
    if not found:
        raise ResultsNotComparable(
            "The two results have no questions in common.",
            hint="Evaluate both on the same dataset, and compare again.",
        )
    return found


def compare_rankings(
    a: Result,
    a_ranking: str,
    b: Result,
    b_ranking: str,
    sampling: Sampling,
    called: tuple[str, str],
) -> list[dict[str, Any]]:
    """Differences between rankings of two results, for each scope of both.

    One ranking of each result is compared.
    """
    asked = {q["id"]: (q["query"], q["relevant"]) for q in a["per_question"]}
    same = [q for q in b["per_question"] if asked.get(q["id"]) == (q["query"], q["relevant"])]
    clusters = {q["id"]: q["cluster"] for q in same}
    found = []
    for scope in a["rankings"].get(a_ranking, {}):
        if scope not in b["rankings"].get(b_ranking, {}):
            continue
        metrics = {}
        for metric in METRICS:
            one = _column(a, a_ranking, scope, metric)
            two = {k: v for k, v in _column(b, b_ranking, scope, metric).items() if k in clusters}
            if set(one) & set(two):
                metrics[metric] = difference(one, two, clusters, sampling)
        if not metrics:
            continue
        main = metrics[a["main"]]
        found.append(
            {
                "set": a["set"],
                "scope": scope,
                "first": called[0],
                "second": called[1],
                "main": a["main"],
                "significant": main.significant,
                "questions_apart": len(a["per_question"]) + len(b["per_question"]) - 2 * len(same),
                "metrics": {name: asdict(found) for name, found in metrics.items()},
            }
        )
    return found


def _column(result: Result, ranking: str, scope: str, metric: str) -> dict[str, float]:
    return {
        q["id"]: q["figures"][ranking][scope][metric]
        for q in result["per_question"]
        if scope in q["figures"].get(ranking, {})
    }


def _rows(outcomes: Sequence[QuestionResult]) -> list[tuple[str, str]]:
    """Pairs of ranking and scope, in the order in which they were measured."""
    pairs = ((n, s) for one in outcomes for n, scopes in one.figures.items() for s in scopes)
    return list(dict.fromkeys(pairs))


def _means(
    outcomes: Sequence[QuestionResult], name: str, scope: str, sampling: Sampling
) -> dict[str, Any]:
    some = [one for one in outcomes if scope in one.figures.get(name, {})]
    clusters = [one.judged.question.cluster for one in some]
    means: dict[str, Interval] = {
        metric: interval([one.figures[name][scope][metric] for one in some], clusters, sampling)
        for metric in METRICS
    }
    return {"questions": len(some), **{metric: asdict(mean) for metric, mean in means.items()}}


def _groups(
    outcomes: Sequence[QuestionResult], name: str, scope: str, sampling: Sampling
) -> dict[str, dict[str, Any]]:
    """Means over the questions with each value of each label."""
    labels: dict[str, dict[str, list[QuestionResult]]] = {}
    for one in outcomes:
        if scope not in one.figures.get(name, {}):
            continue
        for label, values in one.judged.question.labels.items():
            for value in values:
                labels.setdefault(label, {}).setdefault(value, []).append(one)
    return {
        label: {value: _means(some, name, scope, sampling) for value, some in sorted(of.items())}
        for label, of in labels.items()
    }


def _question(one: QuestionResult) -> dict[str, Any]:
    question = one.judged.question
    return {
        "id": question.id,
        "query": question.query,
        "relevant": dict(one.judged.relevant),
        "cluster": question.cluster,
        "labels": {name: list(values) for name, values in question.labels.items()},
        "found": list(one.found),
        "ms": None if one.seconds is None else round(one.seconds * 1000, 3),
        "figures": one.figures,
    }
