"""Cited pages as PNG files, with their quotes marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from api.results.answer_document import PageNotSaved
from api.results.page_images import PageImages
from generation.answer import Citation
from generation.citations.highlight import highlight
from ingest.page import Box, Page

MAX_STEM_LENGTH = 80
"""Characters of a document's name in the name of a file."""


def save_pages(library: PageImages, citations: Sequence[Citation], folder: Path) -> list[Path]:
    """Write one file a cited page, LABEL-NAME-page-NUMBER.png, in the order of labels.

    Raises:
        PageNotFound: the page has gone.
        PageNotSaved: the folder cannot be written.
    """
    marks: dict[tuple[int, Page], list[Box]] = {}
    for citation in sorted(citations, key=lambda citation: citation.label):
        marks.setdefault((citation.label, citation.page), []).extend(citation.boxes)
    saved = []
    for (label, page), boxes in marks.items():
        path = folder / f"{label}-{_stem(page.document_name)}-page-{page.number}.png"
        image = highlight(library.image(page), boxes)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(image)
        except OSError as error:
            raise PageNotSaved(
                f"{path} cannot be written: {error.strerror}.",
                hint="Give --save-page a folder that can be.",
            ) from error
        saved.append(path)
    return saved


def _stem(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", Path(name).stem).strip("-.")[:MAX_STEM_LENGTH] or "document"
