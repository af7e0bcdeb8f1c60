"""Plot of evaluation results.

A bar with its interval for each metric, a panel for each set and scope.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from typing import Any

from ingest.extras import require
from retrieval.evaluate.metrics import SCOPES

SHOWN = {
    "pages": ("recall@1", "recall@5", "recall@10", "nDCG@5", "nDCG@10", "MRR@10"),
    "photos": ("hit@1", "hit@5", "hit@10", "nDCG@10", "MRR@10"),
}


TITLE_WIDTH = 90
"""Characters of a line of a panel's title."""


def draw_results(runs: Sequence[dict[str, Any]]) -> bytes:
    """Plot results as PNG; settings and rankings are side by side in each panel.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    require("matplotlib", extra="eval", feature="A plot of results")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels: dict[tuple[str, str], list[tuple[str, dict[str, Any], str]]] = {}
    for run in runs:
        for name, scopes in run["rankings"].items():
            for scope, means in scopes.items():
                bars = panels.setdefault((run["set"], scope), [])
                bars.append((f"{run['setting']}: {name}", means, run["kind"]))
    figure = Figure(figsize=(10, 3.6 * len(panels)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(panels), squeeze=False)[:, 0]
    for axis, ((name, scope), bars) in zip(axes, panels.items(), strict=True):
        metrics = SHOWN[bars[0][2]]
        width = 0.8 / len(bars)
        for place, (label, means, _) in enumerate(bars):
            values = [means[metric] for metric in metrics]
            heights = [value["mean"] for value in values]
            below = [max(v["mean"] - _or(v["low"], v["mean"]), 0.0) for v in values]
            above = [max(_or(v["high"], v["mean"]) - v["mean"], 0.0) for v in values]
            left = [i - 0.4 + width * (place + 0.5) for i in range(len(metrics))]
            axis.bar(left, heights, width, yerr=[below, above], capsize=2, label=label)
        axis.set_xticks(range(len(metrics)), metrics)
        axis.set_ylim(0, 1.05)  # the caps of an interval up to 1 are seen whole
        axis.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])
        title = f"{name}, {SCOPES[scope]} ({bars[0][1]['questions']} questions)"
        if len(bars) == 1:
            title = f"{title}: {bars[0][0]}"
        else:
            axis.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
        axis.set_title(textwrap.fill(title, TITLE_WIDTH))
        axis.grid(axis="y", alpha=0.3)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    return buffer.getvalue()


def _or(value: float | None, other: float) -> float:
    return other if value is None else value
