"""Comparison of evaluation runs: rankings and answers, paired by question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from api.evaluation.answer_metrics import BOX, GOLD, RIGHTLY
from retrieval.evaluate.interval import Sampling, difference
from retrieval.evaluate.result import compare, compare_rankings

if TYPE_CHECKING:
    from api.evaluation.evaluate_sets import EvaluationOptions, Run

COMPARED = (GOLD, BOX, RIGHTLY)
"""Metrics of answers that are compared, and shown by label."""


def compare_runs(runs: Sequence[Run], options: EvaluationOptions) -> list[dict[str, Any]]:
    """Compare runs of the same set; with `signals` also each signal with the default."""
    comparisons: list[dict[str, Any]] = []
    for place, run in enumerate(runs):
        for other in runs[place + 1 :]:
            if _are_comparable(run, other):
                comparisons += compare_results([run], [other], options.sampling)
        for name in run["rankings"] if options.signals else ():
            if name not in {"default", "images"}:
                comparisons += compare_rankings(
                    run, name, run, "default", options.sampling, (name, "default")
                )
    return comparisons


def compare_results(
    first: Sequence[Run],
    second: Sequence[Run],
    sampling: Sampling,
    called: tuple[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Differences of rankings and of answers, for each set of both results.

    Args:
        called: names of the two; None names them by their settings.

    Raises:
        ResultsNotComparable: they have no questions in common.
    """
    found = compare(first, second, sampling, called)
    for a in first:
        for b in second:
            names = called or (a["setting"], b["setting"])
            found += compare_answers(a, b, sampling, names)
    return found


def _are_comparable(run: Run, other: Run) -> bool:
    """Whether both are of one set and quantization, or of one home with fp16 first."""
    if other["set"] != run["set"] or other["setting"] == run["setting"]:
        return False
    same_home = other["encoders"] == run["encoders"] and run["quantization"] == "fp16"
    return bool(same_home or other["quantization"] == run["quantization"])


def compare_answers(
    a: dict[str, Any], b: dict[str, Any], sampling: Sampling, called: tuple[str, str]
) -> list[dict[str, Any]]:
    """Paired differences of two runs' answers, a comparison for each metric."""
    if a["set"] != b["set"] or not (a.get("answers") and b.get("answers")):
        return []
    asked = {q["id"]: q for q in a["answers"]["per_question"]}
    pairs = [
        (asked[q["id"]], q)
        for q in b["answers"]["per_question"]
        if q["id"] in asked and asked[q["id"]]["query"] == q["query"]
    ]
    clusters = {two["id"]: two["cluster"] for _, two in pairs}
    found = []
    for metric in COMPARED:
        both = [p for p in pairs if metric in p[0]["figures"] and metric in p[1]["figures"]]
        if not both:
            continue
        first, second = ({p[i]["id"]: p[i]["figures"][metric] for p in both} for i in (0, 1))
        change = difference(first, second, clusters, sampling)
        found.append(
            {
                "set": a["set"],
                "scope": "answers",
                "first": called[0],
                "second": called[1],
                "main": metric,
                "significant": change.significant,
                "questions_apart": len(asked) + len(b["answers"]["per_question"]) - 2 * len(pairs),
                "metrics": {metric: asdict(change)},
            }
        )
    return found
