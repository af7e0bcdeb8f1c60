"""Shards against one library: the same ranking, and what a search takes more.

    python -m benchmarks.shards --home HOME [--shards 1 2 5] [--questions FILE]
    python -m benchmarks.shards --made 5000 [--shards 1 2 5]

HOME is copied, and the copy resharded; HOME itself is not changed. Questions are those
of a manifest (docs/eval.md), else words of the library's own pages. `--made` makes a library of
synthetic pages of `--rows` rows (benchmarks.made_home), whose questions are rows. Scores are
compared page by page. Times are of searches with their regions, the ways in turn, so that other
work on the machine meets each alike; "more" is the median difference from one library, question
by question.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.made_home import build, open_searcher
from benchmarks.made_home import read_questions as read_made
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import shown_words
from ingest.shards.reshard import reshard
from retrieval.hit import Hit
from retrieval.search import Searcher

TOP = 10
ONE = "one library"


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


@dataclass(slots=True)
class Way:
    """Searches of one way: equal results, the largest difference, and milliseconds."""

    searcher: Searcher
    equal: int = 0
    apart: float = 0.0
    wall: list[float] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)

    def search(self, question: str) -> list[Hit]:
        """Search, and note the times."""
        wall, spent = time.perf_counter(), time.process_time()
        hits = self.searcher.search(question, top=TOP)
        self.wall.append(1_000 * (time.perf_counter() - wall))
        self.spent.append(1_000 * (time.process_time() - spent))
        return hits

    def line(self, one: Way) -> str:
        """What is printed of it."""
        more = np.median(np.subtract(self.spent, one.spent))
        return (
            f"{self.equal} | {self.apart:.1e} | {np.median(self.wall):.1f}"
            f" | {np.median(self.spent):.1f} | {more:+.1f}"
        )


def measure(searchers: dict[str, Searcher], questions: Sequence[str]) -> dict[str, Way]:
    """Ask every question in every way; the first of them opens files and loads encoders."""
    for searcher in searchers.values():
        searcher.search(questions[0], top=TOP)
    ways = {name: Way(searcher) for name, searcher in searchers.items()}
    for question in questions:
        results = {name: way.search(question) for name, way in ways.items()}
        for name, hits in results.items():
            same, apart = compare(results[ONE], hits)
            ways[name].equal += same
            ways[name].apart = max(ways[name].apart, apart)
    for searcher in searchers.values():
        searcher.close()
    return ways


def main() -> None:
    """Copy, reshard, search and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--home", type=Path)
    source.add_argument("--made", type=int, help="make a library of this number of pages")
    parser.add_argument("--rows", type=int, default=128)
    parser.add_argument("--shards", type=int, nargs="+", default=[1, 2, 5])
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--exhaustive", type=int, default=1_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pageglass-shards-") as folder:
        root = given.home or Path(folder, "made")
        if given.made:
            build(root, given.made, given.rows, given.count)
        homes = {ONE: Home(root)}
        for count in given.shards:
            home = homes[f"{count} shards"] = Home(Path(folder, str(count)))
            shutil.copytree(root, home.root, dirs_exist_ok=True)
            started = time.process_time()
            list(reshard(home, count))
            spent = time.process_time() - started
            print(f"made {count} shards in {spent:.1f} s of processor time", flush=True)
        if given.made:
            made = read_made(root)
            questions = [str(number) for number in range(len(made.sought))]
            searchers = {
                name: open_searcher(home.root, made, given.exhaustive)
                for name, home in homes.items()
            }
        else:
            questions = read_questions(homes[ONE], given.questions, given.count)
            searchers = {
                name: Searcher(home, exhaustive_pages=given.exhaustive)
                for name, home in homes.items()
            }
        ways = measure(searchers, questions)
        print(f"| | equal of {len(questions)} | apart | ms p50 | CPU ms p50 | more |")
        for name, way in ways.items():
            print(f"| {name} | {way.line(ways[ONE])} |", flush=True)


if __name__ == "__main__":
    main()
