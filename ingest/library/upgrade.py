"""Library upgrade from an older format, in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from itertools import groupby

from ingest.forms.index_text import index_words
from ingest.library.schema import FORMAT, UPGRADES
from ingest.library.words import unpack_words


def upgrade(db: sqlite3.Connection, old: int, index_names: Callable[[Iterable[str]], None]) -> None:
    """Upgrade a library of format `old`; 0 is an empty database.

    Args:
        index_names: writes the titles and names of documents, by id, into the full-text rows.
    """
    script = UPGRADES.get(old)
    if script is None:
        return
    try:
        db.executescript(f"BEGIN IMMEDIATE;{script}")
        if old:
            _index_pages(db)
            index_names([row[0] for row in db.execute("SELECT id FROM documents")])
            db.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
        db.execute(f"PRAGMA user_version = {FORMAT}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _index_pages(db: sqlite3.Connection) -> None:
    """Write the full-text rows of all pages, from their words and captions."""
    captions = {
        key: [text for *_, text in rows]
        for key, rows in groupby(
            db.execute("SELECT document_id, number, text FROM captions ORDER BY 1, 2, figure"),
            key=lambda row: (row[0], row[1]),
        )
    }
    pages = db.execute("SELECT row, document_id, number, words FROM pages ORDER BY row")
    for row, document_id, number, words in pages:
        text = index_words(unpack_words(words), captions.get((document_id, number), ()))
        db.execute(
            "INSERT INTO terms(rowid, title, body, forms) VALUES (?, '', ?, ?)",
            (row, text.body, text.forms),
        )
