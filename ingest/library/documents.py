"""Document reader: documents, the paths of their files, and files that failed."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ingest.error import NotFoundError
from ingest.file_state import Failure, FileStamp
from ingest.filter import PageFilter
from ingest.library.annotations import AnnotationReader
from ingest.library.names import (
    attachment_path,
    ends_with,
    is_in_folder,
    name_documents,
    readable,
)
from ingest.page import Document, TitleSource


class DocumentNotFound(NotFoundError):
    """No such document, or more than one."""

    code = "document-not-found"


__all__ = ["MAX_CANDIDATES", "DocumentNotFound", "DocumentReader", "readable"]

MAX_CANDIDATES = 8
"""Documents or folders that a hint names."""


class DocumentReader(AnnotationReader):
    """Reader of documents."""

    _names: tuple[int, Mapping[str, str]] | None = None
    """Names to show and the generation that they are of."""

    def documents(self) -> list[Document]:
        """Every document, by name."""
        return sorted(self.read_documents(), key=lambda document: (document.name, document.id))

    def read_documents(self, only: str | None = None) -> list[Document]:
        """Every document, or the one with an id, without a look at the others."""
        self._refresh()
        where, values = ("", ()) if only is None else (" WHERE id = ?", (only,))
        rows = self._db.execute(f"SELECT * FROM documents{where}", values).fetchall()
        names, attached = self.display_names(), self._attachments(only)
        # Of an attachment those of the PDFs that hold it too.
        wanted = None if only is None else [only, *(parent for parent, _ in attached.get(only, ()))]
        paths = self._all_paths(wanted)
        notes: dict[str, list[tuple[int, str]]] = {}
        where = where.replace("id", "document_id")
        for document_id, number, note in self._db.execute(f"SELECT * FROM notes{where}", values):
            notes.setdefault(document_id, []).append((number, note))
        tags, sources = self.document_tags(), self.title_sources(only)
        taken = {document_id: photo.taken for document_id, photo in self.photos(only).items()}
        return [
            _document(
                row,
                names.get(row[0], row[0]),
                paths.get(row[0], []),
                [attachment_path(p, n) for i, n in attached.get(row[0], ()) for p in paths[i][:1]],
                notes.get(row[0], []),
                tags.get(row[0], []),
                sources.get(row[0]),
                taken.get(row[0], ""),
            )
            for row in rows
        ]

    def display_names(self) -> Mapping[str, str]:
        """The name of each document that has one, by id (`ingest.library.names`)."""
        generation = self.generation
        if self._names is None or self._names[0] != generation:
            self._names = generation, name_documents(self.first_addresses())
        return self._names[1]

    def first_addresses(self) -> dict[str, str]:
        """The first path of each document, by id, or where it is attached."""
        paths = self._all_paths()
        addresses = {
            document_id: attachment_path(paths[parent_id][0], name)
            for document_id, ((parent_id, name), *_) in self._attachments().items()
        }
        return addresses | {document_id: some[0] for document_id, some in paths.items()}

    def _all_paths(self, only: Sequence[str] | None = None) -> dict[str, list[str]]:
        """Paths of each document, or of those with some ids, in order."""
        paths: dict[str, list[str]] = {}
        where = "" if only is None else " WHERE document_id IN (SELECT value FROM json_each(?))"
        values = () if only is None else (json.dumps(only),)
        query = f"SELECT path, document_id FROM names{where} ORDER BY path"
        for path, document_id in self._db.execute(query, values):
            paths.setdefault(document_id, []).append(os.fsdecode(path))
        return paths

    def _attachments(self, only: str | None = None) -> dict[str, list[tuple[str, str]]]:
        """PDFs that hold a document as an attachment, and its name there, by its id."""
        found: dict[str, list[tuple[str, str]]] = {}
        where, values = ("", ()) if only is None else (" AND document_id = ?", (only,))
        query = (
            "SELECT document_id, parent_id, name FROM attachments"
            f" WHERE parent_id IN (SELECT document_id FROM names){where} ORDER BY parent_id, name"
        )
        for document_id, parent_id, name in self._db.execute(query, values):
            found.setdefault(document_id, []).append((parent_id, name))
        return found

    def document_count(self) -> int:
        """Number of documents."""
        return int(self._db.execute("SELECT count(*) FROM documents").fetchone()[0])

    def document_ids(self) -> set[str]:
        """Id of every document."""
        return {row[0] for row in self._db.execute("SELECT id FROM documents")}

    def has(self, document_id: str) -> bool:
        """Whether there is a document with this id."""
        query = "SELECT 1 FROM documents WHERE id = ?"
        return self._db.execute(query, (document_id,)).fetchone() is not None

    def document(self, wanted: str) -> Document:
        """Document with this id, head of an id, file name, or path or end of a path.

        The head of an id has 6 characters or more.

        Raises:
            DocumentNotFound: none or several fit.
        """
        if by_id := self.read_documents(wanted):
            return by_id[0]
        every = self.documents()
        fits = [d for d in every if os.path.abspath(wanted) in d.paths]
        fits = fits or [d for d in every if d.name == wanted]
        fits = fits or [d for d in every if any(ends_with(a, wanted) for a in d.addresses)]
        fits = fits or [d for d in every if len(wanted) >= 6 and d.id.startswith(wanted)]
        fits = fits or [
            d for d in every if any(ends_with(a, wanted, loose=True) for a in d.addresses)
        ]
        if len(fits) == 1:
            return fits[0]
        if fits:
            names = [f"{d.name} ({d.id})" for d in fits]
            raise DocumentNotFound(
                f"{wanted!r} fits {len(fits)} documents.", hint=f"Say which: {_list(names)}."
            )
        raise DocumentNotFound(
            f"There is no document {wanted!r}.", hint="List the documents to see what there is."
        )

    def documents_named(self, wanted: str) -> list[Document]:
        """The document that `wanted` means (see `document`), else those in that folder.

        Raises:
            DocumentNotFound: neither is there, or several documents fit.
        """
        try:
            return [self.document(wanted)]
        except DocumentNotFound as error:
            try:
                return self.documents_in(wanted)
            except DocumentNotFound:
                raise error from None

    def documents_in(self, folder: str) -> list[Document]:
        """Documents below a folder: one on their path, or several joined by slashes.

        Letters count in either case where the folder is not found as it is written.

        Raises:
            DocumentNotFound: there is no document in such a folder.
        """
        every = self.documents()
        for ignore_case in (False, True):
            if found := [
                document
                for document in every
                if any(is_in_folder(a, folder, ignore_case=ignore_case) for a in document.addresses)
            ]:
                return found
        names = dict.fromkeys(os.path.basename(folder) for folder in sorted(self.folders()))
        raise DocumentNotFound(
            f"There is no folder {folder!r} with documents.",
            hint=f"Folders are {_list([*names])}." if names else "No document is in a folder.",
        )

    def folders(self) -> dict[str, int]:
        """Folders with documents directly in them, and their number, most first.

        They are absolute paths, as printable text; uploads are in none.
        """
        counts = Counter(
            readable(folder)
            for paths in self._all_paths().values()
            for folder in {os.path.dirname(path) for path in paths if not self._ours(path)}
        )
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))

    def _ours(self, path: str) -> bool:
        """Whether a path is that of an upload; a copy of a remote file has folders of its own."""
        uploads, remote = (os.path.join(p, "") for p in (self.home.uploads, self.home.remote))
        return path.startswith(uploads) and not path.startswith(remote)

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

    def validators(self) -> dict[str, str]:
        """What tells whether remote files have changed, by the hash of their place."""
        if not self._has_table("remote_files"):
            return {}
        return dict(self._db.execute("SELECT * FROM remote_files").fetchall())

    def failures(self) -> list[Failure]:
        """Files that could not be read, by path."""
        return [
            Failure(os.fsdecode(path), FileStamp(size, mtime_ns), reason, hint)
            for path, size, mtime_ns, reason, hint in self._db.execute(
                "SELECT path, size, mtime_ns, reason, remedy FROM failures ORDER BY path"
            )
        ]


def _list(names: list[str]) -> str:
    """Names in a sentence, the first `MAX_CANDIDATES` of them."""
    rest = len(names) - MAX_CANDIDATES
    return ", ".join(names[:MAX_CANDIDATES]) + (f" and {rest} more" if rest > 0 else "")


def _document(
    row: tuple[Any, ...],
    name: str,
    paths: list[str],
    attached_to: list[str],
    notes: list[tuple[int, str]],
    tags: list[str],
    title_source: TitleSource | None,
    taken: str,
) -> Document:
    document_id, sha256, kind, title, page_count, byte_size, revision, added_at = row
    return Document(
        id=document_id,
        sha256=sha256,
        name=name,
        paths=tuple(paths),
        kind=kind,
        title=title,
        page_count=page_count,
        byte_size=byte_size,
        revision=revision,
        added_at=added_at,
        notes=tuple(notes),
        attached_to=tuple(attached_to),
        tags=tuple(tags),
        title_source=title_source,
        taken=taken,
    )
