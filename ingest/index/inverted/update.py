"""Update of an index's inverted lists from its vector files.

The lists are derived: of documents that they do not name yet a search scores all
pages' centroids, and what they name and is gone it drops. So they are written
again only when that has become much. What is listed already is taken over; all
pages are assigned anew when the library has grown so much that a codebook of its
earlier pages may fit no longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ingest.disk.atomic import discard
from ingest.index.index import Index
from ingest.index.inverted.codebook import (
    SAMPLE_A_LIST,
    SEED,
    assign_lists,
    codebook_size,
    train_codebook,
)
from ingest.index.inverted.codes import ListedCodes, read_codes, write_codes
from ingest.index.inverted.lists import InvalidLists, InvertedLists, document_name, read_lists
from ingest.index.quantization import SignCodes, sign_bytes
from ingest.page import Document, Vectors

MIN_PAGES = 1_000
"""Fewer pages have no lists: a search scores every page."""
MAX_UNLISTED = 1_000
"""Pages added and removed after which the lists are written again, and a hundredth of the library."""
RETRAIN_GROWTH = 8
"""The codebook is computed again when the library has so many times its pages."""
PAIR = np.dtype([("list", np.uint16), ("page", np.uint32)])


def update_lists(index: Index, documents: Sequence[Document]) -> bool:
    """Bring the lists up to these documents, where they lack or name too many.

    Returns whether they did. The writer's lock must be held.
    """
    if not index.manifest.centroids:
        return False
    total = sum(document.page_count for document in documents)
    if total <= MIN_PAGES:
        discard(index.lists_path)
        discard(index.codes_path)
        return False
    try:
        held = read_lists(index.lists_path)
    except InvalidLists:
        held = None
    codes = _read_codes(index, held) if held else None
    wanted = {document_name(document): document for document in documents}
    if held and codes and _changed(held, wanted) <= MAX_UNLISTED + total // 100:
        return False
    wanted = {name: document for name, document in wanted.items() if index.has(document)}
    total = sum(document.page_count for document in wanted.values())
    if held is None or total > RETRAIN_GROWTH * held.trained:
        codebook = _train(index, list(wanted.values()), total)
        if codebook is None:
            return False
        held = InvertedLists(
            codebook,
            np.zeros(0, np.uint32),
            np.zeros(len(codebook) + 1, np.int64),
            (),
            np.zeros(1, np.int64),
            total,
        )
    lists = _merge(index, held, wanted)
    pages = _codes_of(index, lists.documents, wanted, held, codes)
    # A search takes the codes only with the lists of the same documents.
    write_codes(index.codes_path, lists.documents, pages, sign_bytes(index.manifest.dim))
    lists.write(index.lists_path)
    return True


def page_codes(index: Index, document: Document) -> list[SignCodes]:
    """Sign codes of the centroids of each page of a document."""
    vectors = index.vectors(document)
    return [vectors.centroids(number) for number in range(1, vectors.page_count + 1)]


def find_pairs(codes: Sequence[SignCodes], codebook: Vectors, dim: int) -> npt.NDArray[np.void]:
    """Pairs (n,) of each page, from 0, and each list that it is in; by page and list."""
    none = np.zeros((0, sign_bytes(dim)), np.uint8)
    lists = assign_lists(np.concatenate([none, *codes]), codebook, dim)
    pages = np.repeat(np.arange(len(codes)), [len(some) for some in codes])
    keys = np.unique(pages * len(codebook) + lists)
    pairs = np.empty(len(keys), PAIR)
    pairs["page"], pairs["list"] = np.divmod(keys, len(codebook))
    return pairs


def _read_codes(index: Index, held: InvertedLists) -> ListedCodes | None:
    """The codes of the lists' pages; None where they are not there, or damaged."""
    try:
        return read_codes(index.codes_path, held.documents)
    except InvalidLists:
        return None


