"""Pages that a question asks for by number, or that sum up a document."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.filter import PageFilter
from ingest.forms.terms import split_terms
from ingest.library.library import Library
from ingest.library.names import searchable_name
from ingest.library.pages import PageNotFound
from ingest.page import Document, Page
from retrieval.hit import Hit
from retrieval.make_hit import make_hit
from retrieval.named.place_signal import PLACE
from retrieval.query.page_question import PageQuestion, pages_called, read_page_question
from retrieval.query.terms import stem

if TYPE_CHECKING:
    from generation.prompt import Task
    from retrieval.search import Searcher

MAX_DOCUMENTS = 3
"""Documents whose page of the number is shown where the question names none."""
CANDIDATES = 20
"""Pages of a search that tell which documents a question may be about."""


@dataclass(frozen=True, slots=True)
class AskedPages:
    """Hits of the pages that a question asks for, and what is to be done with them."""

    hits: tuple[Hit, ...]
    task: Task


def find_asked_pages(
    searcher: Searcher, question: str, filter: PageFilter, top: int
) -> AskedPages | None:
    """Find the pages that a question asks for; None for any other question.

    A printed label counts before the place in the file, a number that the page shows after it.
    Where no document is named and
    there are several, those are taken that a search for the question finds.

    Args:
        top: pages at most.
    """
    asked = read_page_question(question)
    if asked is None:
        return None
    library = searcher.library
    documents = _within(library, filter)
    named, rest = _named(documents, asked.rest, str(library.home.uploads))
    if asked.kind == "summary":
        if rest or len(named) != 1:
            return None
        pages = [page for page in _spread(named[0], top) if _allowed(library, page, filter)]
        return _asked(searcher, question, pages, filter, "summary")
    if len(named) > MAX_DOCUMENTS:
        named = _found(searcher, question, filter, named)
    found = list(_pages(library, named, asked))
    if not found or "-" in asked.labels[0]:  # "2-3" may be printed on a page
        shown = _printed(searcher, question, filter, named)
        found = [page for page in shown if page not in found] or found
    pages = [page for page in found if _allowed(library, page, filter)][:top]
    return _asked(searcher, question, pages, filter, "answer" if rest else "page")


def _asked(
    searcher: Searcher, question: str, pages: Sequence[Page], filter: PageFilter, task: Task
) -> AskedPages | None:
    hits = tuple(page_hit(searcher, question, page, filter) for page in pages)
    return AskedPages(hits, task) if hits else None


def _within(library: Library, filter: PageFilter) -> list[Document]:
    every = library.documents()
    if not filter:
        return every
    ids = set(library.select_documents(filter))
    return [document for document in every if document.id in ids]


def _named(
    documents: Sequence[Document], rest: str, uploads: str
) -> tuple[Sequence[Document], list[str]]:
    """Documents that the words name, and the words that name none.

    All documents where no word names one.
    """
    words = [*map(stem, split_terms(rest))]
    if not words or not documents:
        return documents, words
    names = [
        frozenset(
            map(stem, split_terms(f"{searchable_name(d.addresses, uploads)} {d.title} {d.name}"))
        )
        for d in documents
    ]
    counts = [sum(word in name for word in words) for name in names]
    best = max(counts)
    # A word of many in a question is not a document's name.
    if 2 * best < len(words):
        return documents, words
    fits = [at for at, count in enumerate(counts) if count == best]
    whole = [at for at in fits if _file_name(documents[at]) <= set(words)]
    # Numbers that name no document may be of a page asked for before.
    left = [w for w in words if w not in names[fits[0]] and not w.isdigit()]
    return [documents[at] for at in whole or fits], left


def _file_name(document: Document) -> frozenset[str]:
    """Stems of the words of a document's file name alone."""
    name = os.path.splitext(os.path.basename(document.name))[0]
    return frozenset(map(stem, split_terms(name)))


def _found(
    searcher: Searcher, question: str, filter: PageFilter, named: Sequence[Document]
) -> list[Document]:
    """The documents of the first hits of a search, among those named."""
    only = replace(filter, document_ids=tuple(document.id for document in named))
    hits = searcher.search(question, top=CANDIDATES, filter=only)
    by_id = {document.id: document for document in named}
    ids = dict.fromkeys(hit.page.document_id for hit in hits)
    return [by_id[i] for i in ids if i in by_id][:MAX_DOCUMENTS]


def _pages(library: Library, documents: Sequence[Document], asked: PageQuestion) -> Iterator[Page]:
    for document in documents:
        labels = library.page_labels(document.id)
        for number in pages_called(asked.labels, labels, document.page_count):
            yield library.page(f"{document.id}-{number}")


def _printed(
    searcher: Searcher, question: str, filter: PageFilter, documents: Sequence[Document]
) -> list[Page]:
    """Pages on which the number is printed, where the file neither has nor names such a page."""
    only = replace(filter, document_ids=tuple(document.id for document in documents))
    hits = searcher.search(question, top=MAX_DOCUMENTS, filter=only)
    return [hit.page for hit in hits if hit.signals.get(PLACE)]


def _spread(document: Document, top: int) -> Iterator[Page]:
    """Pages from all parts of a document, the first among them."""
    count = min(top, document.page_count)
    for at in range(count):
        number = 1 + at * document.page_count // count
        yield Page(document.id, number, document.name)


def _allowed(library: Library, page: Page, filter: PageFilter) -> bool:
    if not (filter.first or 1) <= page.number <= (filter.last or page.number):
        return False
    return not filter.tags or bool(library.count(_only(page, filter)))


def _only(page: Page, filter: PageFilter) -> PageFilter:
    """The filter, restricted to one page."""
    ids = (page.document_id,)
    return replace(filter, document_ids=ids, first=page.number, last=page.number)


def page_hit(searcher: Searcher, question: str, page: Page, filter: PageFilter) -> Hit:
    """Hit of a page with the regions that a search would give it."""
    for hit in searcher.search(question, top=1, filter=_only(page, filter)):
        return hit
    for record in searcher.library.records_of([page.key]):
        return make_hit(record, searcher.library)
    raise PageNotFound(f"{page} has been removed.", hint="Ask again.")
