"""Report of an evaluation: tables of means with intervals, and comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.cli.terminal import Terminal
from api.evaluation.compare_runs import COMPARED
from api.printable import count_of, plain
from retrieval.evaluate.metrics import SCOPES

COLUMNS = {
    "pages": ("recall@1", "recall@5", "recall@10", "nDCG@5", "MRR@10"),
    "photos": ("hit@1", "hit@5", "hit@10", "MRR@10"),
}
PERCENTILES = {"p50": 1, "p95": 20, "p99": 100}
"""Questions that each percentile of the times needs to mean anything."""


def show_run(terminal: Terminal, run: dict[str, Any]) -> None:
    """Print the results of one set under one setting."""
    columns = COLUMNS[run["kind"]]
    corpus = run["corpus"]
    terminal.result(f"{plain(run['set'])}, {run['setting']}")
    terminal.result(
        f"{count_of(run['questions'], 'question')} ({run['left_out']} more without a right answer"
        f" left out), {count_of(corpus['documents'], 'document')},"
        f" {count_of(corpus['pages'], 'page')}"
    )
    terminal.result(
        f"95 % intervals of {run['main']} by drawing {run['drawn']}s; --json has all of them"
    )
    if run["not_read"]:
        terminal.result(
            f"{len(run['not_read'])} files could not be read; their questions count as missed"
        )
    rows = [
        (name, SCOPES[scope], str(means["questions"]), *_cells(means, columns, run["main"]))
        for name, scopes in run["rankings"].items()
        for scope, means in scopes.items()
    ]
    terminal.result()
    terminal.table(("ranking", "scope", "n", *columns), rows)
    parts = [
        (
            f"{label}: {value}",
            SCOPES[scope],
            str(means["questions"]),
            *_cells(means, columns, run["main"]),
        )
        for scope, labels in run["groups"].items()
        for label, values in labels.items()
        for value, means in values.items()
    ]
    if parts:
        terminal.result()
        terminal.table((f"by label, {run['first']}", "scope", "n", *columns), parts)
    terminal.result()
    shown = [name for name, least in PERCENTILES.items() if run["questions"] >= least]
    times = [
        (name, *(f"{values[percentile]:.1f}" for percentile in shown))
        for name, values in run["latency_ms"].items()
    ]
    terminal.table(("milliseconds", *shown), times)
    terminal.result()
    sizes = [
        (
            i["encoder"],
            str(i["pages"]),
            f"{i['vectors_per_page']:.0f}",
            str(i["dim"]),
            f"{i['bytes'] / 1e6:.1f}",
        )
        for i in corpus["indexes"]
    ]
    terminal.table(("index", "pages", "vectors/page", "dim", "MB"), sizes)
    terminal.result()
    if run.get("answers"):
        _show_answers(terminal, run["answers"])


def _show_answers(terminal: Terminal, answers: dict[str, Any]) -> None:
    """Print how well questions were answered, and by label."""
    pages = count_of(answers["top"], "page")
    terminal.result(
        f"answers by {plain(answers['model'])} from {pages},"
        f" {count_of(answers['questions'], 'question')}, {len(answers['failed'])} failed"
    )
    cost = answers["usage"]["cost"]
    if cost:
        terminal.result(f"about {cost:.2f} US dollars")
    terminal.result()
    groups = {
        f"{label}: {value}": means
        for label, values in answers["groups"].items()
        for value, means in values.items()
    }
    rows = [
        (name, metric, str(mean["questions"]), _cell(mean, interval=True))
        for name, means in {"all": answers["metrics"], **groups}.items()
        for metric, mean in means.items()
        if name == "all" or metric in COMPARED
    ]
    terminal.table(("answers", "metric", "n", "mean (95 %)"), rows)
    terminal.result()


def show_comparisons(terminal: Terminal, comparisons: Sequence[dict[str, Any]]) -> None:
    """Print a sentence for each comparison."""
    for found in comparisons:
        terminal.result(plain(comparison_sentence(found)))


def show_quantizations(
    terminal: Terminal, runs: Sequence[dict[str, Any]], comparisons: Sequence[dict[str, Any]]
) -> None:
    """Print size, time and loss against fp16 of each quantization."""
    lost = {(c["set"], c["scope"], c["first"], c["second"]): c["metrics"] for c in comparisons}
    rows = []
    for run in runs:
        if run["quantization"] is None:
            continue
        corpus = run["corpus"]
        size = sum(index["bytes"] for index in corpus["indexes"]) / max(corpus["pages"], 1)
        for scope, means in run["rankings"][run["first"]].items():
            key = (run["set"], scope, f"{run['encoders']}, fp16", run["setting"])
            rows.append(
                (
                    run["setting"],
                    f"{plain(run['set'])}, {SCOPES[scope]}",
                    f"{size / 1e3:.1f}",
                    f"{run['latency_ms']['search']['p50']:.0f}",
                    *(
                        f"{means[metric]['mean']:.3f} {_change(lost.get(key, {}).get(metric))}"
                        for metric in (run["main"], "recall@10")
                    ),
                )
            )
    if rows:
        terminal.result()
        main = next(run["main"] for run in runs if run["quantization"])
        columns = ("quantization", "scope", "KB/page", "search ms")
        terminal.table((*columns, f"{main} (against fp16, 95 %)", "recall@10"), rows)


def _change(found: dict[str, Any] | None) -> str:
    if not found:
        return ""
    change = found["change"]
    if change["low"] is None:
        return f"({change['mean']:+.3f})"
    return f"({change['mean']:+.3f}, {change['low']:+.3f} to {change['high']:+.3f})"


def comparison_sentence(found: dict[str, Any]) -> str:
    """Meaning of a comparison, in one sentence."""
    main = found["metrics"][found["main"]]
    change = main["change"]
    bounds = (
        ""
        if change["low"] is None
        else f" (95 % from {change['low']:+.3f} to {change['high']:+.3f})"
    )
    first, second = found["first"], found["second"]
    figures = (
        f"{found['main']} {main['first']:.3f} to {main['second']:.3f},"
        f" {change['mean']:+.3f}{bounds}, p = {main['p']:.4f},"
        f" {main['questions']} questions"
    )
    where = f"{found['set']}, {SCOPES.get(found['scope'], found['scope'])}"
    if not found["significant"]:
        return f"{where}: no significant difference between {first} and {second}: {figures}."
    verdict = "better" if change["mean"] > 0 else "worse"
    return f"{where}: {second} is significantly {verdict} than {first}: {figures}."


def _cells(means: dict[str, Any], columns: Sequence[str], main: str) -> list[str]:
    """Means of the metrics; the interval of the main one alone, so that a row fits a terminal."""
    return [_cell(means[column], interval=column == main) for column in columns]


def _cell(value: dict[str, Any], *, interval: bool) -> str:
    if value["low"] is None or not interval:
        return f"{value['mean']:.3f}"
    return f"{value['mean']:.3f} ({value['low']:.2f}-{value['high']:.2f})"
