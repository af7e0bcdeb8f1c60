"""Verification that library, files and indexes agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from ingest.index.index import Index, open_indexes
from ingest.index.inverted.check import check_lists
from ingest.index.vocabulary.update_vocabulary import check_vocabulary
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter
from ingest.page import Document
from ingest.remove import purge
from ingest.reserve import spare_space

SAMPLED_ROWS = 64


def verify(home: Home, *, repair: bool = False) -> list[str]:
    """Find disagreements between library, files and indexes.

    Returns one sentence for each. Waits for other writers, then holds the lock.

    Args:
        repair: first delete what killed writers left; what it cannot mend is found.

    Raises:
        LibraryNotFound, LibraryFormatError, IndexFormatError, ReadOnlyMirror
    """
    Library(home)  # refuses a home that has no library, where a librarian would make one
    with home.writing(publish=False), spare_space(home.root):
        library = LibraryWriter(home)
        if repair:
            purge(home, library)
        documents = library.documents()
        problems = [
            *library.check(),
            *_check_images(library, documents),
            *_check_leftovers(home, library, documents),
        ]
        for index in open_indexes(home):
            problems.extend(_check_index(index, library, documents))
            index.records.close()
        library.close()
        return problems


def _check_images(library: LibraryWriter, documents: Sequence[Document]) -> Iterator[str]:
    for record in library.page_records():
        path = library.image_path(record.page)
        try:
            with Image.open(path) as image:
                image.verify()
                if image.size != (record.width, record.height):
                    yield f"The picture of {record.page} has size {image.size}."
        except (OSError, SyntaxError) as error:
            yield f"The picture of {record.page} cannot be read: {error}."


def _check_leftovers(
    home: Home, library: LibraryWriter, documents: Sequence[Document]
) -> Iterator[str]:
    known = {document.id for document in documents}
    for folder in home.pages.iterdir() if home.pages.exists() else ():
        if folder.name not in known:
            yield f"{folder} belongs to no document."
    for document_id in library.unfinished():
        yield f"Adding or removing {document_id} was cut off; the next writer makes it good."
    for document_id in library.nameless():
        yield f"Document {document_id} has no file any more; the next ingest removes it."


def _check_index(
    index: Index, library: LibraryWriter, documents: Sequence[Document]
) -> Iterator[str]:
    name = index.manifest.encoder
    expected: set[str] = set()
    files = {index.path(document).name for document in documents}
    for path in index.folder.glob("*.safetensors"):
        if path.name not in files:
            yield f"{path} belongs to no document."
    for document in documents:
        try:
            mapped = index.vectors(document)
        except (OSError, ValueError, KeyError) as error:
            yield f"The {name} vectors of {document.name} cannot be read: {error}."
            continue
        if mapped.page_count != document.page_count:
            yield f"The {name} vectors of {document.name} are of {mapped.page_count} pages."
            continue
        lengths = np.linalg.norm(mapped.vectors[:SAMPLED_ROWS].dequantize(), axis=1)
        if not np.allclose(lengths, 1, atol=0.01):
            yield f"The {name} vectors of {document.name} are not of length one."
        expected.update(
            f"{document.id}-{number}"
            for number in range(1, document.page_count + 1)
            if mapped.offsets[number] > mapped.offsets[number - 1]
        )
    yield from check_lists(index, documents)
    yield from check_vocabulary(index, documents)
    held = index.records.keys()
    if lacking := expected - held:
        yield f"Chroma lacks {len(lacking)} records of {name}, such as {min(lacking)}."
    if extra := held - expected:
        yield f"Chroma has {len(extra)} records of {name} too many, such as {min(extra)}."
