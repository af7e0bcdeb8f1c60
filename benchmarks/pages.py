"""Page retrieval on a labelled set: each signal, words fused, and the default.

    python -m benchmarks.pages EVAL/mmlongbench-dev [--home DIR] [--no-ocr] [--encoder SPEC] [--pool N]

Ingests the set's files into --home (kept, so that a second run only searches)
and prints recall@1/5/10 and nDCG@5 within the document and over all documents.
The manifest has `files` and `queries` with `query`, `doc` and `relevant_pages`
(from 1). Questions that name a page or a slide test metadata, not retrieval:
the last column leaves them out.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.memory import MemoryWatch
from ingest.add import AddSettings, add
from ingest.choose import canonical
from ingest.encoders.encoder import Encoding
from ingest.event import Done
from ingest.files.render import RenderSettings
from ingest.filter import ALL_PAGES, PageFilter
from ingest.index.index import open_indexes
from ingest.library.home import Home
from retrieval.evaluate.ablation import rank_by_signal
from retrieval.evaluate.dataset import NAMES_A_PAGE
from retrieval.evaluate.metrics import ndcg, recall
from retrieval.search import Searcher


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--no-ocr", action="store_true")
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--pool", type=int, default=1)
    args = parser.parse_args()
    home = Home(args.home or tempfile.mkdtemp(prefix="pageglass-bench-"))
    settings = AddSettings(
        RenderSettings(ocr="none" if args.no_ocr else "rapidocr"),
        (canonical(args.encoder), "conse"),
        encoding=Encoding(pool_factor=args.pool),
    )
    _ingest(home, args.folder, settings)
    _evaluate(home, json.loads((args.folder / "manifest.json").read_text()), args.folder)


def _ingest(home: Home, folder: Path, settings: AddSettings) -> None:
    started = time.monotonic()
    watch = MemoryWatch()
    watch.start()
    for event in add(home, [folder], settings):
        if isinstance(event, Done) and event.added:
            rate = event.pages / event.seconds
            print(f"ingest: {event.pages} pages in {event.seconds:.0f} s, {rate:.2f} pages/s")
            parts = " + ".join(f"{part / 1e6:.0f}" for part in watch.parts)
            print(f"peak memory, all processes: {watch.peak / 1e6:.0f} MB ({parts})")
            print(f"on disk: {home.size() / event.pages / 1024:.0f} KB a page")
        elif isinstance(event, Done):
            print(f"ingest: nothing to do, {time.monotonic() - started:.2f} s")


def _evaluate(home: Home, manifest: dict[str, Any], folder: Path) -> None:
    readers = [i.manifest.encoder for i in open_indexes(home) if i.manifest.modality != "image"]
    searcher = Searcher(home, exhaustive_pages=1_000_000)
    ids = {path: d.id for d in searcher.library.documents() for path in d.paths}
    asked = [q for q in manifest["queries"] if q.get("answerable") and q["relevant_pages"]]
    named = np.array([bool(NAMES_A_PAGE.search(q["query"])) for q in asked])
    figures: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    took = []
    for question in asked:
        document = ids[os.path.abspath(folder / question["doc"])]
        relevant = {f"{document}-{number}" for number in question["relevant_pages"]}
        for scope, filter in (("within", PageFilter.to([document])), ("over all", ALL_PAGES)):
            started = time.perf_counter()
            ranking = searcher.rank(question["query"], filter=filter)
            took.append(time.perf_counter() - started)
            keys = [record.page.key for record in ranking.pages]
            for name, order in rank_by_signal(ranking, readers).items():
                ranked = [keys[i] for i in order]
                figures[name, scope].append(
                    [
                        *(recall(ranked, relevant, k) for k in (1, 5, 10)),
                        ndcg(ranked, dict.fromkeys(relevant, 1.0), 5),
                    ]
                )
    print(f"\n{len(asked)} questions ({named.sum()} name a page), {len(ids)} documents")
    print(f"search, all pages scored: median {np.median(took) * 1000:.0f} ms")
    print(f"\n{'':34}{'scope':10}{'recall@1':>9}{'@5':>7}{'@10':>7}{'nDCG@5':>8}{'unnamed':>9}")
    for (name, scope), rows in figures.items():
        values = np.array(rows)
        mean = values.mean(axis=0)
        unnamed = values[~named, 3].mean()
        print(f"{name:34}{scope:10}{mean[0]:9.3f}{mean[1]:7.3f}{mean[2]:7.3f}", end="")
        print(f"{mean[3]:8.3f}{unnamed:9.3f}")


if __name__ == "__main__":
    main()
