"""Row copier: documents of one library into another, row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ingest.library.home import Home
from ingest.library.writer import LibraryWriter

BY_DOCUMENT = (
    "names", "unopened", "page_labels", "notes", "tags", "tagged", "captions", "recaptioned",
    "document_tags", "document_titles", "title_sources", "photos", "shots",
)  # fmt: skip
"""Tables with rows of documents, besides those that need more than a copy."""
WANTED = "IN (SELECT value FROM json_each(?))"
PAGE_COLUMNS = "document_id, number, width, height, source, figures, words"


class RowCopier(LibraryWriter):
    """Library that takes documents from another, with the locks of both held."""

    def take(self, source: Home, document_ids: Sequence[str]) -> None:
        """Copy documents with everything that is known of them, in one transaction.

        Images and vectors must be in place. What is attached to one of them must come with it.
        Notes of removed documents, labels and the captioner come too.
        """
        values = (json.dumps(list(document_ids)),)
        with self._attached(source), self._transaction():
            self._db.execute(
                f"INSERT INTO documents SELECT * FROM source.documents WHERE id {WANTED}", values
            )
            self._db.execute(
                f"INSERT INTO pages ({PAGE_COLUMNS}) SELECT {PAGE_COLUMNS} FROM source.pages"
                f" WHERE document_id {WANTED} ORDER BY row",
                values,
            )
            self._db.execute(
                "INSERT INTO terms (rowid, title, body, forms)"
                " SELECT own.row, title, body, forms FROM source.pages AS its"
                " JOIN source.terms ON source.terms.rowid = its.row"
                " JOIN pages AS own ON own.document_id = its.document_id AND own.number = its.number"
                f" WHERE its.document_id {WANTED} ORDER BY own.row",
                values,
            )
            for table in BY_DOCUMENT:
                self._db.execute(
                    f"INSERT OR REPLACE INTO {table}"
                    f" SELECT * FROM source.{table} WHERE document_id {WANTED}",
                    values,
                )
            self._db.execute(
                f"INSERT INTO attachments SELECT * FROM source.attachments WHERE parent_id {WANTED}",
                values,
            )
            self._db.execute("INSERT OR IGNORE INTO removals SELECT * FROM source.removals")
            for table in ("labels", "captioner"):
                self._db.execute(
                    f"INSERT INTO {table} SELECT * FROM source.{table}"
                    f" WHERE NOT EXISTS (SELECT 1 FROM {table})"
                )
            self.finish(document_ids)

    def take_notes(self, source: Home) -> None:
        """Copy what is known of files without a document: failures and removals."""
        with self._attached(source), self._transaction():
            for table in ("failures", "removals"):
                self._db.execute(f"INSERT OR IGNORE INTO {table} SELECT * FROM source.{table}")

    def families(self) -> list[list[str]]:
        """Ids of documents, those together that are attached to each other."""
        roots = {id_: id_ for id_ in sorted(self.document_ids())}

        def root(id_: str) -> str:
            while roots[id_] != id_:
                id_ = roots[id_]
            return id_

        for parent, child in self._db.execute("SELECT parent_id, document_id FROM attachments"):
            # What an attachment is attached to says where it goes.
            roots[root(child)] = root(parent)
        found: dict[str, list[str]] = {}
        for id_ in roots:
            found.setdefault(root(id_), []).append(id_)
        return [[head, *(i for i in ids if i != head)] for head, ids in found.items()]

    @contextmanager
    def _attached(self, source: Home) -> Iterator[None]:
        self._db.execute("ATTACH DATABASE ? AS source", (str(source.database),))
        try:
            yield
        finally:
            self._db.execute("DETACH DATABASE source")
