"""Check of an index's inverted lists against its vector files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ingest.index.index import Index
from ingest.index.inverted.codes import read_codes
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
            continue
        try:
            own = page_codes(index, document)
        except (OSError, ValueError, KeyError):
            continue  # told of the vector file
        first = int(lists.pages[row])
        if not _agree(lists, row, find_pairs(own, lists.codebook, index.manifest.dim)):
            yield f"The inverted lists of {name} disagree with the vectors of {document.name}."
        elif codes and not all(map(np.array_equal, own, codes.pages(first, first + len(own)))):
            yield f"The listed centroids of {name} are not those of {document.name}."


def _agree(lists: InvertedLists, row: int, pairs: npt.NDArray[np.void]) -> bool:
    """Whether a document's pages are in the lists that their centroids are nearest to."""
    pages = np.asarray(lists.postings)
    own = np.flatnonzero((pages >= lists.pages[row]) & (pages < lists.pages[row + 1]))
    held = np.searchsorted(lists.ends, own, side="right") - 1
    first = int(lists.pages[row])
    there = set(zip(held.tolist(), (pages[own] - first).tolist(), strict=True))
    expected = set(zip(pairs["list"].tolist(), pairs["page"].tolist(), strict=True))
    return len(there ^ expected) <= ROUNDING * len(expected)
