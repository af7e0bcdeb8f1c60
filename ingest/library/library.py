"""The library: documents, names, pages, words and page images. The truth that every index is derived from.

One SQLite database (WAL, so that readers and the one writer do not wait for
each other) and one folder of page images a document. This module reads; `ingest.library.writer` writes.
Knows no vectors.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ingest.error import ConflictError, NotFoundError, StorageError
from ingest.filter import ALL_PAGES, PageFilter
from ingest.library.fulltext import as_match
from ingest.library.home import Home
from ingest.library.keys import page_folder
from ingest.page import Box, Caption, Document, Page, Rendered, Word

FORMAT = 3
TITLE_WEIGHT = 0.5
"""A title's words count half of a page's own."""


class LibraryNotFound(ConflictError):
    """Nothing has been ingested yet."""

    code = "library-not-found"


class LibraryFormatError(StorageError):
    """The library was written by a version this one cannot read."""

    code = "library-format"


class DocumentNotFound(NotFoundError):
    """No such document, or more than one."""

    code = "document-not-found"


class PageNotFound(NotFoundError):
    """No such page."""

    code = "page-not-found"


def pack_words(words: Sequence[Word]) -> bytes:
    """Words as compressed JSON, their boxes rounded to a ten-thousandth of the page."""
    rows = [[word.text, *(round(edge * 10_000) for edge in word.box)] for word in words]
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode())


def unpack_words(packed: bytes) -> tuple[Word, ...]:
    """The words that `pack_words` packed."""
    return tuple(
        Word(text, (left / 10_000, top / 10_000, right / 10_000, bottom / 10_000))
        for text, left, top, right, bottom in json.loads(zlib.decompress(packed))
    )


def readable(name: str) -> str:
    """A file name fit to print: bytes that are no text are shown as \\xNN."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _name(path: bytes | None, document_id: str) -> str:
    """What a document is called: the first of its files' names, else its id."""
    return readable(os.path.basename(os.fsdecode(path))) if path else document_id


def _boxes(packed: str) -> tuple[Box, ...]:
    """Boxes kept as JSON; most pages have none."""
    return () if packed == "[]" else tuple(tuple(box) for box in json.loads(packed))


def split_key(key: str) -> tuple[str, int]:
    """A page's key taken apart: document id and number."""
    document_id, _, number = key.rpartition("-")
    return document_id, int(number)


_ROWS_OF_KEYS = (
    "SELECT pages.row FROM json_each(?) AS wanted JOIN pages"
    " ON pages.document_id = wanted.value ->> 0 AND pages.number = wanted.value ->> 1"
)


def _document(row: tuple[Any, ...], paths: list[str]) -> Document:
    document_id, sha256, kind, title, page_count, byte_size, revision, added_at = row
    return Document(
        id=document_id,
        sha256=sha256,
        name=_name(os.fsencode(paths[0]) if paths else None, document_id),
        paths=tuple(paths),
        kind=kind,
        title=title,
        page_count=page_count,
        byte_size=byte_size,
        revision=revision,
        added_at=added_at,
    )


def _composed_name(path: str) -> str:
    return unicodedata.normalize("NFC", readable(os.path.basename(path)))


def _gone(page: Page) -> PageNotFound:
    return PageNotFound(f"{page} has been removed.", hint="Search again.")


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What a path was when it was last looked at."""

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> FileStamp:
        """Look at a path now.

        Raises:
            OSError: it is not there or not allowed.
        """
        status = os.stat(path)
        return cls(status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read, and why."""

    path: str
    seen: FileStamp
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class PageRecord:
    """All that the library knows of one page but its pixels and words; `has_text` says whether it has any, or captions."""

    page: Page
    width: int
    height: int
    source: str
    figures: tuple[Box, ...]
    title: str
    has_text: bool


