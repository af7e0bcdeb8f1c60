"""Document reader: documents, the paths of their files, and files that failed."""

from __future__ import annotations

import os
import unicodedata
from typing import Any

from ingest.error import NotFoundError
from ingest.file_state import Failure, FileStamp
from ingest.filter import PageFilter
from ingest.library.database import LibraryDatabase
from ingest.page import Document


class DocumentNotFound(NotFoundError):
    """No such document, or more than one."""

    code = "document-not-found"


def readable(name: str) -> str:
    """A file name as printable text: bytes that are no UTF-8 are shown as \\xNN."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def document_name(path: bytes | None, document_id: str) -> str:
    """The name of a document: the file name of its first path, else its id."""
    return readable(os.path.basename(os.fsdecode(path))) if path else document_id


class DocumentReader(LibraryDatabase):
    """Reader of documents."""

    def documents(self) -> list[Document]:
        """Every document, by name."""
        self._refresh()
        rows = self._db.execute("SELECT * FROM documents").fetchall()
        paths: dict[str, list[str]] = {}
        for path, document_id in self._db.execute(
            "SELECT path, document_id FROM names ORDER BY path"
        ):
            paths.setdefault(document_id, []).append(os.fsdecode(path))
        notes: dict[str, list[tuple[int, str]]] = {}
        for document_id, number, note in self._db.execute("SELECT * FROM notes"):
            notes.setdefault(document_id, []).append((number, note))
        found = [_document(row, paths.get(row[0], []), notes.get(row[0], [])) for row in rows]
        return sorted(found, key=lambda document: (document.name, document.id))

    def document_count(self) -> int:
        """Number of documents."""
        return int(self._db.execute("SELECT count(*) FROM documents").fetchone()[0])

    def has(self, document_id: str) -> bool:
        """Whether there is a document with this id."""
        query = "SELECT 1 FROM documents WHERE id = ?"
        return self._db.execute(query, (document_id,)).fetchone() is not None

    def document(self, wanted: str) -> Document:
        """Document with this id, head of an id, path or file name.

        The head of an id has 6 characters or more.

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
            f"There is no document {wanted!r}.", hint="List the documents to see what there is."
        )

    def select_documents(self, filter: PageFilter) -> list[str]:
        """Ids of the documents with a page that `filter` leaves."""
        condition, values = filter.to_sql()
        query = f"SELECT DISTINCT document_id FROM pages WHERE {condition}"
        return [row[0] for row in self._db.execute(query, values)]

    def names(self) -> dict[str, tuple[str, FileStamp]]:
        """Document id and stamp by path, as of when the file was read."""
        return {
            os.fsdecode(path): (document_id, FileStamp(size, mtime_ns))
            for path, document_id, size, mtime_ns in self._db.execute("SELECT * FROM names")
        }

    def failures(self) -> list[Failure]:
        """Files that could not be read, by path."""
        return [
            Failure(os.fsdecode(path), FileStamp(size, mtime_ns), reason, hint)
            for path, size, mtime_ns, reason, hint in self._db.execute(
                "SELECT path, size, mtime_ns, reason, remedy FROM failures ORDER BY path"
            )
        ]


def _document(row: tuple[Any, ...], paths: list[str], notes: list[tuple[int, str]]) -> Document:
    document_id, sha256, kind, title, page_count, byte_size, revision, added_at = row
    return Document(
        id=document_id,
        sha256=sha256,
        name=document_name(os.fsencode(paths[0]) if paths else None, document_id),
        paths=tuple(paths),
        kind=kind,
        title=title,
        page_count=page_count,
        byte_size=byte_size,
        revision=revision,
        added_at=added_at,
        notes=tuple(notes),
    )


def _composed_name(path: str) -> str:
    return unicodedata.normalize("NFC", readable(os.path.basename(path)))
