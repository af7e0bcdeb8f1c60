"""Shards against one library: the same ranking, and what a search takes more.

    python -m benchmarks.shards HOME [--shards 1 2 5] [--questions FILE]

HOME is copied, and the copy resharded; HOME itself is not changed. Questions are those
of a manifest (docs/eval.md), else words of the library's own pages. Scores are compared
page by page. Times are of searches with their regions, the ways in turn, so that other work
on the machine meets each alike.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import shown_words
from ingest.shards.reshard import reshard
from retrieval.hit import Hit
from retrieval.search import Searcher

TOP = 10


def read_questions(home: Home, file: Path | None, count: int) -> list[str]:
    """Questions of a manifest (docs/eval.md), or beginnings of pages."""
    if file:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        return [each["query"] for each in manifest["queries"]][:count]
    library = Library(home)
    pages = [library.words(record.page) for record in library.page_records()]
    texts = [" ".join(w.text for w in shown_words(words)[:12]) for words in pages]
    return [text for text in texts if text.strip()][:count]


def compare(one: Sequence[Hit], other: Sequence[Hit]) -> tuple[bool, float]:
    """Whether two results have the same pages in the same order, and the largest difference."""
    same = [hit.page.key for hit in one] == [hit.page.key for hit in other]
    scores = {hit.page.key: hit.score for hit in one}
    apart = [abs(scores[h.page.key] - h.score) for h in other if h.page.key in scores]
    return same, max(apart, default=0.0)


def measure(
    homes: dict[str, Home], questions: Sequence[str]
) -> dict[str, tuple[int, float, list[float], list[float]]]:
    """Equal results, the largest difference, and seconds (wall, processor) of each way."""
    searchers = {name: Searcher(home) for name, home in homes.items()}
    found: dict[str, tuple[int, float, list[float], list[float]]] = {
        name: (0, 0.0, [], []) for name in homes
    }
    for searcher in searchers.values():
        searcher.search(questions[0], top=TOP)  # opens files, loads the encoders
    for question in questions:
        results = {}
        for name, searcher in searchers.items():
            wall, spent = time.perf_counter(), time.process_time()
            results[name] = searcher.search(question, top=TOP)
            found[name][2].append(time.perf_counter() - wall)
            found[name][3].append(time.process_time() - spent)
        for name, hits in results.items():
            same, apart = compare(results["one library"], hits)
            equal, most, *times = found[name]
            found[name] = equal + same, max(most, apart), times[0], times[1]
    for searcher in searchers.values():
        searcher.close()
    return found


def main() -> None:
    """Copy, reshard, search and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--shards", type=int, nargs="+", default=[1, 2, 5])
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--count", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pageglass-shards-") as folder:
        homes = {"one library": Home(given.home)}
        questions = read_questions(homes["one library"], given.questions, given.count)
        for count in given.shards:
            home = homes[f"{count} shards"] = Home(Path(folder, str(count)))
            shutil.copytree(given.home, home.root, dirs_exist_ok=True)
            started = time.perf_counter()
            list(reshard(home, count))
            print(f"made {count} shards in {time.perf_counter() - started:.1f} s", flush=True)
        print(f"{'':12} equal of {len(questions)}, largest difference, ms p50, processor ms p50")
        for name, (equal, most, wall, spent) in measure(homes, questions).items():
            figures = (1_000 * np.median(wall), 1_000 * np.median(spent))
            print(f"{name:12} {equal}, {most:.1e}, {figures[0]:.1f}, {figures[1]:.1f}")


if __name__ == "__main__":
    main()
