"""Captioning of photos and figures, with the indexes of text brought up to date.

Knows no language model. A caption is written of a picture, not printed on the
page: it is searched, never quoted.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from ingest.annotate.captioner import Captioner
from ingest.box import crop_image
from ingest.encoders.encoder import Encoder
from ingest.event import Captioned
from ingest.filter import PageFilter
from ingest.index.encode import encode_document
from ingest.index.index import Index
from ingest.library.atomic import aside
from ingest.library.writer import LibraryWriter
from ingest.page import Document

NO_CAPTIONER = "none"
"""The name that stops captioning; captions that are there stay."""


def caption_documents(
    library: LibraryWriter,
    encoders: Callable[[], Sequence[tuple[Encoder, Index]]],
    load: Callable[[str], Captioner] | None,
    name: str | None = None,
    give_way: Callable[[], None] = lambda: None,
) -> Iterator[Captioned]:
    """Caption images that lack a caption of this model.

    Each page is saved as it is done. The writer's lock must be held. What an
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
    left = len({(document_id, number) for document_id, number, _ in waiting})
    for document_id, found in groupby(waiting, key=lambda one: one[0]):
        figures: dict[int, list[int]] = {}
        for _, number, figure in found:
            figures.setdefault(number, []).append(figure)
        records = {r.page.number: r for r in library.page_records(PageFilter.to([document_id]))}
        if not library.has(document_id):
            continue  # removed while the lock was given way
        for number, some in figures.items():
            record = records[number]
            pixels = library.rendered(record).pixels()
            texts = captioner.caption(
                [crop_image(pixels, record.figures[figure]) for figure in some]
            )
            library.set_captions(record.page, kept, dict(zip(some, texts, strict=True)))
            left -= 1
            yield Captioned(record.page, len(some), left)
        _reindex(library, documents[document_id], encoders())
        give_way()


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
