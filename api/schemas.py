"""The shapes that leave the program as JSON: the same over HTTP and from `--json`.

Field names are a promise (docs/http.md); a field may be added, none changes its meaning.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from api.rag.evidence import RetrievedEvidence
from generation.answer import Answer, Citation, Grounded, Usage
from ingest.file_state import Failure
from ingest.library.documents import readable
from ingest.page import Document, Page
from retrieval.hit import Hit

Edges = tuple[float, float, float, float]
"""A box: left, top, right, bottom as fractions of the page."""

_ID = "8c1f0a5be2d94c7713aa"
_PAGE: dict[str, Any] = {
    "page": f"{_ID}-3",
    "document": _ID,
    "name": "annual-report.pdf",
    "number": 3,
}
_BOX = [0.12, 0.31, 0.58, 0.34]
_HIT: dict[str, Any] = {
    **_PAGE,
    "rank": 1,
    "score": 2.41,
    "regions": [{"box": _BOX, "score": 0.71, "words": "6,735 people came in August"}],
    "signals": {"bm25": 7.9, "late.minilm": 0.62, "dense.minilm": 0.55},
    "caption": None,
}
_CITATION: dict[str, Any] = {
    **_PAGE,
    "label": 1,
    "quote": "6,735 people came in August",
    "boxes": [_BOX],
    "verified": True,
    "grounded": "quote",
}
_DOCUMENT: dict[str, Any] = {
    "document": _ID,
    "name": "annual-report.pdf",
    "paths": ["/home/ada/annual-report.pdf"],
    "kind": "pdf",
    "title": "Annual report 2024",
    "pages": 8,
    "bytes": 182_344,
    "sha256": _ID + "0" * 44,
    "revision": "5d1c0f9e8a7b",
    "added_at": "2025-01-31T09:30:00+00:00",
}


def _example(value: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [value]})


class PageBody(BaseModel):
    """A page's address. `page` is its key in URLs; `number` counts from 1."""

    page: str
    document: str
    name: str
    number: int


class RegionBody(BaseModel):
    """A part of a page that fits; `words` is empty for a picture."""

    box: Edges
    score: float
    words: str


class HitBody(PageBody):
    """A page found. `score` ranks within one search only; `signals` are its raw parts.

    `caption` is what a model wrote of its pictures, null where none did.
    """

    model_config = _example(_HIT)

    rank: int
    score: float
    regions: list[RegionBody]
    signals: dict[str, float]
    caption: str | None = None

    @classmethod
    def of(cls, rank: int, hit: Hit) -> Self:
        """The `rank`th hit (from 1)."""
        return cls(
            **_address(hit.page),
            rank=rank,
            score=hit.score,
            regions=[RegionBody(box=r.box, score=r.score, words=r.words) for r in hit.regions],
            signals=hit.signals,
            caption=hit.caption or None,
        )


class SearchBody(BaseModel):
    """The pages found, best first."""

    model_config = _example({"query": "visitors in August", "hits": [_HIT]})

    query: str
    hits: list[HitBody]

    @classmethod
    def of(cls, query: str, hits: Iterable[Hit]) -> Self:
        """Hits, best first."""
        return cls(query=query, hits=[HitBody.of(rank, hit) for rank, hit in enumerate(hits, 1)])


class CitationBody(PageBody):
    """A page that the answer cites; `verified` where the quote was found in its words.

    `grounded` is "quote" then, "region" where `boxes` is the part that looks
    most like what the answer says, and "none" where nothing ties it to the page.
    """

    model_config = _example(_CITATION)

    label: int
    quote: str
    boxes: list[Edges]
    verified: bool
    grounded: Grounded

    @classmethod
    def of(cls, citation: Citation) -> Self:
        """A citation."""
        return cls(
            **_address(citation.page),
            label=citation.label,
            quote=citation.quote,
            boxes=list(citation.boxes),
            verified=citation.verified,
            grounded=citation.grounded,
        )


class UsageBody(BaseModel):
    """What the answer took, in the model's own tokens.

    `cached_tokens` of the input its provider had kept; `cost` is an estimate in
    US dollars, null where prices are not known.
    """

    model: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: float | None

    @classmethod
    def of(cls, usage: Usage) -> Self:
        """A usage."""
        return cls(
            model=usage.model,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_tokens=usage.cached_tokens,
            cost=usage.cost,
        )


