"""Time and memory of inverted lists at a million pages: a home's, repeated.

    python -m benchmarks.tiled_lists HOME [--pages 1000000] [--questions 60]

The lists of a made home (benchmarks.made_home) are repeated under other document
ids until they name so many pages, which takes minutes where making the pages
takes hours. The time of the lists is told by this, and the memory; which pages
are found is not, since each is there many times. Page centroids and exact scores
take what they take in the home: they are of a fixed number of pages.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import psutil

from benchmarks.made_home import read_questions
from ingest.filter import ALL_PAGES
from ingest.index.index import open_indexes
from ingest.index.inverted.lists import InvertedLists, read_lists
from ingest.library.home import Home
from ingest.page import Document
from retrieval.listed_pages import ListedPages
from retrieval.nearest_pages import LISTED_TOP_K

T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("--pages", type=int, default=1_000_000)
    parser.add_argument("--questions", type=int, default=60)
    args = parser.parse_args()
    (index,) = open_indexes(Home(args.home))
    asked = read_questions(args.home).rows[: args.questions]
    own = read_lists(index.lists_path)
    assert own
    with tempfile.TemporaryDirectory(prefix="pageglass-tiled-") as folder:
        path = Path(folder) / "inverted.lists"
        _tile(own, -(-args.pages // own.page_count)).write(path)
        size = path.stat().st_size
        before = psutil.Process().memory_info().rss
        opened, lists = _timed(lambda: read_lists(path))
        assert lists
        documents = {
            id_: Document(id_, "", "", (), "pdf", "", pages, 0, "r", "")
            for id_, pages in zip(lists.ids, np.diff(lists.pages).tolist(), strict=True)
        }
        followed, listed = _timed(lambda: ListedPages.of(lists, documents))
        ones = np.ones(asked.shape[1], np.float32)
        took = [
            _timed(
                lambda rows=rows: listed.nearest(  # type: ignore[misc]
                    index.center_query(rows), ones, LISTED_TOP_K, ALL_PAGES, ()
                )
            )[0]
            for rows in asked
        ]
        memory = psutil.Process().memory_info().rss - before
    print(
        f"{lists.page_count} pages of {len(lists.documents)} documents, {size / 1e6:.0f} MB, "
        f"{size / lists.page_count:.0f} bytes a page\n"
        f"opened in {opened:.0f} ms, compared with the library in {followed:.0f} ms\n"
        f"{LISTED_TOP_K} candidates in {np.percentile(took, 50):.1f} ms (p50), "
        f"{np.percentile(took, 95):.1f} ms (p95) of processor time; "
        f"{memory / 1e6:.0f} MB more resident"
    )


def _tile(lists: InvertedLists, times: int) -> InvertedLists:
    """The lists, so many times one after the other."""
    count, lengths = lists.page_count, np.diff(lists.ends)
    parts = np.split(np.asarray(lists.postings), lists.ends[1:-1])
    postings = np.concatenate(
        [part + np.uint32(i * count) for part in parts for i in range(times)], dtype=np.uint32
    )
    starts = [lists.pages[:-1] + i * count for i in range(times)]
    return InvertedLists(
        lists.codebook,
        postings,
        np.concatenate([[0], np.cumsum(lengths * times)]),
        tuple(f"{i}x{id_}-r" for i in range(times) for id_ in lists.ids),
        np.concatenate([*starts, [times * count]]),
        lists.trained,
    )


def _timed(act: Callable[[], T]) -> tuple[float, T]:
    """Milliseconds of processor time, and the result."""
    began = time.process_time()
    result = act()
    return (time.process_time() - began) * 1000, result


if __name__ == "__main__":
    main()
