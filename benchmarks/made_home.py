"""Homes of synthetic pages with queries: built in bounded memory and kept.

    HOME/questions.npz    rows (questions, 18, 128), and `sought`, the key of the page each asks for

Real SQLite, Chroma and vector files, written as an ingest writes them, without
images and words, which synthetic pages lack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.made_pages import MadePages
from ingest.file_state import FileStamp
from ingest.forms.index_text import IndexText
from ingest.index.index import Index
from ingest.index.inverted.update import update_lists
from ingest.index.manifest import Manifest
from ingest.index.quantization import Quantization
from ingest.library.home import Home
from ingest.library.words import pack_words
from ingest.library.writer import LibraryWriter, PageRow
from ingest.page import Document, Page, PageVectors, QueryVectors
from retrieval.search import Searcher

NAME = "made"
PAGES_A_DOCUMENT = 25
SEEN_EVERY = 5_000
"""Pages after which a build says how far it is."""

Floats = npt.NDArray[np.float32]


class MadeEncoder:
    """Gives the rows of a question that it was handed, by the question's number."""

    name, model, dim, modality, cosine_range = NAME, "made pages", 128, "page", (0.0, 1.0)
    calibrated = False

    def __init__(self, questions: Floats) -> None:
        self.provenance: dict[str, str] = {}
        self.questions = questions

    def encode_queries(self, queries: list[str]) -> list[QueryVectors]:
        """Each question's rows; a question is its number."""
        return [
            QueryVectors(self.questions[int(query)], ("",) * self.questions.shape[1], even=True)
            for query in queries
        ]


@dataclass(frozen=True, slots=True)
class Questions:
    """Question rows (questions, rows, dim) and the key of the page each asks for."""

    rows: Floats
    sought: list[str]


def build(
    root: Path,
    count: int,
    rows: int,
    questions: int,
    progress: Callable[[int], None] = lambda _: None,
    *,
    records: bool = True,
    a_document: int = PAGES_A_DOCUMENT,
    quantization: Quantization = "fp16",
) -> None:
    """Make a home of `count` pages of `rows` rows, and questions for some of them.

    Args:
        records: write Chroma's too, which a search by inverted lists does not ask.
        a_document: pages of a document.
        quantization: how rows are stored.
    """
    made, home = MadePages(rows=rows), Home(root)
    library = LibraryWriter(home)
    manifest = Manifest.of(MadeEncoder(np.zeros((0, 0, 128), np.float32)))  # type: ignore[arg-type]
    manifest = replace(manifest, quantization=quantization)
    manifest.write(home.index / manifest.slug / "manifest.json")
    index = Index(home, manifest)
    home.staging.mkdir(exist_ok=True)
    ask_at = set(made.random.choice(count, min(questions, count), replace=False).tolist())
    asked: list[Floats] = []
    sought: list[str] = []
    none = pack_words(())
    boxes = _grid(rows)
    for number, at in enumerate(range(0, count, a_document)):
        size = min(a_document, count - at)
        pages, words = made.document(size)
        document = Document(
            f"{number:020x}", "0" * 64, _name(number), (f"/made/{_name(number)}",), "pdf", "", size,
            0, "0" * 12, "2026-01-01T00:00:00+00:00",
        )  # fmt: skip
        seen = [PageVectors(page.astype(np.float32), boxes) for page in pages]
        index.fit_center(seen)
        writer = index.writer(document)
        for one in seen:
            writer.append(one)
        writer.close()
        addresses = [Page(document.id, i + 1, document.name) for i in range(size)]
        if records:
            index.put(addresses, seen)
        images = home.staging / document.id
        images.mkdir()
        library.add(
            document,
            [PageRow(i + 1, 1, 1, "none", "[]", none, IndexText("", "")) for i in range(size)],
            images,
            {document.paths[0]: FileStamp(1, 1)},
        )
        for i in range(size):
            if at + i in ask_at:
                asked.append(made.question(words[i]))
                sought.append(addresses[i].key)
        if (at + size) % SEEN_EVERY < size:
            progress(at + size)
    index.records.close()
    update_lists(index, library.documents())
    np.savez(root / "questions.npz", rows=np.stack(asked), sought=np.array(sought))


def _name(number: int) -> str:
    """File name in letters: a question is a number, which must not name a file."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number)) + ".pdf"


def read_questions(root: Path) -> Questions:
    """What was made to be asked of a home."""
    with np.load(root / "questions.npz") as held:
        return Questions(held["rows"], held["sought"].tolist())


def open_searcher(root: Path, questions: Questions, exhaustive: int) -> Searcher:
    """A searcher whose encoder has the questions' rows at hand."""
    searcher = Searcher(Home(root), exhaustive_pages=exhaustive)
    searcher._encoder._encoders[NAME] = MadeEncoder(questions.rows)  # type: ignore[assignment]
    return searcher


def read_pages(root: Path) -> Iterator[tuple[str, npt.NDArray[np.float16]]]:
    """Every page's key and rows (rows, dim), one document at a time."""
    home = Home(root)
    manifest = Manifest.of(MadeEncoder(np.zeros((0, 0, 128), np.float32)))  # type: ignore[arg-type]
    index = Index(home, manifest)
    for document in LibraryWriter(home).documents():
        held = index.vectors(document)
        for number in range(1, held.page_count + 1):
            yield Page(document.id, number).key, held.vectors.values[held.rows(number)]


def _grid(rows: int) -> Floats:
    """Boxes (rows, 4) of patches 32 a line."""
    across, down = np.arange(rows) % 32, np.arange(rows) // 32
    lines = -(-rows // 32)
    edges = [across / 32, down / lines, (across + 1) / 32, (down + 1) / lines]
    return np.stack(edges, axis=1).astype(np.float32)
