"""Photo retrieval by text: hit@1/5/10, images alone and with everything.

    python -m benchmarks.photos EVAL/coco128-dev EVAL/flickr8k-dev [--beside EVAL/mmlongbench-dev/pdf]

With --beside, the photos share the library with other documents, and the second
column shows what that costs.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from ingest.add import AddSettings, add
from ingest.event import Done
from ingest.filter import PageFilter
from ingest.library.home import Home
from retrieval.evaluate.metrics import hit
from retrieval.search import Searcher


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--beside", type=Path, nargs="*", default=[])
    parser.add_argument("--home", type=Path)
    args = parser.parse_args()
    together = Home(args.home or tempfile.mkdtemp(prefix="pageglass-bench-"))
    for event in add(together, [*args.folders, *args.beside], AddSettings()):
        if isinstance(event, Done) and event.added:
            print(f"{event.added} files, {event.pages / event.seconds:.2f} pages/s")
    searcher = Searcher(together, exhaustive_pages=1_000_000)
    documents = searcher.library.documents()
    ids = {path: d.id for d in documents for path in d.paths}
    print(f"{len(documents)} documents, {searcher.library.page_count()} pages")
    print(f"{'':32}{'query':9}{'mode':10}{'hit@1':>7}{'@5':>7}{'@10':>7}{'ms':>7}")
    for folder in args.folders:
        _evaluate(searcher, folder, ids)


def _evaluate(searcher: Searcher, folder: Path, ids: dict[str, str]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    own = [ids[str((folder / file["file"]).absolute())] for file in manifest["files"]]
    fields = ["query", *(["query_en"] if "query_en" in manifest["queries"][0] else [])]
    modes = {
        "--images": {"images": True, "filter": PageFilter.to(own)},
        "own set": {"filter": PageFilter.to(own)},
        "one box": {},
    }
    for field in fields:
        for mode, options in modes.items():
            rows, started = [], time.perf_counter()
            for question in manifest["queries"]:
                relevant = {
                    f"{ids[str((folder / name).absolute())]}-1"
                    for name in question["relevant_images"]
                }
                ranking = searcher.rank(question[field], **options)  # type: ignore[arg-type]
                ranked = [ranking.pages[i].page.key for i in ranking.order()[:10]]
                rows.append([hit(ranked, relevant, k) for k in (1, 5, 10)])
            took = (time.perf_counter() - started) / len(rows) * 1000
            one, five, ten = np.mean(rows, axis=0)
            print(f"{folder.name:32}{field:9}{mode:10}{one:7.3f}{five:7.3f}{ten:7.3f}{took:7.0f}")


if __name__ == "__main__":
    main()