class AnswerBody(BaseModel):
    """An answer. Where it `declined`, `confidence` was below `threshold`, the model said so, or no citation held.

    `searched` is what was looked for: the question, or after a conversation a
    rewriting of it that stands alone. `grounded` is false where it `declined`;
    `support` is the share, 0..1, of its claims with a verified citation;
    `dropped_labels` counts labels in the text that name no page.
    """

    model_config = _example(
        {
            "query": "How many people came in August?",
            "text": '"6,735 people came in August" [1]',
            "citations": [_CITATION],
            "model": "extractive",
            "declined": False,
            "confidence": 0.83,
            "threshold": 0.5,
            "note": "No language model was used.",
            "usage": {
                "model": "extractive",
                "input_tokens": 0,
                "output_tokens": 0,
                "cached_tokens": 0,
                "cost": None,
            },
            "searched": "How many people came in August?",
            "grounded": True,
            "support": 1.0,
            "dropped_labels": 0,
        }
    )

    query: str
    text: str
    citations: list[CitationBody]
    model: str
    declined: bool
    confidence: float | None
    threshold: float | None
    note: str
    usage: UsageBody
    searched: str
    grounded: bool
    support: float
    dropped_labels: int

    @classmethod
    def of(cls, answer: Answer, retrieved: RetrievedEvidence) -> Self:
        """An answer."""
        return cls(
            query=retrieved.question,
            text=answer.text,
            citations=[CitationBody.of(citation) for citation in answer.citations],
            model=answer.model,
            declined=answer.declined,
            confidence=answer.confidence,
            threshold=answer.threshold,
            note=answer.note,
            usage=UsageBody.of(answer.usage),
            searched=retrieved.searched,
            grounded=answer.grounded,
            support=round(answer.support, 3),
            dropped_labels=answer.dropped_labels,
        )


class DeltaBody(BaseModel):
    """The next piece of an answer's text."""

    text: str


class DocumentBody(BaseModel):
    """A document: a file's content, and the paths it was read from."""

    model_config = _example(_DOCUMENT)

    document: str
    name: str
    paths: list[str]
    kind: str
    title: str
    pages: int
    bytes: int
    sha256: str
    revision: str
    added_at: str

    @classmethod
    def of(cls, document: Document) -> Self:
        """A document."""
        return cls(
            document=document.id,
            name=document.name,
            paths=[readable(path) for path in document.paths],
            kind=document.kind,
            title=document.title,
            pages=document.page_count,
            bytes=document.byte_size,
            sha256=document.sha256,
            revision=document.revision,
            added_at=document.added_at,
        )


class DocumentsBody(BaseModel):
    """Every document, by name."""

    documents: list[DocumentBody]


class FileBody(BaseModel):
    """What became of one uploaded file.

    `status` is 201 where it was added, 200 where its content was there
    already, 422 where it cannot be read: then `error` and `hint` say why.
    """

    model_config = _example(
        {
            "file": "annual-report.pdf",
            "status": 201,
            "document": _DOCUMENT,
            "error": None,
            "hint": None,
        }
    )

    file: str
    status: Annotated[int, Field(description="201, 200 or 422")]
    document: DocumentBody | None = None
    error: str | None = None
    hint: str | None = None


class UploadBody(BaseModel):
    """One result a file, in the order they came."""

    files: list[FileBody]


class HealthBody(BaseModel):
    """That it runs, and which version."""

    model_config = _example({"status": "ok", "version": "0.1.0"})

    status: str
    version: str


class ProblemBody(BaseModel):
    """A problem as RFC 9457 describes it, with a `hint`: what to do next."""

    model_config = _example(
        {
            "type": "urn:pageglass:problem:no-document",
            "title": "No document",
            "status": 404,
            "detail": "There is no document 'report.pdf'.",
            "hint": "GET /v1/documents shows what there is.",
        }
    )

    type: str
    title: str
    status: int
    detail: str
    hint: str


def failure_record(failure: Failure) -> dict[str, str]:
    """A file set aside, as `--json` shows it."""
    return {
        "path": readable(failure.path),
        "reason": failure.reason,
        "hint": failure.hint,
    }


def _address(page: Page) -> dict[str, Any]:
    return {
        "page": page.key,
        "document": page.document_id,
        "name": page.document_name,
        "number": page.number,
    }
