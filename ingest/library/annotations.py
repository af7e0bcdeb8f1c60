"""Annotations: tags found, tags and titles that users gave, and captions.

A tag that a user gave a document is a tag of each of its pages with probability 1. The
table `document_tags` keeps it apart from tags that a classifier found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ingest.library.database import LibraryDatabase
from ingest.page import Caption, Document, Page, PhotoInfo, TitleSource


class AnnotationReader(LibraryDatabase):
    """Reader of tags and captions."""

    def labels(self) -> list[str]:
        """Labels that images are tagged with, in the order given."""
        return [row[0] for row in self._db.execute("SELECT label FROM labels ORDER BY position")]

    def tags(self, page: Page) -> dict[str, float]:
        """Tags of a page with their probabilities, most probable first."""
        rows = self._db.execute(
            "SELECT tag, probability FROM tags WHERE document_id = ? AND number = ?"
            " ORDER BY probability DESC, tag",
            (page.document_id, page.number),
        )
        return dict(rows.fetchall())

    def tag_counts(self) -> dict[str, int]:
        """Number of pages of each tag, most frequent first."""
        rows = self._db.execute(
            "SELECT tag, count(*) FROM tags GROUP BY tag ORDER BY count(*) DESC, tag"
        )
        return dict(rows.fetchall())

    def document_tags(self) -> dict[str, list[str]]:
        """Tags that users gave, by document id, in order."""
        found: dict[str, list[str]] = {}
        if self._has_table("document_tags"):
            query = "SELECT document_id, tag FROM document_tags ORDER BY document_id, tag"
            for document_id, tag in self._db.execute(query):
                found.setdefault(document_id, []).append(tag)
        return found

    def title_sources(self, only: str | None = None) -> dict[str, TitleSource]:
        """Where titles are from, by document id, of all documents or of one.

        Nothing is known of titles that older versions found.
        """
        found: dict[str, TitleSource] = {}
        where, values = ("", ()) if only is None else (" WHERE document_id = ?", (only,))
        for table, source in (("title_sources", "source"), ("document_titles", "'user'")):
            if self._has_table(table):
                query = f"SELECT document_id, {source} FROM {table}{where}"
                found.update(self._db.execute(query, values))
        return found

    def _has_table(self, name: str) -> bool:
        """Whether a writer has made a table that came without a new format."""
        query = "SELECT 1 FROM sqlite_master WHERE name = ?"
        return self._db.execute(query, (name,)).fetchone() is not None

    def photos(self, only: str | None = None) -> dict[str, PhotoInfo]:
        """What photos say of themselves, by document id; their tags are `document_tags`."""
        if not self._has_table("photos"):
            return {}
        where, values = ("", ()) if only is None else (" WHERE document_id = ?", (only,))
        rows = self._db.execute(f"SELECT * FROM photos{where}", values)
        return {document_id: PhotoInfo(*values) for document_id, *values in rows}

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
        """Name of the captioner; empty for none."""
        row = self._db.execute("SELECT name FROM captioner").fetchone()
        return str(row[0]) if row else ""

    def captions(self, page: Page) -> tuple[Caption, ...]:
        """Captions of a page's images, in order, without empty ones."""
        rows = self._db.execute(
            "SELECT captions.text, figures.value, captions.model FROM captions"
            " JOIN pages USING (document_id, number)"
            " JOIN json_each(pages.figures) AS figures ON figures.key = captions.figure"
            " WHERE document_id = ? AND number = ? AND text != '' ORDER BY figure",
            (page.document_id, page.number),
        )
        return tuple(Caption(text, tuple(json.loads(box)), model) for text, box, model in rows)


class AnnotationWriter(AnnotationReader):
    """Writer of tags and captions."""

    def set_labels(self, labels: Sequence[str]) -> None:
        """Set the labels for tagging; all tags are deleted if the labels changed."""
        if list(labels) == self.labels():
            return
        with self._transaction():
            self._db.execute("DELETE FROM tags")
            self._db.execute("DELETE FROM tagged")
            self._db.execute("DELETE FROM labels")
            self._db.executemany("INSERT INTO labels (label) VALUES (?)", [(x,) for x in labels])
            self._tag_pages()

    def set_tags(self, document: Document, tagged: Mapping[int, Mapping[str, float]]) -> None:
        """Replace a document's tags: probabilities by tag, by page number."""
        with self._transaction():
            self._db.execute("DELETE FROM tags WHERE document_id = ?", (document.id,))
            self._db.execute("INSERT OR IGNORE INTO tagged VALUES (?)", (document.id,))
            self._db.executemany(
                "INSERT INTO tags VALUES (?, ?, ?, ?)",
                [
                    (document.id, number, tag, probability)
                    for number, tags in tagged.items()
                    for tag, probability in tags.items()
                ],
            )
            self._tag_pages(document.id)

    def set_document_tags(self, document_id: str, tags: Sequence[str]) -> None:
        """Replace the tags that users gave a document; those that were found stay."""
        with self._transaction():
            self._db.execute(
                "DELETE FROM tags WHERE document_id = ? AND tag IN"
                " (SELECT tag FROM document_tags WHERE document_id = ?)",
                (document_id, document_id),
            )
            self._db.execute("DELETE FROM document_tags WHERE document_id = ?", (document_id,))
            self._give_tags(document_id, tags)

    def _set_photo(self, document_id: str, photo: PhotoInfo | None) -> None:
        if photo:
            values = (document_id, photo.taken, photo.latitude, photo.longitude, photo.camera)
            self._db.execute("INSERT OR REPLACE INTO photos VALUES (?, ?, ?, ?, ?)", values)

    def _give_tags(self, document_id: str, tags: Sequence[str]) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO document_tags VALUES (?, ?)", [(document_id, t) for t in tags]
        )
        self._tag_pages(document_id)

    def _tag_pages(self, document_id: str | None = None) -> None:
        """Give pages the tags of their documents, of all documents without an id."""
        self._db.execute(
            "INSERT OR REPLACE INTO tags SELECT document_id, number, tag, 1.0"
            " FROM document_tags JOIN pages USING (document_id) WHERE document_id = ?1 OR ?1 IS NULL",
            (document_id,),
        )

    def set_captioner(self, name: str) -> None:
        """Set the captioner, empty for none; captions stay until they are replaced."""
        if name == self.captioner():
            return
        with self._transaction():
            self._db.execute("DELETE FROM captioner")
            self._db.execute("INSERT INTO captioner VALUES (?)", (name,))

    def uncaptioned(self, model: str) -> list[tuple[str, int, int]]:
        """Images that `model` has not captioned, in order.

        Each is a document id, a page number and a figure.
        """
        return self._db.execute(
            "SELECT pages.document_id, pages.number, figures.key"
            " FROM pages JOIN json_each(pages.figures) AS figures LEFT JOIN captions"
            " ON captions.document_id = pages.document_id AND captions.number = pages.number"
            " AND captions.figure = figures.key"
            " WHERE captions.model IS NOT ? ORDER BY 1, 2, 3",
            (model,),
        ).fetchall()

    def recaptioned(self) -> list[str]:
        """Ids of documents whose vectors lack their newest captions."""
        return [row[0] for row in self._db.execute("SELECT document_id FROM recaptioned")]
