"""How long a search takes as a library grows: this program, Chroma's recipe of a record a patch, and a full scan.

    python -m benchmarks.scale [--pages 1000 10000] [--rows 1030] [--questions 60] [--patch-pages 200]

Made pages (benchmarks.made_pages) in real homes: SQLite, Chroma and vector files,
searched by the Searcher with a question's rows already made, so that the time is
that of the search alone. The recipe keeps a record a patch, asks once a token
for its nearest patches, fetches every patch of the pages met, and scores those;
it is measured at --patch-pages, since more patches do not fit into memory. The
full scan scores every page with colpali-engine, as byaldi does.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import torch

from benchmarks.made_pages import MadePages
from ingest.home import Home
from ingest.index import Index
from ingest.librarian import Librarian, PageRow
from ingest.manifest import Manifest
from ingest.page import Document, Page, PageVectors, QueryVectors
from retrieval.search import Searcher

NAME = "made"
PAGES_A_DOCUMENT = 25
TOKEN_NEIGHBOURS = 50


class MadeEncoder:
    """Gives the rows of a question that it was handed, by the question's number."""

    name, model, dim, reads, reach = NAME, "made pages", 128, "pages", (0.0, 1.0)

    def __init__(self) -> None:
        self.made: dict[str, str] = {}
        self.questions: list[np.ndarray] = []
        self.sought: list[str] = []

    def encode_queries(self, queries: list[str]) -> list[QueryVectors]:
        rows = self.questions[int(queries[0])]
        return [QueryVectors(rows, ("",) * len(rows), even=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--rows", type=int, default=1030)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--patch-pages", type=int, default=200)
    args = parser.parse_args()
    for count in args.pages:
        folder = Path(tempfile.mkdtemp(prefix="pageglass-scale-"))
        try:
            _measure(Home(folder / "home"), count, args.rows, args.questions)
        finally:
            shutil.rmtree(folder)
    if args.patch_pages:
        folder = Path(tempfile.mkdtemp(prefix="pageglass-scale-"))
        try:
            _compare(folder, args.patch_pages, args.rows, args.questions)
        finally:
            shutil.rmtree(folder)


def _measure(home: Home, count: int, rows: int, questions: int) -> None:
    started = time.perf_counter()
    encoder, asked, _ = _fill(home, count, rows, questions)
    print(
        f"{count} pages of {rows} rows: made and indexed in {time.perf_counter() - started:.0f} s"
    )
    for exhaustive in (10**9, 0) if count <= 10_000 else (0,):
        searcher = _searcher(home, encoder, exhaustive)
        times, firsts = _time(lambda i, s=searcher: s.search(str(i), top=10)[0].page.key, asked)
        right = np.mean([first == page for first, page in zip(firsts, encoder.sought, strict=True)])
        memory = psutil.Process().memory_full_info()
        print(
            f"  {'every page' if exhaustive else 'candidates':12} p50 {times[0]:7.1f} ms"
            f"  p95 {times[1]:7.1f} ms  asked page first {right:.2f}"
            f"  private memory {memory.uss / 1e9:.2f} GB"
        )
        searcher.close()


def _fill(
    home: Home, count: int, rows: int, questions: int
) -> tuple[MadeEncoder, list[int], list[np.ndarray]]:
    """A home of made pages; kept are the questions, and at most 1,000 pages' rows."""
    made, encoder = MadePages(rows=rows), MadeEncoder()
    librarian = Librarian(home)
    manifest = Manifest.of(encoder)  # type: ignore[arg-type]
    manifest.write(home.index / manifest.slug / "manifest.json")
    index = Index(home, manifest)
    home.staging.mkdir(exist_ok=True)
    ask_at = set(made.random.choice(count, min(questions, count), replace=False).tolist())
    kept: list[np.ndarray] = []
    for number, at in enumerate(range(0, count, PAGES_A_DOCUMENT)):
        size = min(PAGES_A_DOCUMENT, count - at)
        pages, words = made.document(size)
        kept.extend(pages[: max(0, 1000 - len(kept))])
        document = Document(
            f"{number:020x}", "0" * 64, f"{number}.pdf", (f"/made/{number}.pdf",), "pdf", "", size,
            0, "0" * 12, "2026-01-01T00:00:00+00:00",
        )  # fmt: skip
        boxes = _grid(rows)
        seen = [PageVectors(page.astype(np.float32), boxes) for page in pages]
        index.centre_on(seen)
        writer = index.writer(document)
        for one in seen:
            writer.append(one)
        writer.close()
        addresses = [Page(document.id, i + 1, document.name) for i in range(size)]
        index.put(addresses, seen)
        images = home.staging / document.id
        images.mkdir()
        made_rows = [PageRow(i + 1, 1, 1, "none", "[]", _NO_WORDS, "") for i in range(size)]
        librarian.add(document, made_rows, images, {})
        for i in range(size):
            if at + i in ask_at:
                encoder.questions.append(made.question(words[i]))
                encoder.sought.append(addresses[i].key)
    index.records.close()
    return encoder, list(range(len(encoder.questions))), kept


def _grid(rows: int) -> np.ndarray:
    """Boxes (rows, 4) of patches 32 a line."""
    across, down = np.arange(rows) % 32, np.arange(rows) // 32
    lines = -(-rows // 32)
    edges = [across / 32, down / lines, (across + 1) / 32, (down + 1) / lines]
    return np.stack(edges, axis=1).astype(np.float32)


def _searcher(home: Home, encoder: MadeEncoder, exhaustive: int) -> Searcher:
    searcher = Searcher(home, exhaustive_pages=exhaustive)
    searcher._encoders[NAME] = encoder  # type: ignore[assignment]
    return searcher


def _compare(folder: Path, count: int, rows: int, questions: int) -> None:
    """The three ways on the same pages, in one run."""
    encoder, asked, pages = _fill(Home(folder / "home"), count, rows, questions)
    print(f"\n{count} pages of {rows} rows, {len(asked)} questions, three ways")
    searcher = _searcher(Home(folder / "home"), encoder, 0)
    ours, _ = _time(lambda i: searcher.search(str(i), top=10)[0].page.key, asked)
    searcher.close()
    recipe = _patch_records(folder / "patches", pages)
    patches, _ = _time(lambda i: recipe(encoder.questions[i]), asked[:20])
    scan, _ = _time(lambda i: _full_scan(encoder.questions[i], pages), asked[:10])
    for name, times, records in (
        ("pageglass, through candidates", ours, count),
        ("a record a patch in Chroma", patches, count * rows),
        ("full scan, score_multi_vector", scan, 0),
    ):
        print(
            f"  {name:32} p50 {times[0]:8.1f} ms  p95 {times[1]:8.1f} ms"
            f"  {times[0] / ours[0]:6.1f} times ours  {records} records"
        )


def _patch_records(folder: Path, pages: list[np.ndarray]) -> Callable[[np.ndarray], str]:
    import chromadb
    from chromadb.config import Settings

    client = chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
    collection = client.create_collection(
        "patches", embedding_function=None, configuration={"hnsw": {"space": "ip"}}
    )
    for number, page in enumerate(pages):
        collection.add(
            ids=[f"{number}-{i}" for i in range(len(page))],
            embeddings=page.astype(np.float32),
            metadatas=[{"page": number}] * len(page),
        )

    def ask(question: np.ndarray) -> str:
        near = collection.query(
            query_embeddings=question, n_results=TOKEN_NEIGHBOURS, include=["metadatas"]
        )
        met = sorted({int(m["page"]) for token in near["metadatas"] or [] for m in token})
        scores = []
        for number in met:
            held = collection.get(where={"page": number}, include=["embeddings"])["embeddings"]
            scores.append(float((question @ np.asarray(held).T).max(axis=1).mean()))
        return str(met[int(np.argmax(scores))])

    return ask


def _full_scan(question: np.ndarray, pages: list[np.ndarray]) -> str:
    from colpali_engine.utils.processing_utils import BaseVisualRetrieverProcessor

    tensors = [torch.from_numpy(page).float() for page in pages]
    scores = BaseVisualRetrieverProcessor.score_multi_vector(
        [torch.from_numpy(question)], tensors, device="cpu"
    )
    return str(int(scores[0].argmax()))


def _time(ask: Callable[[int], str], asked: list[int]) -> tuple[tuple[float, float], list[str]]:
    """Milliseconds at p50 and p95, after one question to warm up, and the answers."""
    ask(asked[0])
    took, answers = [], []
    for i in asked:
        started = time.perf_counter()
        answers.append(ask(i))
        took.append((time.perf_counter() - started) * 1000)
    return (float(np.percentile(took, 50)), float(np.percentile(took, 95))), answers


def _packed() -> bytes:
    from ingest.library import pack_words

    return pack_words(())


_NO_WORDS = _packed()

if __name__ == "__main__":
    main()
