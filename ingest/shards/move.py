"""Move of documents from one shard to another, without encoding.

A document is in the target whole before it leaves the source. Killed at any moment, it is
in one of them at least; where it is in both, searches take it once, and the next move
removes it from the source.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from ingest.disk.atomic import discard
from ingest.index.convert import convert
from ingest.index.index import Index, open_indexes
from ingest.index.sync import sync_records
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter
from ingest.page import Document, Page
from ingest.remove import finish_interrupted, forget
from ingest.shards.row_copier import RowCopier
from ingest.shards.seed import seed_indexes


def move_documents(source: Home, target: Home, document_ids: Sequence[str]) -> None:
    """Move documents, and what is attached to them with them.

    The writer's locks of both homes must be held.

    Raises:
        DiskFull: the target has no space; what was moved before stays there.
    """
    held, taking = LibraryWriter(source), RowCopier(target)
    finish_interrupted(source, held)
    finish_interrupted(target, taking)
    # One that another command has removed meanwhile stays removed.
    new = [id_ for id_ in document_ids if held.has(id_) and not taking.has(id_)]
    if new:
        taking.begin(new)
        seed_indexes(target, [source])
        _copy_images(source, target, new)
        _copy_vectors(source, target, held, new)
        taking.take(source, new)
    forget(source, held, document_ids)
    held.close()
    taking.close()


def _copy_images(source: Home, target: Home, document_ids: Sequence[str]) -> None:
    for document_id in document_ids:
        discard(target.pages / document_id)
        shutil.copytree(
            source.pages / document_id, target.pages / document_id, copy_function=link_or_copy
        )


def _copy_vectors(
    source: Home, target: Home, library: Library, document_ids: Sequence[str]
) -> None:
    wanted = set(document_ids)
    documents = [document for document in library.documents() if document.id in wanted]
    kept = Library(target).documents()
    indexes = {index.manifest.slug: index for index in open_indexes(target)}
    for index in open_indexes(source):
        its_target = indexes[index.manifest.slug]
        sync_records(its_target, kept)
        for document in documents:
            if index.has(document):
                _copy_document(index, its_target, document, target.staging)
        index.records.close()
        its_target.records.close()


def _copy_document(index: Index, target: Index, document: Document, staging: Path) -> None:
    """Copy a document's vectors, about the target's center and in its quantization."""
    held, path = index.vectors(document), target.path(document)
    manifest = target.manifest
    alike = (index.manifest.center, held.quantization) == (manifest.center, manifest.quantization)
    if alike:
        discard(path)
        link_or_copy(index.path(document), path)
    else:
        aside = staging / f"{manifest.slug}-{path.name}"
        convert(held, path, aside, manifest.quantization, manifest.center)
    numbers = range(1, held.page_count + 1)
    target.put(
        [Page(document.id, number, document.name) for number in numbers],
        [held.page(number) for number in numbers],
    )


def link_or_copy(source: str | Path, target: str | Path) -> None:
    """Give a file a second name, or copy it where the disks are different.

    For files that are never written again once they are in place.
    """
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
