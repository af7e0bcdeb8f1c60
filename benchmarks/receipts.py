"""OCR of receipts: character error rate of the labelled fields.

    python -m benchmarks.receipts EVAL/sroie-dev --home DIR

DIR is a home that holds the set (benchmarks.photos makes one). The character
error rate of a field is the smallest edit distance between it and any stretch
of the page's words, over its length, case and spaces ignored.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np

from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import Page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    args = parser.parse_args()
    library = Library(Home(args.home))
    ids = {path: d.id for d in library.documents() for path in d.paths}
    rates: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for file in json.loads((args.folder / "manifest.json").read_text())["files"]:
        page = Page(ids[str((args.folder / file["file"]).absolute())], 1)
        read = _plain(" ".join(word.text for word in library.words(page)))
        for field, value in file["fields"].items():
            wanted = _plain(value)
            rates[field].append((edits_within(wanted, read), len(wanted)))
    rates["all"] = [pair for pairs in list(rates.values()) for pair in pairs]
    for field, pairs in rates.items():
        wrong, length = np.sum(pairs, axis=0)
        exact = np.mean([edits == 0 for edits, _ in pairs])
        print(f"{field:10}{len(pairs):5} fields, error rate {wrong / length:.3f}", end="")
        print(f", read without an error {exact:.2f}")


def _plain(text: str) -> str:
    return "".join(text.upper().split())


def edits_within(wanted: str, text: str) -> int:
    """The fewest edits that turn `wanted` into some substring of `text` (Sellers 1980)."""
    row = np.zeros(len(text) + 1, np.int64)
    codes = np.array([ord(c) for c in text], np.int64)
    steps = np.arange(len(text) + 1)
    for i, character in enumerate(wanted, start=1):
        best = np.empty_like(row)
        best[0] = i
        best[1:] = np.minimum(row[:-1] + (codes != ord(character)), row[1:] + 1)
        row = np.minimum.accumulate(best - steps) + steps
    return int(row.min())


if __name__ == "__main__":
    main()
