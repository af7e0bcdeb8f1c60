"""Manifest reader: datasets whose manifest.json lists files and questions.

    {"name": ..., "files": [{"file": "pdf/a.pdf"}, ...],
     "queries": [{"id": ..., "query": ..., "doc": "pdf/a.pdf", "relevant_pages": [2, 3],
                  "answerable": true, "evidence_sources": ["Table"], "answer": "12 %"},
                 {"id": ..., "query": ..., "relevant_images": ["images/1.jpg"]}]}

Another text of the same question (`query_en`) makes a second dataset over the same files.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retrieval.evaluate.dataset import (
    NAMED,
    Dataset,
    InvalidDataset,
    Kind,
    Question,
    Target,
    page_label,
    validate,
)
from retrieval.evaluate.table import read_json, text, texts

FILE = "manifest.json"


def read_manifest_set(folder: Path) -> list[Dataset]:
    """Read a dataset, and one more for each other text of its questions.

    Raises:
        InvalidDataset: the manifest is invalid, or a file is missing.
    """
    path = folder / FILE
    manifest = read_json(path)
    parts = manifest if isinstance(manifest, dict) else {}
    queries, files = parts.get("queries", []), parts.get("files", [])
    if not _objects(queries) or not _objects(files):
        raise InvalidDataset(
            f'{path} has no lists "files" and "queries" of objects.',
            hint="Only a dataset with labelled questions can be evaluated; see docs/eval.md.",
        )
    items = {}
    for number, file in enumerate(files, 1):
        name = text(file, f"{path}, file {number}", "file")
        items[name] = folder / name
        if not items[name].is_file():
            raise InvalidDataset(
                f"{path} lists {name}, which does not exist.",
                hint="Get the dataset's files, or remove it from the list.",
            )
    photos = any("relevant_images" in query for query in queries)
    kind: Kind = "photos" if photos else "pages"
    fields = ["query", *sorted({f for q in queries for f in q if f.startswith("query_")})]
    name = str(parts.get("name") or folder.resolve().name)
    sets = []
    for field in fields:
        asked = [
            _question(query, field, f"{path}, query {number}", items)
            for number, query in enumerate(queries, 1)
            if field == "query" or query.get(field)
        ]
        questions = [one for one in asked if one.relevant]
        unanswerable = [one for one in asked if one.unanswerable]
        called = name if field == "query" else f"{name} ({field})"
        left_out = len(asked) - len(questions)
        found = Dataset(called, "manifest", kind, items, questions, left_out, unanswerable)
        sets.append(validate(found, path))
    return sets


def _objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _question(
    query: Mapping[str, Any], field: str, where: str, items: Mapping[str, Path]
) -> Question:
    """A question; no page is relevant where it is unanswerable."""
    wording = text(query, where, field)
    labels = {"evidence": texts(query.get("evidence_sources"))}
    answerable = query.get("answerable", True)
    relevant: dict[Target, float]
    if "relevant_images" in query:
        relevant = {(_item(name, where, items), None): 1.0 for name in _list(query, where)}
        within, cluster = None, ""
    else:
        within = cluster = _item(text(query, where, "doc"), where, items)
        pages = _list(query, where) if answerable else []
        relevant = {(within, _page(page, where)): 1.0 for page in pages}
        labels[NAMED] = page_label(wording)
    labels = {name: values for name, values in labels.items() if values}
    key, answer = text(query, where, "id"), _answer(query) if relevant else ()
    return Question(key, wording, relevant, within, labels, cluster, answer, not answerable)


def _answer(query: Mapping[str, Any]) -> tuple[str, ...]:
    """The items of an answer; a list may be written as Python prints it."""
    value = query.get("answer")
    if query.get("answer_format") == "List" and isinstance(value, str):
        with contextlib.suppress(ValueError, SyntaxError):
            value = ast.literal_eval(value)
    return texts(value)


def _list(query: Mapping[str, Any], where: str) -> list[Any]:
    name = "relevant_images" if "relevant_images" in query else "relevant_pages"
    value = query.get(name)
    if not isinstance(value, list):
        raise InvalidDataset(
            f'{where} has no list "{name}".',
            hint="List the pages or images that answer the question.",
        )
    return value


def _page(value: Any, where: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise InvalidDataset(f"{where}: {value!r} is not a page number.", hint="Count pages from 1.")


def _item(name: Any, where: str, items: Mapping[str, Path]) -> str:
    if name not in items:
        raise InvalidDataset(
            f'{where} names {name!r}, which is not among "files".', hint="List it there."
        )
    return str(name)
