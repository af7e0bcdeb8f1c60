"""Library writer, for the holder of the home's writer lock.

It is the one writer of a library. A document becomes visible only whole: its images
are moved into place first, then its rows come in one transaction. Deleting goes the
other way round.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingest.disk.atomic import discard
from ingest.file_state import Failure, FileStamp
from ingest.forms.index_text import IndexText, index_words
from ingest.library.annotations import AnnotationWriter
from ingest.library.library import Library
from ingest.library.name_writer import NameWriter
from ingest.library.replaced_images import replaced_images, restore_images
from ingest.library.schema import GIVEN, PHOTOS, REMOTE_FILES, REMOVALS, SHOTS
from ingest.library.upgrade import upgrade
from ingest.library.words import pack_words
from ingest.page import Document, Page, PhotoInfo, Rendered, TimeSpan


@dataclass(frozen=True, slots=True)
class PageRow:
    """Page row: packed and without the image, so that thousands fit in memory."""

    number: int
    width: int
    height: int
    source: str
    figures: str
    words: bytes
    terms: IndexText
    note: str = ""
    label: str = ""
    span: TimeSpan | None = None

    @classmethod
    def of(cls, rendered: Rendered) -> PageRow:
        """Row of a rendered page."""
        return cls(
            number=rendered.page.number,
            width=rendered.width,
            height=rendered.height,
            source=rendered.source,
            figures=json.dumps([[round(edge, 4) for edge in box] for box in rendered.figures]),
            words=pack_words(rendered.words),
            terms=index_words(rendered.words),
            note=rendered.note,
            label=rendered.label,
            span=rendered.page.span,
        )


class LibraryWriter(Library, AnnotationWriter, NameWriter):
    """Library that can be written; created where there is none."""

    _writes = True

    def _prepare(self) -> None:
        upgrade(self._db, self._format(), self._index_names)
        super()._prepare()
        self._db.executescript(REMOVALS + GIVEN + PHOTOS + SHOTS + REMOTE_FILES)

    def touch(self) -> None:
        """Advance the generation and `derived`: an index changed though no document did."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO meta VALUES ('derived', 1)"
                " ON CONFLICT (key) DO UPDATE SET value = value + 1"
            )

    def untagged(self) -> list[Document]:
        """Documents that were not examined for tags yet."""
        looked = {row[0] for row in self._db.execute("SELECT document_id FROM tagged")}
        return [document for document in self.documents() if document.id not in looked]

    def set_captions(self, page: Page, model: str, texts: Mapping[int, str]) -> None:
        """Set captions of a page's figures; full-text search finds them."""
        key = (page.document_id, page.number)
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO captions VALUES (?, ?, ?, ?, ?)",
                [(*key, figure, text, model) for figure, text in texts.items()],
            )
            written = [caption.text for caption in self.captions(page)]
            searchable = index_words(self.words(page), written)
            self._db.execute(
                "UPDATE terms SET body = ?, forms = ? WHERE rowid ="
                " (SELECT row FROM pages WHERE document_id = ? AND number = ?)",
                (searchable.body, searchable.forms, *key),
            )
            self._db.execute("INSERT OR IGNORE INTO recaptioned VALUES (?)", (page.document_id,))

    def revise(self, document: Document) -> None:
        """Record that a document's vectors are those of its new revision."""
        with self._transaction():
            self._db.execute(
                "UPDATE documents SET revision = ? WHERE id = ?", (document.revision, document.id)
            )
            self._db.execute("DELETE FROM recaptioned WHERE document_id = ?", (document.id,))

    def begin(self, document_ids: Iterable[str]) -> None:
        """Record that documents are being added.

        Indexes may hold them before the library does.
        """
        self._db.executemany(
            "INSERT OR IGNORE INTO unfinished VALUES (?)", [(i,) for i in document_ids]
        )

    def unfinished(self) -> list[str]:
        """Ids of documents whose adding or removing was interrupted."""
        return [row[0] for row in self._db.execute("SELECT document_id FROM unfinished")]

    def finish(self, document_ids: Iterable[str]) -> None:
        """Record that adding or removing these documents is complete."""
        self._db.executemany(
            "DELETE FROM unfinished WHERE document_id = ?", [(i,) for i in document_ids]
        )

    def add(
        self,
        document: Document,
        pages: Iterable[PageRow],
        images: Path,
        seen: dict[str, FileStamp],
        attachments: Sequence[tuple[str, str]] = (),
        *,
        has_attachments: bool = False,
        photo: PhotoInfo | None = None,
    ) -> None:
        """Add a complete document: move its images into place, then commit its rows.

        Args:
            pages: in order.
            images: a folder of `NUMBER.webp` on the same file system.
            seen: the stamps of the paths that were read; other paths of the document stay.
            attachments: ids of PDFs that it is attached to, each with its name there.
            has_attachments: whether it has attachments that are still to be read.
            photo: what a photo says of itself; its people and keywords become tags.
        """
        target = self.home.pages / document.id
        replaced = replaced_images(target, images, self._revision(document.id))
        with replaced, self._transaction():
            paths = self._paths(document.id) | seen
            attached = self._attachment_rows(document.id)
            attached += [(parent, name, document.id) for parent, name in attachments]
            given, tags = self.given_title(document.id), self.document_tags().get(document.id, ())
            self._delete_rows(document.id)
            self._db.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    document.id,
                    document.sha256,
                    document.kind,
                    document.title,
                    document.page_count,
                    document.byte_size,
                    document.revision,
                    document.added_at,
                ),
            )
            self._set_title_source(document)
            for path, stamp in paths.items():
                self._set_name(path, document.id, stamp)
            self._attach(attached)
            if has_attachments:
                self._db.execute("INSERT OR IGNORE INTO unopened VALUES (?)", (document.id,))
            if given:
                self._give_title(document.id, given)
            title = self._name_terms(document.id, given or document.title)
            for page in pages:
                self._add_page(document.id, title, page)
            self._set_photo(document.id, photo)
            self._give_tags(document.id, (*tags, *(photo.tags if photo else ())))
            self.finish([document.id])

    def restore_images(self, document_id: str) -> None:
        """After a crash, keep those images of a document that its rows belong to."""
        restore_images(self.home.pages / document_id, self._revision(document_id))

    def _revision(self, document_id: str) -> str:
        """Revision of a document, empty where there is none."""
        query = "SELECT revision FROM documents WHERE id = ?"
        row = self._db.execute(query, (document_id,)).fetchone()
        return str(row[0]) if row else ""

    def _paths(self, document_id: str) -> dict[str, FileStamp]:
        rows = self._db.execute(
            "SELECT path, size, mtime_ns FROM names WHERE document_id = ?", (document_id,)
        )
        return {os.fsdecode(path): FileStamp(size, mtime_ns) for path, size, mtime_ns in rows}

    def _add_page(self, document_id: str, title: str, page: PageRow) -> None:
        row = self._db.execute(
            "INSERT INTO pages VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)",
            (
                document_id,
                page.number,
                page.width,
                page.height,
                page.source,
                page.figures,
                page.words,
            ),
        ).lastrowid
        self._db.execute(
            "INSERT INTO terms(rowid, title, body, forms) VALUES (?, ?, ?, ?)",
            (row, title, page.terms.body, page.terms.forms),
        )
        if page.note:
            self._db.execute(
                "INSERT INTO notes VALUES (?, ?, ?)", (document_id, page.number, page.note)
            )
        if page.label:
            self._db.execute(
                "INSERT INTO page_labels VALUES (?, ?, ?)", (document_id, page.number, page.label)
            )
        if page.span:
            values = (document_id, page.number, *page.span)
            self._db.execute("INSERT INTO shots VALUES (?, ?, ?, ?)", values)

    def remove(self, document_ids: Sequence[str]) -> None:
        """Delete documents: rows first, so that no reader sees half of one, then images.

        They stay noted as unfinished until `finish`, called when the indexes
        have let go of them too. `compact` then takes their last traces.
        """
        with self._transaction():
            self.begin(document_ids)
            for document_id in document_ids:
                self._delete_rows(document_id)
        for document_id in document_ids:
            discard(self.home.pages / document_id)

    def compact(self) -> None:
        """Remove deleted words from the full-text index.

        The index keeps them until segments merge.
        """
        with self._transaction():
            self._db.execute("INSERT INTO terms(terms) VALUES ('optimize')")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _delete_rows(self, document_id: str) -> None:
        self._db.execute(
            "DELETE FROM terms WHERE rowid IN (SELECT row FROM pages WHERE document_id = ?)",
            (document_id,),
        )
        self._db.execute("DELETE FROM documents WHERE id = ?", (document_id,))

    def record_failure(self, failure: Failure) -> None:
        """Record a file that could not be read; it is skipped until it changes."""
        self._db.execute(
            "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?, ?)",
            (
                os.fsencode(failure.path),
                failure.seen.size,
                failure.seen.changed_ns,
                failure.reason,
                failure.hint,
                datetime.now(UTC).isoformat(timespec="seconds"),
            ),
        )

    def check(self) -> list[str]:
        """One sentence for each fault of the database."""
        problems = [
            f"The database says: {row[0]}."
            for row in self._db.execute("PRAGMA integrity_check")
            if row[0] != "ok"
        ]
        counts = self._db.execute(
            "SELECT documents.id, page_count, count(pages.row), count(terms.rowid)"
            " FROM documents LEFT JOIN pages ON pages.document_id = documents.id"
            " LEFT JOIN terms ON terms.rowid = pages.row GROUP BY documents.id"
        )
        for document_id, expected, held, searchable in counts:
            if not expected == held == searchable:
                problems.append(
                    f"Document {document_id} has {held} of {expected} pages, {searchable} searchable."
                )
        return problems

    def sweep(self) -> None:
        """Delete images without a document, which a killed writer may have left."""
        kept = {row[0] for row in self._db.execute("SELECT id FROM documents")}
        if self.home.pages.exists():
            for folder in self.home.pages.iterdir():
                if folder.name not in kept:
                    discard(folder)
