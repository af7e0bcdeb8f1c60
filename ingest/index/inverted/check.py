"""Check of an index's inverted lists against its vector files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ingest.index.index import Index
from ingest.index.inverted.codes import ListedCodes, read_codes
from ingest.index.inverted.lists import InvalidLists, InvertedLists, document_name, read_lists
from ingest.index.inverted.update import find_pairs, page_codes
from ingest.page import Document

CHECKED = 20
"""Documents whose pages are assigned again, evenly spaced over those that are listed."""

ROUNDING = 0.02
"""Share of the pairs that another processor may assign otherwise, where two lists are equally near."""


def check_lists(index: Index, documents: Sequence[Document]) -> Iterator[str]:
    """A sentence for each disagreement.

    Documents that the lists do not name yet, and those that are gone, are none: a
    search knows them.
    """
    name = index.manifest.encoder
    try:
        lists = read_lists(index.lists_path)
        codes = read_codes(index.codes_path, lists.documents) if lists else None
    except InvalidLists as error:
        yield f"The inverted lists of {name} cannot be read: {error}"
        return
    if lists is None:
        return
    if len(lists.postings) and int(lists.postings.max()) >= lists.page_count:
        yield f"The inverted lists of {name} name pages of no document."
        return
    here = {document_name(document): document for document in documents}
    listed = [row for row, its_name in enumerate(lists.documents) if its_name in here]
    for row in listed[:: max(len(listed) // CHECKED, 1)]:
        document = here[lists.documents[row]]
        if lists.pages[row + 1] - lists.pages[row] != document.page_count:
            yield f"The inverted lists of {name} have another number of pages of {document.name}."
        elif not _agree(index, lists, row, document):
            yield f"The inverted lists of {name} disagree with the vectors of {document.name}."
        elif codes and not _same_codes(index, codes, int(lists.pages[row]), document):
            yield f"The listed centroids of {name} are not those of {document.name}."


def _same_codes(index: Index, codes: ListedCodes, first: int, document: Document) -> bool:
    """Whether a document's pages, from place `first` on, have the centroids of its file."""
    try:
        own = page_codes(index, document)
    except (OSError, ValueError, KeyError):
        return True  # told of the vector file
    there = codes.pages(first, first + document.page_count)
    return all(map(np.array_equal, own, there))


def _agree(index: Index, lists: InvertedLists, row: int, document: Document) -> bool:
    """Whether a document's pages are in the lists that their centroids are nearest to."""
    try:
        pairs = find_pairs(page_codes(index, document), lists.codebook, index.manifest.dim)
    except (OSError, ValueError, KeyError):
        return True  # told of the vector file
    pages = np.asarray(lists.postings)
    own = np.flatnonzero((pages >= lists.pages[row]) & (pages < lists.pages[row + 1]))
    held = np.searchsorted(lists.ends, own, side="right") - 1
    first = int(lists.pages[row])
    there = set(zip(held.tolist(), (pages[own] - first).tolist(), strict=True))
    expected = set(zip(pairs["list"].tolist(), pairs["page"].tolist(), strict=True))
    return len(there ^ expected) <= ROUNDING * len(expected)
