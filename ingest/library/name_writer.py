"""Name writer: paths of documents, also of removed ones, attachments, and words."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence

from ingest.file_state import FileStamp
from ingest.forms.index_text import index_text
from ingest.library.documents import DocumentReader
from ingest.library.names import attachment_path, searchable_name
from ingest.page import Document


class NameWriter(DocumentReader):
    """Writer of the paths and attachments of documents.

    The words of names and of titles share a column of the full-text index.
    """

    def set_name(self, path: str, document_id: str, seen: FileStamp) -> None:
        """Assign a path to a document, in place of any other."""
        query = "SELECT document_id FROM names WHERE path = ?"
        with self._transaction():
            before = self._db.execute(query, (os.fsencode(path),)).fetchone()
            self._set_name(path, document_id, seen)
            self._index_names({document_id, *(before or ())})

    def _set_name(self, path: str, document_id: str, seen: FileStamp) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO names VALUES (?, ?, ?, ?)",
            (os.fsencode(path), document_id, seen.size, seen.changed_ns),
        )
        self._db.execute("DELETE FROM failures WHERE path = ?", (os.fsencode(path),))

    def forget_names(self, paths: Iterable[str]) -> None:
        """Delete paths."""
        keys = [(os.fsencode(path),) for path in paths]
        query = "SELECT document_id FROM names WHERE path = ?"
        with self._transaction():
            ids = {row[0] for key in keys for row in self._db.execute(query, key)}
            self._db.executemany("DELETE FROM names WHERE path = ?", keys)
            self._db.executemany("DELETE FROM failures WHERE path = ?", keys)
            self._index_names(ids)

    def set_title(self, document_id: str, title: str) -> None:
        """Give a document a title, which it keeps when it is read anew."""
        with self._transaction():
            self._give_title(document_id, title)
            self._index_names({document_id})

    def _give_title(self, document_id: str, title: str) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO document_titles VALUES (?, ?)", (document_id, title)
        )
        self._db.execute("UPDATE documents SET title = ? WHERE id = ?", (title, document_id))

    def _set_title_source(self, document: Document) -> None:
        if document.title_source:
            self._db.execute(
                "INSERT OR REPLACE INTO title_sources VALUES (?, ?)",
                (document.id, document.title_source),
            )

    def given_title(self, document_id: str) -> str:
        """Title that a user gave a document; empty for none."""
        query = "SELECT title FROM document_titles WHERE document_id = ?"
        row = self._db.execute(query, (document_id,)).fetchone()
        return str(row[0]) if row else ""

    def nameless(self) -> list[str]:
        """Ids of documents without a path that are attached to none with one either."""
        query = (
            "WITH RECURSIVE kept(id) AS (SELECT document_id FROM names UNION"
            " SELECT document_id FROM attachments JOIN kept ON parent_id = kept.id)"
            " SELECT id FROM documents WHERE id NOT IN kept"
        )
        return [row[0] for row in self._db.execute(query)]

    def attach(self, parent_id: str, name: str, document_id: str) -> None:
        """Record that a PDF holds a document as an attachment of that name."""
        with self._transaction():
            self._attach([(parent_id, name, document_id)])
            self._index_names({document_id})

    def _attach(self, rows: Sequence[tuple[str, str, str]]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO attachments VALUES (?, ?, ?)", rows)

    def _attachment_rows(self, document_id: str) -> list[tuple[str, str, str]]:
        """Rows of what is attached to a document and of what it is attached to."""
        query = "SELECT * FROM attachments WHERE parent_id = ? OR document_id = ?"
        return self._db.execute(query, (document_id, document_id)).fetchall()

    def unopened(self) -> list[str]:
        """Ids of PDFs whose attachments were not read yet."""
        return [row[0] for row in self._db.execute("SELECT document_id FROM unopened")]

    def set_opened(self, document_id: str) -> None:
        """Record that the attachments of a PDF have been read."""
        self._db.execute("DELETE FROM unopened WHERE document_id = ?", (document_id,))

    def _index_names(self, document_ids: Iterable[str]) -> None:
        """Index the names of documents anew, where they have changed."""
        for document_id in document_ids:
            query = "SELECT title FROM documents WHERE id = ?"
            row = self._db.execute(query, (document_id,)).fetchone()
            if row is None:
                continue
            terms = self._name_terms(document_id, row[0])
            self._db.execute(
                "UPDATE terms SET title = ? WHERE title != ? AND rowid IN"
                " (SELECT row FROM pages WHERE document_id = ?)",
                (terms, terms, document_id),
            )

    def _name_terms(self, document_id: str, title: str) -> str:
        """Terms and second forms of a document's title and of its names."""
        query = (
            "SELECT path, NULL FROM names WHERE document_id = ?1 UNION ALL"
            " SELECT path, attachments.name FROM attachments"
            " JOIN names ON names.document_id = parent_id WHERE attachments.document_id = ?1"
        )
        addresses = [
            os.fsdecode(path) if name is None else attachment_path(os.fsdecode(path), name)
            for path, name in self._db.execute(query, (document_id,))
        ]
        names = searchable_name(addresses, str(self.home.uploads))
        found = index_text(f"{title} {names}")
        return f"{found.body} {found.forms}".strip()

    def set_validators(self, validators: Mapping[str, str]) -> None:
        """Record what tells whether remote files have changed, by the hash of their place."""
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO remote_files VALUES (?, ?)", validators.items()
            )

    def note_removed(self, document_id: str) -> None:
        """Record the files of a document that is about to be removed."""
        query = "SELECT path, size, mtime_ns FROM names WHERE document_id = ?"
        for path, size, mtime_ns in self._db.execute(query, (document_id,)).fetchall():
            self.note_left_out(os.fsdecode(path), document_id, FileStamp(size, mtime_ns))

    def note_left_out(self, path: str, document_id: str, seen: FileStamp) -> None:
        """Record a file that holds what was removed."""
        self._db.execute(
            "INSERT OR REPLACE INTO removals VALUES (?, ?, ?, ?)",
            (_hash(path), document_id, seen.size, seen.changed_ns),
        )

    def forget_removal(self, document_id: str) -> None:
        """Let a document be ingested again."""
        self._db.execute("DELETE FROM removals WHERE document_id = ?", (document_id,))

    def is_removed(self, document_id: str) -> bool:
        """Whether a document was removed, and not named again since."""
        query = "SELECT 1 FROM removals WHERE document_id = ?"
        return self._db.execute(query, (document_id,)).fetchone() is not None

    def removed_at(self, path: str) -> FileStamp | None:
        """Stamp of the removed file that a path had; None where there was none."""
        query = "SELECT size, mtime_ns FROM removals WHERE path_hash = ?"
        row = self._db.execute(query, (_hash(path),)).fetchone()
        return FileStamp(*row) if row else None


def _hash(path: str) -> bytes:
    return hashlib.sha256(os.fsencode(path)).digest()
