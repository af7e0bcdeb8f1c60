"""Corpus: a dataset's items in a library, and the sizes of its indexes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.file_state import document_id, folder_size, hash_file
from ingest.index.index import open_indexes
from ingest.library.home import Home
from ingest.library.library import Library
from retrieval.evaluate.dataset import Dataset, InvalidDataset, Question


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """Question with its relevant pages by key, or relevant documents by id.

    A page's key is `DOCUMENT-NUMBER`.
    """

    question: Question
    relevant: Mapping[str, float]
    document: str | None


def identify(items: Mapping[str, Path]) -> dict[str, str]:
    """Document ids of items, from the bytes of their files.

    Raises:
        InvalidDataset: a file cannot be read.
    """
    found = {}
    for name, path in items.items():
        try:
            found[name] = document_id(hash_file(path))
        except OSError as error:
            raise InvalidDataset(
                f"{path} cannot be opened: {error.strerror}.", hint="Get the dataset's files again."
            ) from error
    return found


def fingerprint(ids: Mapping[str, str]) -> str:
    """A hash of the set of documents."""
    return hashlib.sha256(" ".join(sorted(set(ids.values()))).encode()).hexdigest()[:12]


def judge(
    dataset: Dataset, ids: Mapping[str, str], asked: Sequence[Question] | None = None
) -> list[JudgedQuestion]:
    """A dataset's questions, or those `asked`, with their relevant pages as keys.

    An item that could not be ingested has a key too, which no search finds: its
    questions count as misses.
    """
    questions = []
    for question in dataset.questions if asked is None else asked:
        relevant: dict[str, float] = {}
        for (item, page), grade in question.relevant.items():
            key = f"{ids[item]}-{page or 1}" if dataset.by_page else ids[item]
            relevant[key] = max(grade, relevant.get(key, 0.0))
        within = ids[question.within] if question.within else None
        questions.append(JudgedQuestion(question, relevant, within))
    return questions


def describe(home: Home) -> dict[str, Any]:
    """Sizes of a library and its indexes, and the sources of its words.

    `bytes` are of an index's vectors on disk; `chroma_bytes` of the records of all
    indexes together.
    """
    library = Library(home)
    documents = library.documents()
    sources = Counter(record.source for record in library.page_records())
    indexes = []
    for index in open_indexes(home):
        files = [index.path(document) for document in documents if index.has(document)]
        rows = sum(len(index.vectors(d).vectors) for d in documents if index.has(d))
        pages = sum(d.page_count for d in documents if index.has(d))
        manifest = index.manifest
        indexes.append(
            {
                "encoder": manifest.encoder,
                "model": manifest.model,
                "dim": manifest.dim,
                "modality": manifest.modality,
                "provenance": manifest.provenance,
                "quantization": manifest.quantization,
                "pages": pages,
                "vectors": rows,
                "vectors_per_page": round(rows / pages, 1) if pages else 0.0,
                "bytes": sum(file.stat().st_size for file in files),
            }
        )
        index.records.close()
    return {
        "documents": len(documents),
        "pages": library.page_count(),
        "words_from": dict(sorted(sources.items())),
        "indexes": indexes,
        "chroma_bytes": folder_size(home.chroma),
        "home_bytes": home.size(),
    }
