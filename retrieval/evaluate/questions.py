"""Question files about documents of a library: JSON Lines, CSV or TSV.

    {"question": "Who keeps the light?", "document": "harbour.pdf", "pages": [3, 4]}

    question,document,pages
    Who keeps the light?,harbour.pdf,3;4-6

A document of one page needs no pages. Further fields: `id`, `evidence`, `answer` (a
text, or a list of texts), and `answerable`, where false says that no page answers.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ingest.library.documents import DocumentNotFound
from ingest.library.library import Library
from ingest.page import Document
from retrieval.evaluate.dataset import (
    NAMED,
    Dataset,
    InvalidDataset,
    Question,
    Target,
    page_label,
    validate,
)
from retrieval.evaluate.table import TABLES, read_lines, read_table, text, texts

SUFFIXES = (".jsonl", *TABLES)
NOT_ANSWERABLE = frozenset({"false", "no", "0"})
SPAN = re.compile(r"(\d+)(?:\s*[-–]\s*(\d+))?")


def read_questions(path: Path, library: Library) -> Dataset:
    """Read questions; their documents are looked up by id, path or file name.

    Raises:
        InvalidDataset: a line is invalid; none is skipped.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidDataset(
            f"{path} is no file of questions.",
            hint=f"Give one that ends in {', '.join(SUFFIXES)}, or a folder; see docs/eval.md.",
        )
    rows = read_lines(path) if path.suffix.lower() == ".jsonl" else read_table(path)
    asked, items = [], {}
    for number, (where, row) in enumerate(rows, 1):
        query = text(row, where, "question", "query")
        try:
            document = library.document(text(row, where, "document", "doc"))
        except DocumentNotFound as error:
            raise InvalidDataset(f"{where}: {error.message}", hint=error.hint) from None
        items[document.id] = Path(document.paths[0]) if document.paths else Path(document.name)
        given = row.get("pages", row.get("page"))
        answerable = str(row.get("answerable", True)).casefold() not in NOT_ANSWERABLE
        pages = _pages(given, document, where) if answerable else []
        relevant: dict[Target, float] = {(document.id, page): 1.0 for page in pages}
        labels = {"evidence": texts(row.get("evidence")), NAMED: page_label(query)}
        labels = {name: values for name, values in labels.items() if values}
        key = str(row.get("id") or number)
        answer = texts(row.get("answer")) if answerable else ()
        about = document.id
        asked.append(
            Question(
                key, query, relevant, about, labels, about, answer, unanswerable=not answerable
            )
        )
    questions = [one for one in asked if one.relevant]
    unanswerable = [one for one in asked if one.unanswerable]
    found = Dataset(
        path.stem, "questions", "pages", items, questions, len(unanswerable), unanswerable
    )
    return validate(found, path)


def _pages(given: Any, document: Document, where: str) -> list[int]:
    if given in (None, "", []) and document.page_count == 1:
        return [1]
    parts = given if isinstance(given, list) else re.split(r"[;,\s]+", str(given or "").strip())
    pages: list[int] = []
    for part in map(str, parts):
        span = SPAN.fullmatch(part.strip())
        if span is None:
            raise InvalidDataset(
                f"{where}: {part!r} is no page.", hint="Write pages as 3, or 3;4-6, from 1."
            )
        pages += range(int(span[1]), int(span[2] or span[1]) + 1)
    if not pages or min(pages) < 1 or max(pages) > document.page_count:
        raise InvalidDataset(
            f"{where}: {document.name} has pages 1 to {document.page_count}, not {given}.",
            hint="Name the pages that hold the answer.",
        )
    return pages
