"""Annotations: tags with probabilities, and captions of images, read and written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ingest.library.database import LibraryDatabase
from ingest.page import Caption, Document, Page


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
