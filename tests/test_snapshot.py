"""Library snapshots: bounded memory."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ingest.index.vector_file import DocumentVectors
from ingest.index.vector_writer import VectorWriter
from ingest.library.pages import split_key
from ingest.page import Page, PageVectors
from retrieval import snapshot as module
from retrieval.scoring.scores import CandidateBatch
from retrieval.snapshot import LibrarySnapshot


@pytest.fixture
def opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[LibrarySnapshot, Any, list[str]]:
    """A state of five documents that may hold three, one of them mapped; and what it opened."""
    monkeypatch.setattr(module, "MAX_OPEN_DOCUMENTS", 3)
    monkeypatch.setattr(module, "MAX_MAPPED_DOCUMENTS", 1)
    calls: list[str] = []

    def opener(_: Any, document: Any) -> DocumentVectors:
        calls.append(document.id)
        return DocumentVectors(tmp_path / document.id)

    documents = {name: SimpleNamespace(id=name, revision="r") for name in "abcde"}
    for name in documents:
        writer = VectorWriter(tmp_path / name, tmp_path / "aside", 64)
        rows = np.ones((400, 64), np.float32) / 8
        writer.append(PageVectors(rows, np.zeros((400, 4), np.float32)))
        writer.close()
    index = SimpleNamespace(mirrored=False, manifest=SimpleNamespace(encoder="made"))
    return LibrarySnapshot(1, documents, 5, None, opener=opener), index, calls  # type: ignore[arg-type]


def parts(held: list[DocumentVectors]) -> list[CandidateBatch]:
    return [CandidateBatch(one, np.array([1]), np.array([place])) for place, one in enumerate(held)]


def test_what_was_used_last_is_the_last_to_go(opened):
    state, index, calls = opened
    for name in "abcadab":
        assert state.open(index, name).page_count == 1
    assert calls == ["a", "b", "c", "d", "b"]
    assert [key[1] for key in state.opened_vectors()] == ["d", "a", "b"]


def test_a_large_library_keeps_few_documents_mapped(opened):
    state, index, _ = opened
    held = [state.open(index, name) for name in "abc"]
    for one in held:
        assert len(one.vectors) == 400
    state.unmap(parts(held))
    assert [one.mapped for one in held] == [False, False, True]
    assert len(held[0].vectors) == 400
    state.unmap(parts(held[:1]))
    assert [one.mapped for one in held] == [True, False, False]


def test_a_small_library_stays_mapped(opened):
    state, index, _ = opened
    state.pages = []
    held = [state.open(index, name) for name in "abc"]
    assert all(len(one.vectors) for one in held)
    state.unmap(parts(held))
    assert all(one.mapped for one in held)


def test_a_record_is_read_once(opened, monkeypatch):
    state, _, _ = opened
    read: list[str] = []

    def records_of(keys: list[str]) -> list[Any]:
        read.extend(keys)
        pages = [Page(*split_key(key)) for key in keys if not key.startswith("gone")]
        return [SimpleNamespace(page=page) for page in pages]

    library: Any = SimpleNamespace(records_of=records_of)
    found = state.records_of(library, {"b-1", "a-10", "a-9", "gone-1"})
    assert [record.page.key for record in found] == ["a-9", "a-10", "b-1"]
    read.clear()
    assert [r.page.key for r in state.records_of(library, ["b-1", "c-1"])] == ["b-1", "c-1"]
    assert read == ["c-1"]
    monkeypatch.setattr(module, "MAX_RECORDS", 2)
    state.records_of(library, ["d-1"])
    assert len(state._records) == 1
