"""Answers with citations that know their page images."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from api.rag.citation_note import citation_note
from api.results import html
from api.results.search_results import SearchResults
from generation.answer import Answer, Citation

if TYPE_CHECKING:
    from PIL import Image

    from api.rag.evidence import RetrievedEvidence
    from api.results.page_images import PageImages
    from ingest.library.library import Library

CROP = 480
"""Pixels of a cited crop's longer side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCitation(Citation):
    """Citation of a page. `library` is where its image is."""

    library: PageImages = field(repr=False, compare=False)

    @classmethod
    def of(cls, citation: Citation, library: PageImages) -> Self:
        """Attach a citation to its library."""
        return cls(
            citation.label,
            citation.page,
            citation.quote,
            citation.boxes,
            citation.verified,
            citation.grounded,
            library=library,
        )

    def image(self, *, highlight: bool = False) -> Image.Image:
        """Page image (RGB); `highlight` marks the quote.

        Raises:
            PageNotFound: the page has been removed.
        """
        from api.results.page_image import open_page_image

        return open_page_image(self.library, self.page, self.boxes if highlight else ())

    def crop(self) -> Image.Image:
        """Part of the page image (RGB) around the marked quote.

        Without boxes, the whole page.

        Raises:
            PageNotFound: the page has been removed.
        """
        from api.results.page_image import crop_page_image

        return crop_page_image(self.library, self.page, self.boxes)

    def to_dict(self) -> dict[str, Any]:
        """As `ask --json` writes a citation."""
        from api.schemas.answers import CitationBody

        return CitationBody.of(self).model_dump(mode="json")

    def _repr_html_(self) -> str:
        quote = f" “{html.escape(self.quote)}”" if self.quote else ""
        note = html.escape(citation_note(self))
        return (
            f"<div>[{self.label}] {html.escape(str(self.page))}{quote}{note}</div>"
            f"<div>{html.image(self.crop(), str(self.page), CROP)}</div>"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedAnswer(Answer):
    """Answer with the evidence that it was written from; `str()` gives its text."""

    citations: tuple[PageCitation, ...]
    evidence: RetrievedEvidence = field(repr=False, compare=False)
    library: PageImages = field(repr=False, compare=False)

    @classmethod
    def of(cls, answer: Answer, evidence: RetrievedEvidence, library: PageImages) -> Self:
        """Attach an answer to its evidence and its library."""
        return cls(
            question=answer.question,
            text=answer.text,
            citations=tuple(PageCitation.of(one, library) for one in answer.citations),
            model=answer.model,
            declined=answer.declined,
            confidence=answer.confidence,
            threshold=answer.threshold,
            usage=answer.usage,
            note=answer.note,
            dropped_labels=answer.dropped_labels,
            grounded=answer.grounded,
            support=answer.support,
            evidence=evidence,
            library=library,
        )

    @property
    def hits(self) -> SearchResults:
        """Pages that the model was shown, best first."""
        return SearchResults.of(
            self.evidence.hits, cast("Library", self.library), self.evidence.searched
        )

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """As the HTTP API writes an answer; `ask --json` adds `saved`."""
        from api.schemas.answers import AnswerBody

        return AnswerBody.of(self, self.evidence).model_dump(mode="json")

    def to_markdown(self) -> str:
        """As `ask --format md` writes an answer: Markdown, cited pages as footnotes."""
        from api.results.answer_document import answer_markdown

        return answer_markdown(self, self.evidence)

    def to_html(self) -> str:
        """As `ask --format html` writes an answer: a web page that holds its pictures.

        Raises:
            PageNotFound: a cited page has been removed.
        """
        from api.results.answer_document import answer_html

        return answer_html(self, self.evidence, self.library)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page of `to_html` to a file called .html, as `ask --save` does.

        Raises:
            PageNotFound: a cited page has been removed.
            StorageError: the file is not called .html, or cannot be written.
        """
        from api.results.answer_document import save_answer

        return save_answer(Path(path), self, self.evidence, self.library)

    def _repr_html_(self) -> str:
        citations = "".join(citation._repr_html_() for citation in self.citations)
        note = f"<div><i>{html.escape(self.note)}</i></div>" if self.note else ""
        return f"<div><p>{html.escape(self.text)}</p>{citations}{note}</div>"
