"""Evaluation results: runs and comparisons, as tables in notebooks and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.results import html

METRICS = ("recall@1", "recall@5", "recall@10", "nDCG@5", "nDCG@10", "hit@5", "MRR@10")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Results of an evaluation (docs/eval.md).

    Attributes:
        runs: means with intervals and every question's figures, a run for each set and setting.
        comparisons: differences between runs, with p-values.
        environment: versions, machine, date and sampling.
    """

    runs: list[dict[str, Any]]
    comparisons: list[dict[str, Any]]
    environment: dict[str, Any]

    def mean(self, metric: str, *, scope: str | None = None, run: int = 0) -> float:
        """Mean of a metric, such as "nDCG@5", of the first ranking.

        Without `scope`, of the first scope.

        Raises:
            KeyError: the run has no such metric or scope.
        """
        of = self.runs[run]
        scopes = of["rankings"][of["first"]]
        return float(scopes[scope or next(iter(scopes))][metric]["mean"])

    def to_dict(self) -> dict[str, Any]:
        """As `eval --json` writes it."""
        return {**self.environment, "runs": self.runs, "comparisons": self.comparisons}

    def _repr_html_(self) -> str:
        return html.table(
            ("set", "setting", "ranking", "scope", "questions", *METRICS), self._rows()
        )

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for run in self.runs:
            for ranking, scopes in run["rankings"].items():
                for scope, means in scopes.items():
                    figures = (
                        f"{means[metric]['mean']:.3f}" if metric in means else ""
                        for metric in METRICS
                    )
                    head = (run["set"], run["setting"], ranking, scope, str(means["questions"]))
                    yield (*head, *figures)
