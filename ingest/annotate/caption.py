"""Captioning of photos and figures, with the indexes of text brought up to date.

Knows no language model. A caption is written of a picture, not printed on the
page: it is searched, never quoted.
"""

from __future__ import annotations

import shutil
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TypeAlias

from PIL import Image

from ingest.annotate.captioner import Captioner
from ingest.box import crop_image
from ingest.disk.atomic import aside
from ingest.encoders.encoder import Encoder
from ingest.event import Captioned
from ingest.filter import PageFilter
from ingest.index.encode import encode_document
from ingest.index.index import Index
from ingest.library.pages import PageRecord
from ingest.library.writer import LibraryWriter
from ingest.page import Document

NO_CAPTIONER = "none"
"""The name that stops captioning; captions that are there stay."""

CaptionedPage: TypeAlias = tuple[str, int, list[int]]
"""Document id, page number and figures of a page."""


def caption_documents(
    library: LibraryWriter,
    encoders: Callable[[], Sequence[tuple[Encoder, Index]]],
    load: Callable[[str], Captioner] | None,
    name: str | None = None,
    give_way: Callable[[], None] = lambda: None,
) -> Iterator[Captioned]:
    """Caption images that lack a caption of this model.

    As many pages are captioned together as the captioner takes images; each is saved
    as they are done. The writer's lock must be held. What an
    earlier run captioned and did not bring into the indexes is brought in too.

    Args:
        encoders: gives the home's encoders with their indexes.
        load: makes a captioner of its name, once there is something to caption;
            without it nothing is captioned.
        name: who captions from now on, "none" for nobody; None keeps to who did.
        give_way: called between documents; others may write during it.

    Raises:
        What `load` and the captioner raise. What was captioned stays.
    """
    if name is not None:
        library.set_captioner("" if name == NO_CAPTIONER else name)
    kept = library.captioner()
    documents = {document.id: document for document in library.documents()}
    for document_id in library.recaptioned():
        _reindex(library, documents[document_id], encoders())
    waiting = library.uncaptioned(kept) if kept and load else []
    if not load or not waiting:
        return
    captioner = load(kept)
    pages = _pages(waiting)
    known: dict[str, dict[int, PageRecord]] = {}
    left = len(pages)
    while pages:
        some = _take(pages, captioner.batch)
        left -= len(some)
        yield from _caption(library, captioner, kept, some, known, left)
        for document_id in dict.fromkeys(document_id for document_id, _, _ in some):
            ended = not pages or pages[0][0] != document_id
            if ended and library.has(document_id):
                _reindex(library, documents[document_id], encoders())
                give_way()


def _pages(waiting: Sequence[tuple[str, int, int]]) -> deque[CaptionedPage]:
    """Images by their pages, in order."""
    found: deque[CaptionedPage] = deque()
    for (document_id, number), images in groupby(waiting, key=lambda one: one[:2]):
        found.append((document_id, number, [figure for _, _, figure in images]))
    return found


def _take(pages: deque[CaptionedPage], batch: int) -> list[CaptionedPage]:
    """Take the next pages out: as many as have `batch` images together, at least one."""
    some = [pages.popleft()]
    count = len(some[0][2])
    while pages and count + len(pages[0][2]) <= batch:
        some.append(pages.popleft())
        count += len(some[-1][2])
    return some


def _caption(
    library: LibraryWriter,
    captioner: Captioner,
    name: str,
    pages: Sequence[CaptionedPage],
    known: dict[str, dict[int, PageRecord]],
    left: int,
) -> Iterator[Captioned]:
    """Caption the images of pages together, and save them.

    `known` has the records of the document that was read last.
    """
    there = []
    for document_id, number, figures in pages:
        if not library.has(document_id):
            continue  # removed while the lock was given way
        if document_id not in known:
            known.clear()
            only = PageFilter.to([document_id])
            known[document_id] = {r.page.number: r for r in library.page_records(only)}
        there.append((known[document_id][number], figures))
    pictures: list[Image.Image] = []
    for record, figures in there:
        pixels = library.rendered(record).pixels()
        pictures += [crop_image(pixels, record.figures[figure]) for figure in figures]
    texts = iter(captioner.caption(pictures) if pictures else [])
    for to_come, (record, figures) in zip(range(len(there) - 1, -1, -1), there, strict=True):
        library.set_captions(record.page, name, {figure: next(texts) for figure in figures})
        yield Captioned(record.page, len(figures), left + to_come)


def _reindex(
    library: LibraryWriter, document: Document, encoders: Sequence[tuple[Encoder, Index]]
) -> None:
    """Encode a document again in indexes of text, under a new revision that searchers notice."""
    renewed = replace(document, revision=uuid.uuid4().hex[:12])
    for encoder, index in encoders:
        if index.manifest.modality in ("text", "passage"):
            # A page whose only words were a caption may have none now.
            index.records.delete([document.id])
            encode_document(library, encoder, index, renewed)
        elif index.has(document):
            with index.path(document).open("rb") as old, aside(index.path(renewed)) as new:
                shutil.copyfileobj(old, new)
    library.revise(renewed)
    for _, index in encoders:
        index.sweep_revisions([renewed])
