"""Centroid file: a document's page centroids apart from its rows, for mirrors.

A safetensors file with the `centroids` and `centroid_offsets` of a vector file
(ingest.index.vector_file), a sixtieth of its bytes: a mirror chooses candidates among
many documents, and fetches the rows of those alone that it scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save_file

from ingest.index.index import Index
from ingest.index.quantization import SignCodes
from ingest.index.vector_file import DocumentVectors
from ingest.library.keys import centroids_key
from ingest.page import Document


def write_centroids(vectors: DocumentVectors, path: Path) -> None:
    """Write the centroids of a document into a file of their own."""
    pages = [vectors.centroids(number) for number in range(1, vectors.page_count + 1)]
    offsets = np.cumsum([0, *map(len, pages)], dtype=np.int64)
    save_file({"centroids": np.concatenate(pages), "centroid_offsets": offsets}, path)


def read_centroids(path: Path) -> list[SignCodes]:
    """Sign bits (centroids, bytes) of each page of a document."""
    tensors = load(path.read_bytes())
    return np.split(tensors["centroids"], tensors["centroid_offsets"][1:-1])


def prefetch_centroids(index: Index, documents: Sequence[Document]) -> None:
    """Fetch the centroids of documents of a mirrored index together."""
    assert index.replica
    index.replica.prefetch([_key(index, document) for document in documents])


def fetch_centroids(index: Index, document: Document) -> list[SignCodes]:
    """Centroids of the pages of a document of a mirrored index.

    Raises:
        FileNotFoundError: the document has been removed, or is not in this index.
    """
    assert index.replica
    return index.replica.open(_key(index, document), read_centroids)


def _key(index: Index, document: Document) -> str:
    return centroids_key(index.manifest.slug, index.edition, document)
