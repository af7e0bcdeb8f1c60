"""Quality on every evaluation set: one table with intervals, results by commit.

    python -m benchmarks.quality [EVAL] --home DIR [--sets NAME ...] [--out DIR] [--compare FILE]

EVAL (../shared/eval) has a folder for each set; those that are missing are left out.
Each is ingested into a home of its own below --home and kept, so that a second run
only searches; remove a home after a change to how pages are read. What is measured
goes to OUT/COMMIT.json (benchmarks/results) after each set, and a run that was
stopped goes on with the next one. A working tree with changes is measured anew, as
COMMIT-changed. --compare prints paired differences from another such file.
Pages: nDCG@5 within the document and over all; photos: hit@1/5/10; answers as
`pageglass eval --answers` measures them. 95 % intervals draw whole documents.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.evaluation.evaluate_sets import EvaluationOptions, EvaluationProgress, evaluate_path
from api.settings import Settings
from ingest.disk.atomic import write_atomically
from retrieval.evaluate.interval import difference

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
SCOPES = {"document": "within", "set": "over all"}
HITS = ("hit@1", "hit@5", "hit@10")


@dataclass(frozen=True, slots=True)
class EvalSet:
    """A set: its folder or file, the home that it shares, and what is measured.

    `ranking` is "images" where photos are found by their look alone.
    """

    path: str
    home: str
    metrics: tuple[str, ...]
    ranking: str = "default"
    answers: bool = False


SETS = {
    "mmlongbench-dev": EvalSet("mmlongbench-dev", "mmlongbench-dev", ("nDCG@5",), answers=True),
    "mmlongbench-dev-ko": EvalSet(
        "mmlongbench-dev-ko/questions-ko.jsonl", "mmlongbench-dev", ("nDCG@5",)
    ),
    "mmlongbench-dev-en": EvalSet(
        "mmlongbench-dev-ko/questions-en.jsonl", "mmlongbench-dev", ("nDCG@5",)
    ),
    "flickr8k-dev": EvalSet("flickr8k-dev", "flickr8k-dev", HITS, "images"),
    "coco128-dev": EvalSet("coco128-dev", "coco128-dev", HITS, "images"),
    "korean-image-captions-dev": EvalSet("korean-image-captions-dev", "korean", HITS, "images"),
    "sroie-dev": EvalSet("sroie-dev", "sroie-dev", HITS, answers=True),
}
"""In order: a home is made by the set of its name, and others are asked of it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("eval", type=Path, nargs="?", default=Path("../shared/eval"))
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--compare", type=Path)
    args = parser.parse_args()
    commit, changed = _commit()
    path = args.out / f"{commit}{'-changed' if changed else ''}.json"
    results = _begin(path, commit, resume=path.exists() and not changed)
    for name in args.sets:
        found = SETS[name]
        if not (args.eval / found.path).exists():
            print(f"{name} is not in {args.eval}")
        elif name not in results["sets"]:
            results["sets"][name] = _measure(args.eval / found.path, args.home / found.home, found)
            _write(path, results)
    _table(results)
    print(f"\nwritten to {path}")
    if args.compare:
        _compare(json.loads(args.compare.read_text(encoding="utf-8")), results, args.compare)


def _commit() -> tuple[str, bool]:
    """The short hash of the commit, and whether tracked files differ from it."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    status = git("status", "--porcelain", "--untracked-files=no")
    return git("rev-parse", "--short=9", "HEAD").strip(), bool(status.strip())


def _begin(path: Path, commit: str, *, resume: bool) -> dict[str, Any]:
    if resume:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    return {
        "commit": commit,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "sets": {},
    }


def _write(path: Path, results: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(results, ensure_ascii=False).encode())


def _measure(path: Path, home: Path, found: EvalSet) -> list[dict[str, Any]]:
    """Rows of a set: each a metric in a scope, with its interval and every question's value."""
    options = EvaluationOptions(home=home, answers=found.answers, model="extractive")
    rows = []
    for run in evaluate_path(path, Settings(home=home), options, EvaluationProgress()):
        rows += _ranked_rows(run, found)
        if "answers" in run:
            rows += _rows(
                run["set"],
                "answers",
                run["answers"],
                tuple(run["answers"]["metrics"]),
                {q["id"]: q["figures"] for q in run["answers"]["per_question"]},
                _clusters(run["answers"]["per_question"]),
            )
        print(f"{run['set']}: measured", flush=True)
    return rows


