"""Documents written straight into a library, without files or encoders, for tests."""

from __future__ import annotations

import hashlib
import io
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from PIL import Image

from ingest.file_state import FileStamp
from ingest.library.home import Home
from ingest.library.writer import LibraryWriter, PageRow
from ingest.page import Box, Document, Page, Rendered, TitleSource, Word

STAMP = FileStamp(100, 1)


def copy_home(home: Home, root: Path) -> Home:
    """A copy of a home and of its shards at a path that is not there yet."""
    for database in home.root.rglob(home.database.name):
        with closing(sqlite3.connect(database)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    # These files go when a reader closes, at any moment: none of what is committed is there.
    beside = shutil.ignore_patterns(f"{home.database.name}-*")
    return Home(shutil.copytree(home.root, root, ignore=beside))


def make_words(text: str) -> tuple[Word, ...]:
    """The words of a text on one line."""
    parts = text.split()
    step = 1 / max(len(parts), 1)
    return tuple(Word(t, (i * step, 0.1, (i + 1) * step, 0.2)) for i, t in enumerate(parts))


def make_image(shade: int) -> bytes:
    """A grey image of 8 x 8 pixels (WebP)."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (shade, shade, shade)).save(file, "WEBP")
    return file.getvalue()


def render(
    document_id: str, number: int, text: str, figures: Sequence[Box] = (), title: str = ""
) -> Rendered:
    """A page of these words."""
    return Rendered(
        page=Page(document_id, number),
        image=make_image(number),
        width=600,
        height=800,
        words=make_words(text),
        figures=tuple(figures),
        source="text" if text else "none",
        context=title,
    )


def stage(home: Home, pages: Sequence[Rendered]) -> Path:
    """The images of a document in staging."""
    images = home.staging / pages[0].page.document_id
    images.mkdir(parents=True)
    for page in pages:
        (images / f"{page.page.number}.webp").write_bytes(page.image)
    return images


def write_document(
    library: LibraryWriter,
    name: str,
    *texts: str,
    document_id: str = "",
    paths: Sequence[str] | None = None,
    kind: str = "pdf",
    title: str = "",
    title_source: TitleSource | None = None,
    added_at: str = "2024-05-01T10:00:00+00:00",
    revision: str = "r1",
    figures: Sequence[Box] = (),
) -> Document:
    """Add a document with a page for each text, known by /files/NAME."""
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    document_id = document_id or sha256[:20]
    document = Document(
        id=document_id,
        sha256=sha256,
        name=name,
        paths=(f"/files/{name}",) if paths is None else tuple(paths),
        kind=kind,
        title=title,
        page_count=len(texts),
        byte_size=100,
        revision=revision,
        added_at=added_at,
        title_source=title_source,
    )
    pages = [render(document_id, n, text, figures, title) for n, text in enumerate(texts, start=1)]
    library.add(
        document,
        map(PageRow.of, pages),
        stage(library.home, pages),
        dict.fromkeys(document.paths, STAMP),
    )
    return document
