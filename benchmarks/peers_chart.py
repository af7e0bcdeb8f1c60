"""Chart of search times: this program and other engines, by number of pages.

    python -m benchmarks.peers_chart benchmarks/results/peers.jsonl docs/peers.png

The file is what `python -m benchmarks.scale --results` wrote.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

NAMES = {
    "candidates": "pageglass, candidates",
    "every": "pageglass, every page",
    "plaid": "fast-plaid",
    "qdrant": "Qdrant, local mode",
    "scan": "score_multi_vector",
    "lance": "LanceDB, no index",
    "lance_indexed": "LanceDB, index",
    "patches": "Chroma, a record a patch",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("chart", type=Path)
    args = parser.parse_args()
    lines = args.results.read_text(encoding="utf-8").splitlines()
    draw([json.loads(line) for line in lines], args.chart)
    print(f"{len(lines)} results in {args.chart}")


def draw(results: list[dict[str, Any]], chart: Path) -> None:
    """Draw a group of bars for each number of pages, on a logarithmic scale."""
    sizes = sorted({found["pages"] for found in results})
    counts = [sum(found["pages"] == size for found in results) for size in sizes]
    figure = Figure(figsize=(8, 0.6 * len(sizes) + 0.34 * len(results)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(
        len(sizes), sharex=True, squeeze=False, height_ratios=[count + 0.6 for count in counts]
    )[:, 0]
    for axis, size in zip(axes, sizes, strict=True):
        some = sorted((f for f in results if f["pages"] == size), key=lambda f: -f["p50"])
        colours = ["#2a6f97" if f["way"] in ("candidates", "every") else "#adb5bd" for f in some]
        bars = axis.barh([NAMES[f["way"]] for f in some], [f["p50"] for f in some], color=colours)
        labels = [f"{f['p50']:.0f} ms, {f['first']:.2f} found first" for f in some]
        axis.bar_label(bars, labels, padding=4, fontsize=8)
        axis.set_title(f"{size:,} pages of 1,030 patches", loc="left", fontsize=9)
        axis.set_xscale("log")
        axis.margins(x=0.4)
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    axes[-1].set_xlabel("milliseconds a search (median)")
    figure.savefig(chart, dpi=130)


if __name__ == "__main__":
    main()