def _ranked_rows(run: dict[str, Any], found: EvalSet) -> list[dict[str, Any]]:
    rows = []
    clusters = _clusters(run["per_question"])
    for scope, means in run["rankings"][found.ranking].items():
        if scope in SCOPES:
            groups = run["groups"].get(scope, {}) if found.ranking == run["first"] else {}
            figures = {q["id"]: q["figures"][found.ranking] for q in run["per_question"]}
            values = {key: of[scope] for key, of in figures.items() if scope in of}
            part = {"metrics": means, "groups": groups}
            rows += _rows(run["set"], SCOPES[scope], part, found.metrics, values, clusters)
    return rows


def _rows(
    name: str,
    scope: str,
    found: dict[str, Any],
    metrics: tuple[str, ...],
    figures: dict[str, dict[str, float]],
    clusters: dict[str, int],
) -> list[dict[str, Any]]:
    """A row a metric; `by` has the mean and the count of each kind of evidence."""
    rows = []
    for metric in metrics:
        mean = found["metrics"][metric]
        values = {key: round(of[metric], 4) for key, of in figures.items() if metric in of}
        by = {
            value: [
                round(means[metric]["mean"], 4),
                means[metric].get("questions", means.get("questions")),
            ]
            for value, means in found["groups"].get("evidence", {}).items()
            if metric in means
        }
        rows.append(
            {
                "set": name,
                "scope": scope,
                "metric": metric,
                "questions": len(values),
                **{key: _round(mean[key]) for key in ("mean", "low", "high")},
                "by": by,
                "values": values,
                "clusters": {key: clusters[key] for key in values},
            }
        )
    return rows


def _clusters(questions: list[dict[str, Any]]) -> dict[str, int]:
    """The document of each question as a number; -1 for none."""
    names = sorted({q["cluster"] for q in questions if q["cluster"]})
    return {q["id"]: names.index(q["cluster"]) if q["cluster"] else -1 for q in questions}


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _table(results: dict[str, Any]) -> None:
    print(f"\ncommit {results['commit']}, {results['date']}, {results['machine']}\n")
    print(f"{'set':38}{'scope':10}{'metric':24}{'n':>5}  mean (95 %)")
    for rows in results["sets"].values():
        for row in rows:
            bounds = "" if row["low"] is None else f" ({row['low']:.3f} to {row['high']:.3f})"
            print(f"{row['set']:38}{row['scope']:10}{row['metric']:24}{row['questions']:5}", end="")
            print(f"  {row['mean']:.3f}{bounds}")
    print(f"\n{'by evidence':62}{'mean':>6}{'n':>6}")
    for rows in results["sets"].values():
        for row in rows:
            for value, (mean, count) in row["by"].items():
                label = f"{row['set']}, {row['scope']}, {row['metric']}: {value}"
                print(f"{label:62}{mean:6.3f}{count:6}")


def _compare(first: dict[str, Any], second: dict[str, Any], path: Path) -> None:
    """Paired differences: this run less the other."""
    print(f"\nagainst {path.name}, on the same questions")
    for name, rows in second["sets"].items():
        before = {_key(row): row for row in first["sets"].get(name, [])}
        for row in rows:
            if _key(row) not in before:
                continue
            old = before[_key(row)]["values"]
            clusters = {key: "" if at < 0 else str(at) for key, at in row["clusters"].items()}
            if not set(old) & set(row["values"]):
                continue
            found = asdict(difference(old, row["values"], clusters))
            change = found["change"]
            bounds = (
                "" if change["low"] is None else f" ({change['low']:+.3f} to {change['high']:+.3f})"
            )
            print(
                f"{row['set']:38}{row['scope']:10}{row['metric']:24}{found['questions']:5}", end=""
            )
            print(
                f"  {found['first']:.3f} {found['second']:.3f} {change['mean']:+.3f}{bounds}",
                end="",
            )
            print(f" p {found['p']:.3f}")


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["set"], row["scope"], row["metric"]


if __name__ == "__main__":
    main()
