"""Page reader: page records, words and page images."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.error import NotFoundError
from ingest.filter import ALL_PAGES, PageFilter
from ingest.library.documents import DocumentNotFound, DocumentReader
from ingest.library.keys import page_folder
from ingest.library.words import unpack_words
from ingest.page import Box, Document, Page, Rendered, TimeSpan, Word

ROWS_OF_KEYS = (
    "SELECT pages.row FROM json_each(?) AS wanted JOIN pages"
    " ON pages.document_id = wanted.value ->> 0 AND pages.number = wanted.value ->> 1"
)
"""SQL: rows of pages whose keys, taken apart, are a JSON list."""

PageAddress = tuple[str, int]
"""Document id and page number, from 1."""

TRIES = 20
"""How often an image that should be there is looked for, 10 ms apart."""


class PageNotFound(NotFoundError):
    """No such page."""

    code = "page-not-found"


@dataclass(frozen=True, slots=True)
class PageRecord:
    """What the library knows of a page but its pixels and words.

    `has_text` says whether it has words or captions; `figures` are boxes.
    """

    page: Page
    width: int
    height: int
    source: str
    figures: tuple[Box, ...]
    title: str
    has_text: bool


def split_key(key: str) -> PageAddress:
    """Address of a page key."""
    document_id, _, number = key.rpartition("-")
    return document_id, int(number)


class PageReader(DocumentReader):
    """Reader of pages."""

    def page_records(self, filter: PageFilter = ALL_PAGES) -> list[PageRecord]:
        """Records of the pages that fit a filter, in order."""
        condition, values = filter.to_sql()
        return self._records(f"WHERE {condition}", values)

    def records_of(self, keys: Iterable[str]) -> list[PageRecord]:
        """Records of the pages with these keys that still exist, in order."""
        values = [json.dumps([split_key(key) for key in keys])]
        return self._records(f"WHERE row IN ({ROWS_OF_KEYS})", values)

    def count(self, filter: PageFilter) -> int:
        """Number of pages that fit a filter."""
        condition, values = filter.to_sql()
        query = f"SELECT count(*) FROM pages WHERE {condition}"
        return int(self._db.execute(query, values).fetchone()[0])

    def _records(self, condition: str, values: Sequence[Any]) -> list[PageRecord]:
        shots, join = self._shots_join()
        rows = self._db.execute(
            "SELECT pages.document_id, pages.number, width, height, source, figures, title, label,"
            f" {shots}, kind = 'image' AND page_count = 1,"
            " source != 'none' OR EXISTS (SELECT 1 FROM captions WHERE captions.document_id ="
            " pages.document_id AND captions.number = pages.number)"
            " FROM pages JOIN documents ON documents.id = pages.document_id"
            " LEFT JOIN page_labels ON page_labels.document_id = pages.document_id"
            " AND page_labels.number = pages.number"
            f" {join} {condition} ORDER BY pages.document_id, pages.number",
            values,
        )
        names = self.display_names()
        return [_record(row, names) for row in rows]

    def page(self, key: str) -> Page:
        """The page `DOCUMENT-NUMBER`, or `DOCUMENT` where it has one page.

        The document is named by its id, the head of it, its file name or path.

        Raises:
            DocumentNotFound, PageNotFound: there is none.
        """
        document, number = self._split_address(key)
        if not 1 <= int(number) <= document.page_count:
            raise PageNotFound(
                f"{document.name} has no page {number}.",
                hint=f"It has {document.page_count}, counted from 1.",
            )
        label = self._label(document.id, int(number))
        is_photo = document.kind == "image" and document.page_count == 1
        span = self._page_span(document.id, int(number))
        return Page(document.id, int(number), document.name, label, is_photo, span)

    def _shots_join(self) -> tuple[str, str]:
        """SQL of a shot's time and the join that it takes; libraries made before have none."""
        if not self._has_table("shots"):
            return "NULL, NULL", ""
        return "start_s, end_s", (
            "LEFT JOIN shots ON shots.document_id = pages.document_id"
            " AND shots.number = pages.number"
        )

    def _page_span(self, document_id: str, number: int) -> TimeSpan | None:
        if not self._has_table("shots"):
            return None
        query = "SELECT start_s, end_s FROM shots WHERE document_id = ? AND number = ?"
        row = self._db.execute(query, (document_id, number)).fetchone()
        return TimeSpan(*row) if row else None

    def _split_address(self, key: str) -> tuple[Document, str]:
        """The document that an address names, and its page number in digits."""
        wanted, _, number = key.rpartition("-")
        if not (wanted and number.isdecimal()):
            document = self.document(key)
            return document, self._only_page(document)
        try:
            return self.document(wanted), number
        except DocumentNotFound as missing:
            try:
                document = self.document(key)  # a name that ends so
            except DocumentNotFound:
                raise missing from None
            return document, self._only_page(document)

    def _only_page(self, document: Document) -> str:
        if document.page_count == 1:
            return "1"
        raise PageNotFound(
            f"{document.name} has {document.page_count} pages.",
            hint=f"Say which: {document.name}-1 is the first.",
        )

    def page_labels(self, document_id: str) -> dict[str, int]:
        """Numbers of a document's pages by label, case folded; the first of equal labels."""
        query = "SELECT label, number FROM page_labels WHERE document_id = ? ORDER BY number DESC"
        return {
            label.casefold(): number for label, number in self._db.execute(query, (document_id,))
        }

    def _label(self, document_id: str, number: int) -> str:
        query = "SELECT label FROM page_labels WHERE document_id = ? AND number = ?"
        row = self._db.execute(query, (document_id, number)).fetchone()
        return str(row[0]) if row else ""

    def note(self, page: Page) -> str:
        """What of a page could not be read, as a sentence; empty for a whole page."""
        row = self._db.execute(
            "SELECT note FROM notes WHERE document_id = ? AND number = ?",
            (page.document_id, page.number),
        ).fetchone()
        return str(row[0]) if row else ""

    def read_as(self, page: Page) -> tuple[str, str, str, bool]:
        """Kind and revision of a page's document, its note, and whether it has captions.

        Empty where the document has gone. One query: a search asks for each of its hits.
        """
        row = self._db.execute(
            "SELECT kind, revision,"
            " (SELECT note FROM notes WHERE document_id = ?1 AND number = ?2),"
            " EXISTS (SELECT 1 FROM captions WHERE document_id = ?1 AND number = ?2)"
            " FROM documents WHERE id = ?1",
            (page.document_id, page.number),
        ).fetchone()
        if row is None:
            return "", "", "", False
        kind, revision, note, captioned = row
        return str(kind), str(revision), str(note or ""), bool(captioned)

    def words(self, page: Page) -> tuple[Word, ...]:
        """The words of a page in reading order.

        Raises:
            PageNotFound: the page has gone.
        """
        row = self._db.execute(
            "SELECT words FROM pages WHERE document_id = ? AND number = ?",
            (page.document_id, page.number),
        ).fetchone()
        if row is None:
            raise _gone(page)
        return unpack_words(row[0])

    def image_path(self, page: Page) -> Path:
        """Path of a page image (WebP); a mirror fetches it.

        Raises:
            FileNotFoundError: a mirror's store does not have it, or no longer.
        """
        if replica := self.home.replica:
            return replica.fetch(self._image_key(page))
        return self.home.pages / page.document_id / f"{page.number}.webp"

    def image(self, page: Page) -> bytes:
        """Page image, encoded (WebP).

        Raises:
            PageNotFound: the page has gone.
        """
        try:
            if replica := self.home.replica:
                return replica.read(self._image_key(page))
        except FileNotFoundError:
            raise _gone(page) from None
        for _ in range(TRIES):
            try:
                return self.image_path(page).read_bytes()
            except FileNotFoundError:
                # A document that is read anew is without images between two renames.
                if not self._has(page):
                    break
                time.sleep(0.01)
        raise _gone(page)

    def _has(self, page: Page) -> bool:
        query = "SELECT 1 FROM pages WHERE document_id = ? AND number = ?"
        return self._db.execute(query, (page.document_id, page.number)).fetchone() is not None

    def _image_key(self, page: Page) -> str:
        query = "SELECT revision FROM documents WHERE id = ?"
        row = self._db.execute(query, (page.document_id,)).fetchone()
        if row is None:
            raise FileNotFoundError(page.key)
        return f"{page_folder(page.document_id, row[0])}/{page.number}.webp"

    def rendered(self, record: PageRecord) -> Rendered:
        """Rendered page of a record, as an encoder takes it."""
        return Rendered(
            page=record.page,
            image=self.image(record.page),
            width=record.width,
            height=record.height,
            words=self.words(record.page),
            figures=record.figures,
            source=record.source,
            context=record.title,
            captions=tuple(
                Word(word, caption.box)
                for caption in self.captions(record.page)
                for word in caption.text.split()
            ),
        )

    def page_count(self) -> int:
        """Number of pages."""
        return int(self._db.execute("SELECT count(*) FROM pages").fetchone()[0])


def _boxes(packed: str) -> tuple[Box, ...]:
    """Boxes kept as JSON; most pages have none."""
    return () if packed == "[]" else tuple(tuple(box) for box in json.loads(packed))


def _record(row: Sequence[Any], names: Mapping[str, str]) -> PageRecord:
    id_, number, width, height, source, figures, title, label, start, end, is_photo, has_text = row
    span = None if start is None else TimeSpan(start, end)
    page = Page(id_, number, names.get(id_, id_), label or "", bool(is_photo), span)
    return PageRecord(page, width, height, source, _boxes(figures), title, bool(has_text))


def _gone(page: Page) -> PageNotFound:
    return PageNotFound(f"{page} has been removed.", hint="Search again.")
