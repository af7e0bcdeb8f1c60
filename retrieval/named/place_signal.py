"""Place signal: whether a page is what a question names by number."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

import numpy as np

from ingest.filter import PageFilter
from ingest.forms.terms import split_terms
from ingest.library.library import Library
from ingest.library.pages import PageRecord, split_key
from ingest.page import Document, Word
from retrieval.fuse import Signal
from retrieval.named.printed_place import has_caption, has_number
from retrieval.query.named_place import NamedPart, NamedPlaces
from retrieval.query.page_question import LAST, numbered

PLACE = "place"
LIFT = 1.0
"""How far a page that is named rises: a share of the way from the lowest score to the best.

Pages that are named so rank before all others, and by their likeness among themselves.
"""
MAX_READ = 400
"""Pages whose words are read for one name, at most."""


def place_signal(
    library: Library,
    places: NamedPlaces,
    pages: Sequence[PageRecord],
    documents: Mapping[str, Document],
    filter: PageFilter,
) -> Signal:
    """Signal (pages,): above 0 for a page with a name, 2 for its number and a part.

    A page has a name by its place in the file, its label, the number at its edge, or the
    caption of a figure or table.
    """
    signal = np.zeros(len(pages), np.float32)
    called = [_pages_called(library, label, pages, documents, filter) for label in places.pages]
    if called and "-" in places.pages[0]:
        # Documents that have a page "2-3" are not asked for pages 2 and 3.
        labelled = {split_key(key)[0] for key in called[0]}
        called[1:] = [
            frozenset(key for key in some if split_key(key)[0] not in labelled)
            for some in called[1:]
        ]
    for names in (
        called,
        [_pages_with(library, part, pages, filter) for part in places.parts],
    ):
        either = frozenset[str]().union(*names)
        signal += np.array([record.page.key in either for record in pages], np.float32)
    return signal


def lift(scores: Signal, place: Signal) -> Signal:
    """Scores (pages,) in which named pages are higher; the highest stays.

    >>> scores, place = np.array([0.5, 0.3, 0.2], np.float32), np.array([0, 1, 0], np.float32)
    >>> [f"{score:.2f}" for score in lift(scores, place)]
    ['0.40', '0.50', '0.10']
    """
    known = scores[~np.isnan(scores)]
    if not place.any() or not len(known):
        return scores
    best = known.max()
    bare = np.where(place > 0, np.nan_to_num(scores, nan=known.min()), scores)
    lifted: Signal = bare + np.float32(LIFT * (best - known.min())) * place
    lifted -= np.fmax(np.float32(0), np.nanmax(lifted) - best)
    return lifted


def keys_called(
    library: Library,
    places: NamedPlaces,
    document_ids: Iterable[str],
    documents: Mapping[str, Document],
    filter: PageFilter,
) -> Iterator[str]:
    """Keys of the pages that are named, in these documents, as further candidates."""
    for document_id in document_ids:
        labels = library.page_labels(document_id) if places.pages else {}
        for label in places.pages:
            count = documents[document_id].page_count if document_id in documents else 0
            for number in {labels.get(label), numbered(label, count)}:
                if number and (filter.first or 1) <= number <= (filter.last or number):
                    yield f"{document_id}-{number}"
    for part in places.parts:
        yield from _mentions(library, part, filter)


def _pages_called(
    library: Library,
    label: str,
    pages: Sequence[PageRecord],
    documents: Mapping[str, Document],
    filter: PageFilter,
) -> frozenset[str]:
    """Keys of the pages with a number or label."""
    called = {
        record.page.key
        for record in pages
        if record.page.label.casefold() == label
        or record.page.number == numbered(label, _count(documents, record))
    }
    if label not in LAST.values():
        phrase = f'"{" ".join(split_terms(label))}"'
        printed = library.match_pages(phrase, filter)
        called |= _read(library, pages, printed, lambda words: has_number(words, label))
    return frozenset(called)


def _pages_with(
    library: Library, part: NamedPart, pages: Sequence[PageRecord], filter: PageFilter
) -> frozenset[str]:
    """Keys of the pages with the caption of a figure or table."""
    mentions = _mentions(library, part, filter)
    return _read(library, pages, mentions, lambda words: has_caption(words, part))


def _mentions(library: Library, part: NamedPart, filter: PageFilter) -> frozenset[str]:
    """Keys of the pages that mention a figure or table."""
    phrases = [f'"{" ".join(split_terms(f"{word} {part.number}"))}"' for word in part.words]
    return library.match_pages(" OR ".join(phrases), filter, most=MAX_READ)


def _read(
    library: Library,
    pages: Sequence[PageRecord],
    keys: Container[str],
    accepts: Callable[[Sequence[Word]], bool],
) -> frozenset[str]:
    """Keys of the pages among `keys` whose words are accepted."""
    some = [record.page for record in pages if record.page.key in keys][:MAX_READ]
    return frozenset(page.key for page in some if accepts(library.words(page)))


def _count(documents: Mapping[str, Document], record: PageRecord) -> int:
    document = documents.get(record.page.document_id)
    return document.page_count if document else 0
