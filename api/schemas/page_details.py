"""JSON of a page with its words, figures, captions, tags and note."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel

from api.schemas.pages import EXAMPLE_BOX, EXAMPLE_PAGE, Edges, PageBody, example, page_fields
from ingest.library.library import Library
from ingest.library.pages import PageRecord
from ingest.page import Document, shown_words


class WordBody(BaseModel):
    """Word as printed.

    `block` numbers the blocks in reading order, 0 where it is not known. `rest` is the box of the second part of a word that is broken at a line end.
    """

    text: str
    box: Edges
    block: int
    role: str
    rest: Edges | None


class CaptionBody(BaseModel):
    """Caption that a model wrote of the image in `box`; it is not printed there."""

    text: str
    box: Edges
    model: str


class PageDetailBody(PageBody):
    """Page with its words in reading order.

    `width` and `height` are the size of its image in pixels. `source` says where the words
    come from: text, ocr, text+ocr or none. `tags` are probabilities by tag. `pages` is the
    number of pages of the document, of which `title`, `kind` and `revision` are too. Text that
    the page does not show is left out.
    """

    model_config = example(
        {
            **EXAMPLE_PAGE,
            "title": "Annual report 2024",
            "kind": "pdf",
            "revision": "5d1c0f9e8a7b",
            "pages": 8,
            "width": 1_240,
            "height": 1_754,
            "source": "text",
            "words": [
                {"text": "6,735", "box": EXAMPLE_BOX, "block": 4, "role": "text", "rest": None}
            ],
            "figures": [],
            "captions": [],
            "tags": {},
            "note": None,
        }
    )

    title: str
    kind: str
    revision: str
    pages: int
    width: int
    height: int
    source: str
    words: list[WordBody]
    figures: list[Edges]
    captions: list[CaptionBody]
    tags: dict[str, float]
    note: str | None

    @classmethod
    def read(cls, library: Library, record: PageRecord, document: Document) -> Self:
        """JSON of a page, read from its library."""
        page = record.page
        return cls(
            **page_fields(page),
            title=document.titled().title,
            kind=document.kind,
            revision=document.revision,
            pages=document.page_count,
            width=record.width,
            height=record.height,
            source=record.source,
            words=[
                WordBody(text=w.text, box=w.box, block=w.block, role=w.role, rest=w.rest)
                for w in shown_words(library.words(page))
            ],
            figures=list(record.figures),
            captions=[
                CaptionBody(text=c.text, box=c.box, model=c.model) for c in library.captions(page)
            ],
            tags=library.tags(page),
            note=library.note(page) or None,
        )
