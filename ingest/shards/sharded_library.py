"""Sharded library: the libraries of a home's shards, read as one.

A document that two shards hold, as while it moves, counts once: that of the first.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ingest.file_state import Failure, FileStamp
from ingest.filter import ALL_PAGES, PageFilter
from ingest.library.database import in_shards
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.names import name_documents
from ingest.library.pages import PageNotFound, PageRecord
from ingest.page import Caption, Document, Page, PhotoInfo, Rendered, TitleSource, Word
from ingest.shards.open_shards import OpenShards
from ingest.shards.shard_layout import read_layout

Result = TypeVar("Result")
MOVES = 3
"""How often the shard of a page is looked for."""


class ShardedLibrary(Library):
    """The libraries of a home's shards, readable from any thread.

    Shards that cannot be read are left out, and named by `missing_shards`. What a method
    of `Library` would ask of one database, and is not asked of each here, is refused.

    Raises:
        LibraryNotFound: the home is not in shards.
        ShardsUnreadable
        HomeInShards: by a method that works on one library alone.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._shards = OpenShards(home)

    @property
    def _db(self) -> sqlite3.Connection:
        raise in_shards(self.home)

    def shards(self) -> Mapping[str, Library]:
        """The libraries of the shards that can be read, by name. Raises ShardsMissing."""
        return self._shards.open()

    @property
    def missing_shards(self) -> tuple[str, ...]:
        """Names of the shards that cannot be read, as of the last look at them."""
        return self._shards.missing

    @property
    def generation(self) -> int:
        """A number that changes with every change of a shard, and where one is missing."""
        return self._sum(lambda library: library.generation) * 1_000 + len(self.missing_shards)

    @property
    def derived(self) -> int:
        """A number that grows when an index changes though no document does."""
        return self._sum(lambda library: library.derived)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Do nothing: shards are not read as of one moment."""
        yield

    def close(self) -> None:
        """Close this thread's connections."""
        self._shards.close()

    def _each(self, ask: Callable[[Library], Result]) -> list[Result]:
        return self._shards.ask(ask)

    def _sum(self, ask: Callable[[Library], int]) -> int:
        return sum(self._each(ask))

    def _first(self, ask: Callable[[Library], Mapping[str, Result]]) -> dict[str, Result]:
        """Mappings of all shards, where several have a key that of the first."""
        merged: dict[str, Result] = {}
        for found in reversed(self._each(ask)):
            merged |= found
        return merged

    def _holder(self, document_id: str) -> Library | None:
        """Library of the shard that has a document."""
        return next((x for x in self.shards().values() if x.has(document_id)), None)

    def _of(self, page: Page, ask: Callable[[Library], Result]) -> Result:
        """What the shard of a page says; asked again where it has moved meanwhile."""
        for _ in range(MOVES):
            library = self._holder(page.document_id)
            try:
                if library is not None:
                    return ask(library)
            except (PageNotFound, FileNotFoundError):
                continue
        raise PageNotFound(f"{page} has been removed.", hint="Search again.")

    def first_addresses(self) -> dict[str, str]:
        """The first path of each document that has one, by id."""
        return self._first(lambda library: library.first_addresses())

    def display_names(self) -> Mapping[str, str]:
        """The name of each document that has one, by id, told apart over all shards."""
        generation = self.generation
        if self._names is None or self._names[0] != generation:
            self._names = generation, name_documents(self.first_addresses())
        return self._names[1]

    def read_documents(self, only: str | None = None) -> list[Document]:
        """Every document, or the one with an id."""
        names = self.display_names()
        found: dict[str, Document] = {}
        for documents in self._each(lambda library: library.read_documents(only)):
            for document in documents:
                name = names.get(document.id, document.name)
                found.setdefault(document.id, replace(document, name=name))
        return list(found.values())

    def document_count(self) -> int:
        """Number of documents."""
        return len(set().union(*self._each(lambda library: library.document_ids())))

    def has(self, document_id: str) -> bool:
        """Whether there is a document with this id."""
        return self._holder(document_id) is not None

    def select_documents(self, filter: PageFilter) -> list[str]:
        """Ids of the documents with a page that `filter` leaves."""
        found = self._each(lambda library: library.select_documents(filter))
        return list(dict.fromkeys(id_ for ids in found for id_ in ids))

    def names(self) -> dict[str, tuple[str, FileStamp]]:
        """Document id and stamp by path, as of when the file was read."""
        return self._first(lambda library: library.names())

    def failures(self) -> list[Failure]:
        """Files that could not be read, by path."""
        found = self._each(lambda library: library.failures())
        by_path = {failure.path: failure for some in found for failure in some}
        return [by_path[path] for path in sorted(by_path)]

    def labels(self) -> list[str]:
        """Labels that images are tagged with, in the order given."""
        return next(filter(None, self._each(lambda library: library.labels())), [])

    def captioner(self) -> str:
        """Name of the captioner; empty for none."""
        return next(filter(None, self._each(lambda library: library.captioner())), "")

    def tags(self, page: Page) -> dict[str, float]:
        """Tags of a page with their probabilities, most probable first."""
        return self._of(page, lambda library: library.tags(page))

    def tag_counts(self) -> dict[str, int]:
        """Number of pages of each tag, most frequent first."""
        total: Counter[str] = Counter()
        for counts in self._each(lambda library: library.tag_counts()):
            total.update(counts)
        return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))

    def document_tags(self) -> dict[str, list[str]]:
        """Tags that users gave, by document id, in order."""
        return self._first(lambda library: library.document_tags())

    def title_sources(self, only: str | None = None) -> dict[str, TitleSource]:
        """Where titles are from, by document id, of all documents or of one."""
        return self._first(lambda library: library.title_sources(only))

    def photos(self, only: str | None = None) -> dict[str, PhotoInfo]:
        """What photos say of themselves, by document id."""
        return self._first(lambda library: library.photos(only))

    def tagged(self, tags: Sequence[str]) -> set[str]:
        """Keys of the pages that have every one of some tags."""
        return set().union(*self._each(lambda library: library.tagged(tags)))

    def captions(self, page: Page) -> tuple[Caption, ...]:
        """Captions of a page's images, in order, without empty ones."""
        return self._of(page, lambda library: library.captions(page))

    def page_records(self, filter: PageFilter = ALL_PAGES) -> list[PageRecord]:
        """Records of the pages that fit a filter, in order."""
        return self._merge(self._each(lambda library: library.page_records(filter)))

    def records_of(self, keys: Iterable[str]) -> list[PageRecord]:
        """Records of the pages with these keys that still exist, in order."""
        wanted = list(keys)
        return self._merge(self._each(lambda library: library.records_of(wanted)))

    def _merge(self, found: Sequence[Sequence[PageRecord]]) -> list[PageRecord]:
        names = self.display_names()
        by_key: dict[tuple[str, int], PageRecord] = {}
        for record in (record for some in found for record in some):
            page = record.page
            name = names.get(page.document_id, page.document_name)
            named = replace(record, page=replace(page, document_name=name))
            by_key.setdefault((page.document_id, page.number), named)
        return [by_key[key] for key in sorted(by_key)]

    def count(self, filter: PageFilter) -> int:
        """Number of pages that fit a filter."""
        return self._sum(lambda library: library.count(filter))

    def page_count(self) -> int:
        """Number of pages."""
        return self._sum(lambda library: library.page_count())

    def page(self, key: str) -> Page:
        """The page `DOCUMENT-NUMBER`. Raises DocumentNotFound, PageNotFound."""
        document, number = self._split_address(key)
        library = self._of(Page(document.id, 1, document.name), lambda library: library)
        return replace(library.page(f"{document.id}-{number}"), document_name=document.name)

    def page_labels(self, document_id: str) -> dict[str, int]:
        """Numbers of a document's pages by label, case folded; the first of equal labels."""
        library = self._holder(document_id)
        return library.page_labels(document_id) if library else {}

    def note(self, page: Page) -> str:
        """What of a page could not be read, as a sentence; empty for a whole page."""
        return self._of(page, lambda library: library.note(page))

    def read_as(self, page: Page) -> tuple[str, str, str, bool]:
        """Kind and revision of a page's document, its note, and whether it has captions."""
        library = self._holder(page.document_id)
        return library.read_as(page) if library else ("", "", "", False)

    def words(self, page: Page) -> tuple[Word, ...]:
        """The words of a page in reading order. Raises PageNotFound."""
        return self._of(page, lambda library: library.words(page))

    def image_path(self, page: Page) -> Path:
        """Path of a page image (WebP). Raises PageNotFound."""
        return self._of(page, lambda library: library.image_path(page))

    def image(self, page: Page) -> bytes:
        """Page image, encoded (WebP). Raises PageNotFound."""
        return self._of(page, lambda library: library.image(page))

    def rendered(self, record: PageRecord) -> Rendered:
        """Rendered page of a record, as an encoder takes it."""
        return self._of(record.page, lambda library: library.rendered(record))


def open_library(home: Home) -> Library:
    """Library of a home, in shards or not.

    Raises:
        LibraryNotFound, LibraryFormatError, ShardsUnreadable
    """
    return ShardedLibrary(home) if read_layout(home) else Library(home)