class Library:
    """The library of a home, from any thread: each thread has a connection of its own.

    Raises:
        LibraryNotFound: there is none yet.
        LibraryFormatError: a newer pageglass wrote it.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._threads = threading.local()
        self._prepare()

    def _follow(self) -> None:
        """In a mirror, take what has been published since."""
        if mirror := self.home.mirror:
            mirror.refresh()

    def _prepare(self) -> None:
        self._follow()
        if not self.home.database.exists() or self._format() == 0:
            raise LibraryNotFound(
                f"There is no library in {self.home.root}.",
                hint="Run `pageglass ingest PATH` first, or point --home at one.",
            )
        if self._format() > FORMAT:
            raise LibraryFormatError(
                f"The library in {self.home.root} has format {self._format()};"
                f" this pageglass reads up to {FORMAT}.",
                hint="Upgrade pageglass, or use another --home.",
            )
        if self._format() < FORMAT:
            raise LibraryFormatError(
                f"The library in {self.home.root} has the old format {self._format()}.",
                hint="Run `pageglass ingest --rebuild`: it is brought up to date, and nothing is read anew.",
            )

    def _format(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    @property
    def _db(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self.home.database, timeout=30, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")
            self._threads.connection = connection
        return connection

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let every read inside see the library as it is at the first of them."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("ROLLBACK")

    @property
    def generation(self) -> int:
        """A number that grows with every change, whichever process makes it."""
        return self._meta("generation")

    @property
    def derived(self) -> int:
        """A number that grows when an index changes though no document does."""
        return self._meta("derived")

    def _meta(self, key: str) -> int:
        self._follow()
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchone()
        return int(row[0]) if row else 0

    def documents(self) -> list[Document]:
        """Every document, by name."""
        self._follow()
        rows = self._db.execute("SELECT * FROM documents").fetchall()
        paths: dict[str, list[str]] = {}
        for path, document_id in self._db.execute(
            "SELECT path, document_id FROM names ORDER BY path"
        ):
            paths.setdefault(document_id, []).append(os.fsdecode(path))
        found = [_document(row, paths.get(row[0], [])) for row in rows]
        return sorted(found, key=lambda document: (document.name, document.id))

    def document(self, wanted: str) -> Document:
        """The document with this id, head of an id (6 characters or more), path or file name.

        Raises:
            DocumentNotFound: none or several fit.
        """
        every = self.documents()
        fits = [d for d in every if d.id == wanted]
        fits = fits or [d for d in every if os.path.abspath(wanted) in d.paths]
        name = unicodedata.normalize("NFC", wanted)  # macOS takes letters apart
        fits = fits or [d for d in every if any(name == _composed_name(p) for p in d.paths)]
        fits = fits or [d for d in every if len(wanted) >= 6 and d.id.startswith(wanted)]
        if len(fits) == 1:
            return fits[0]
        if fits:
            ids = ", ".join(d.id for d in fits)
            raise DocumentNotFound(
                f"{wanted!r} fits {len(fits)} documents.", hint=f"Say which: {ids}."
            )
        raise DocumentNotFound(
            f"There is no document {wanted!r}.", hint="`pageglass list` shows what there is."
        )

    def page_records(self, filter: PageFilter = ALL_PAGES) -> list[PageRecord]:
        """Every page that `filter` leaves, in order, without words."""
        condition, values = filter.to_sql()
        return self._records(f"WHERE {condition}", values)

    def records_of(self, keys: Iterable[str]) -> list[PageRecord]:
        """The pages with these keys that are still there, in order."""
        values = [json.dumps([split_key(key) for key in keys])]
        return self._records(f"WHERE row IN ({_ROWS_OF_KEYS})", values)

    def count(self, narrow: PageFilter) -> int:
        """How many pages `narrow` leaves."""
        condition, values = narrow.to_sql()
        query = f"SELECT count(*) FROM pages WHERE {condition}"
        return int(self._db.execute(query, values).fetchone()[0])

    def select_documents(self, narrow: PageFilter) -> list[str]:
        """Ids of the documents with a page that `narrow` leaves."""
        condition, values = narrow.to_sql()
        query = f"SELECT DISTINCT document_id FROM pages WHERE {condition}"
        return [row[0] for row in self._db.execute(query, values)]

    def _records(self, condition: str, values: Sequence[Any]) -> list[PageRecord]:
        rows = self._db.execute(
            "SELECT pages.document_id, number, width, height, source, figures, title,"
            " (SELECT min(path) FROM names WHERE names.document_id = pages.document_id),"
            " source != 'none' OR EXISTS (SELECT 1 FROM captions WHERE captions.document_id ="
            " pages.document_id AND captions.number = pages.number)"
            " FROM pages JOIN documents ON documents.id = pages.document_id"
            f" {condition} ORDER BY pages.document_id, number",
            values,
        )
        named = cache(_name)
        return [
            PageRecord(
                page=Page(document_id, number, named(path, document_id)),
                width=width,
                height=height,
                source=source,
                figures=_boxes(figures),
                title=title,
                has_text=bool(has_text),
            )
            for document_id, number, width, height, source, figures, title, path, has_text in rows
        ]

    def page(self, key: str) -> Page:
        """The page with this key (`DOCUMENT-NUMBER`, the document by id or head of id).

        Raises:
            DocumentNotFound, PageNotFound: there is none.
        """
        wanted, _, number = key.rpartition("-")
        if not number.isdecimal():
            raise PageNotFound(f"{key!r} is not a page.", hint="Pages look like 0a1b2c3d4e5f-12.")
        document = self.document(wanted)
        if not 1 <= int(number) <= document.page_count:
            raise PageNotFound(
                f"{document.name} has no page {number}.",
                hint=f"It has {document.page_count}, counted from 1.",
            )
        return Page(document.id, int(number), document.name)

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
        """Where the page's picture is (WebP); a mirror fetches it.

        Raises:
            FileNotFoundError: a mirror's store does not have it, or no longer.
        """
        if mirror := self.home.mirror:
            return mirror.fetch(self._image_key(page))
        return self.home.pages / page.document_id / f"{page.number}.webp"

    def image(self, page: Page) -> bytes:
        """The page's picture, encoded (WebP).

        Raises:
            PageNotFound: the page has gone.
        """
        try:
            if mirror := self.home.mirror:
                return mirror.read(self._image_key(page))
            return self.image_path(page).read_bytes()
        except FileNotFoundError:
            raise _gone(page) from None

    def _image_key(self, page: Page) -> str:
        query = "SELECT revision FROM documents WHERE id = ?"
        row = self._db.execute(query, (page.document_id,)).fetchone()
        if row is None:
            raise FileNotFoundError(page.key)
        return f"{page_folder(page.document_id, row[0])}/{page.number}.webp"

    def rendered(self, record: PageRecord) -> Rendered:
        """A stored page as it was when it left render, for building an index anew."""
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

    def match_terms(
        self,
        terms: Sequence[str],
        narrow: PageFilter | None = None,
        *,
        most: int | None = None,
        keys: Iterable[str] | None = None,
    ) -> dict[str, float]:
        """BM25 of every page that has one of the terms, by page key; higher is better.

        Okapi BM25 with k1 = 1.2 and b = 0.75 as SQLite's FTS5 computes it over
        a page's words, the document's title counted as part of each page.

        Args:
            narrow: only among these pages.
            most: only so many, the best.
            keys: only of these pages.
        """
        if not terms:
            return {}
        match = " OR ".join(map(as_match, dict.fromkeys(terms)))
        query = (
            f"SELECT document_id, number, bm25(terms, {TITLE_WEIGHT}, 1.0) AS score"
            " FROM terms JOIN pages ON pages.row = terms.rowid WHERE terms MATCH ?"
        )
        values: list[Any] = [match]
        if keys is not None:
            query += f" AND terms.rowid IN ({_ROWS_OF_KEYS})"
            values.append(json.dumps([split_key(key) for key in keys]))
        if narrow:
            condition, more = narrow.to_sql()
            query, values = f"{query} AND {condition}", [*values, *more]
        if most is not None:
            query, values = f"{query} ORDER BY score LIMIT ?", [*values, most]
        rows = self._db.execute(query, values)
        return {f"{document_id}-{number}": -score for document_id, number, score in rows}

    def page_frequency(self, terms: Iterable[str]) -> dict[str, int]:
        """How many pages hold each term (its stem, as the full-text index stems it)."""
        return {
            term: self._db.execute(
                "SELECT count(*) FROM terms WHERE terms MATCH ?", (as_match(term),)
            ).fetchone()[0]
            for term in set(terms)
        }

    def labels(self) -> list[str]:
        """What pictures are tagged with, in the order given."""
        return [row[0] for row in self._db.execute("SELECT label FROM labels ORDER BY position")]

    def tags(self, page: Page) -> dict[str, float]:
        """A page's tags, likeliest first, with their probabilities."""
        rows = self._db.execute(
            "SELECT tag, probability FROM tags WHERE document_id = ? AND number = ?"
            " ORDER BY probability DESC, tag",
            (page.document_id, page.number),
        )
        return dict(rows.fetchall())

    def tag_counts(self) -> dict[str, int]:
        """How many pages have each tag, the commonest first."""
        rows = self._db.execute(
            "SELECT tag, count(*) FROM tags GROUP BY tag ORDER BY count(*) DESC, tag"
        )
        return dict(rows.fetchall())

    def tagged(self, tags: Sequence[str]) -> set[str]:
        """Keys of the pages that have every one of some tags."""
        found: list[set[str]] = [
            {
                f"{document_id}-{number}"
                for document_id, number in self._db.execute(
                    "SELECT document_id, number FROM tags WHERE tag = ?", (tag,)
                )
            }
            for tag in tags
        ]
        return set.intersection(*found) if found else set()

    def captioner(self) -> str:
        """Who captions pictures, by name; empty for nobody."""
        row = self._db.execute("SELECT name FROM captioner").fetchone()
        return str(row[0]) if row else ""

    def captions(self, page: Page) -> tuple[Caption, ...]:
        """What was written of a page's pictures, in their order, those left out of which nothing was."""
        rows = self._db.execute(
            "SELECT captions.text, figures.value, captions.model FROM captions"
            " JOIN pages USING (document_id, number)"
            " JOIN json_each(pages.figures) AS figures ON figures.key = captions.figure"
            " WHERE document_id = ? AND number = ? AND text != '' ORDER BY figure",
            (page.document_id, page.number),
        )
        return tuple(Caption(text, tuple(json.loads(box)), model) for text, box, model in rows)

    def page_count(self) -> int:
        """How many pages there are in all."""
        return int(self._db.execute("SELECT count(*) FROM pages").fetchone()[0])

    def failures(self) -> list[Failure]:
        """Files set aside, by path."""
        return [
            Failure(os.fsdecode(path), FileStamp(size, mtime_ns), reason, hint)
            for path, size, mtime_ns, reason, hint in self._db.execute(
                "SELECT path, size, mtime_ns, reason, remedy FROM failures ORDER BY path"
            )
        ]

    def names(self) -> dict[str, tuple[str, FileStamp]]:
        """Path to document id and what the file was when it was read."""
        return {
            os.fsdecode(path): (document_id, FileStamp(size, mtime_ns))
            for path, document_id, size, mtime_ns in self._db.execute("SELECT * FROM names")
        }