def _codes_of(
    index: Index,
    names: Sequence[str],
    wanted: Mapping[str, Document],
    held: InvertedLists,
    codes: ListedCodes | None,
) -> Iterator[SignCodes]:
    """Codes of each page of the named documents, from the file or from their vector files."""
    rows = {name: row for row, name in enumerate(held.documents)} if codes else {}
    for name in names:
        if codes and (row := rows.get(name)) is not None:
            yield from codes.pages(int(held.pages[row]), int(held.pages[row + 1]))
        else:
            # Read again: those of all new documents may be more than memory holds.
            yield from page_codes(index, wanted[name])


def _changed(held: InvertedLists, wanted: Mapping[str, Document]) -> int:
    """Pages of the documents that the lists lack, and of those that are gone."""
    known = set(held.documents)
    lacking = sum(d.page_count for name, d in wanted.items() if name not in known)
    lengths = np.diff(held.pages).tolist()
    gone = sum(n for name, n in zip(held.documents, lengths, strict=True) if name not in wanted)
    return lacking + int(gone)


def _train(index: Index, documents: Sequence[Document], pages: int) -> Vectors | None:
    """A codebook of a sample of the documents' sign codes; None where they have none."""
    size = codebook_size(pages * index.manifest.centroids)
    random = np.random.default_rng(SEED)
    most = SAMPLE_A_LIST * size
    each = max(4 * most // max(len(documents), 1), 1)
    sample: list[SignCodes] = []
    for number in random.permutation(len(documents)).tolist():
        if sum(map(len, sample)) >= most:
            break
        codes = np.concatenate(page_codes(index, documents[number]))
        sample.append(codes[np.sort(random.permutation(len(codes))[:each])])
    codes = np.concatenate(sample)[:most] if sample else np.zeros((0, 8), np.uint8)
    return train_codebook(codes, index.manifest.dim, size) if len(codes) else None


def _merge(index: Index, held: InvertedLists, wanted: Mapping[str, Document]) -> InvertedLists:
    """The lists of the wanted documents; those listed already keep theirs."""
    listed = set(held.documents)
    order = [name for name in held.documents if name in wanted]
    order += [name for name in wanted if name not in listed]
    first = np.cumsum([0, *(wanted[name].page_count for name in order)])
    place = dict(zip(order, first.tolist(), strict=False))
    parts = [_take_over(held, place)]
    for name, pairs in _assign(index, held.codebook, [n for n in order if n not in listed], wanted):
        pairs["page"] += np.uint32(place[name])
        parts.append(pairs)
    pairs = np.concatenate(parts)
    lists = pairs["list"].copy()
    by_list = np.argsort(lists, kind="stable")  # a radix sort: pages are in order within a list
    ends = np.searchsorted(lists[by_list], np.arange(len(held.codebook) + 1))
    return InvertedLists(
        held.codebook,
        pairs["page"][by_list],
        np.asarray(ends, np.int64),
        tuple(order),
        first,
        held.trained,
    )


def _take_over(held: InvertedLists, place: Mapping[str, int]) -> npt.NDArray[np.void]:
    """Pairs of the documents that have a place, with their pages moved to it."""
    shift = np.full(held.page_count, np.iinfo(np.int64).max)
    for name, start, end in zip(held.documents, held.pages, held.pages[1:], strict=False):
        if name in place:
            shift[start:end] = place[name] - start
    shifts = shift[held.postings]
    kept = shifts != np.iinfo(np.int64).max
    lists = np.repeat(np.arange(len(held.codebook)), np.diff(held.ends))
    pairs = np.empty(int(kept.sum()), PAIR)
    pairs["list"] = lists[kept]
    pairs["page"] = held.postings[kept] + shifts[kept]
    return pairs


def _assign(
    index: Index, codebook: Vectors, names: Sequence[str], wanted: Mapping[str, Document]
) -> Iterator[tuple[str, npt.NDArray[np.void]]]:
    """Each document's pairs of lists and pages, the pages from 0."""
    for name in names:
        yield name, find_pairs(page_codes(index, wanted[name]), codebook, index.manifest.dim)
