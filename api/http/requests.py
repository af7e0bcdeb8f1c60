"""JSON requests; an unknown field is refused, so that a mistyped one is noticed."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Self

from fastapi import UploadFile
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from api.page_search import make_filter
from generation.prompt import Message
from generation.request import Role
from ingest.filter import PageFilter
from ingest.page import DocumentKind

NOT_BLANK: dict[str, Any] = {"minLength": 1, "pattern": r"\S"}
"""JSON Schema of text that is not blank; a blank one gets a problem of its own."""
FOLDER = "Only files in a folder of this name, or below it."
MAX_HITS = 100
MAX_QUERY_LENGTH = 2_000
"""Characters."""
MAX_MESSAGE_LENGTH = 100_000
"""Characters of an earlier message."""
MAX_MESSAGES = 200


def _day(given: Any) -> Any:
    """Accept a day as text alone: numbers would count as seconds since 1970."""
    if isinstance(given, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", given, re.ASCII):
        raise ValueError("a day is written like 2025-01-31")
    if not isinstance(given, str | date):
        raise ValueError("a day is text, like 2025-01-31")
    return given


def _place(given: Any) -> Any:
    """Accept a place in one field of a form; one that is empty or null is none."""
    if isinstance(given, list | tuple) and len(given) == 1 and isinstance(given[0], str):
        text = given[0].strip().strip("[]")
        return None if text in {"", "null"} else text.split(",")
    return given


def _whole(text: str) -> str:
    """Accept text that is Unicode: half of a surrogate pair is not."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("it has half of a surrogate pair") from None
    return text


Text = Annotated[str, AfterValidator(_whole)]
PartText = Annotated[Text, Field(min_length=1, max_length=MAX_QUERY_LENGTH, pattern=r"\S")]
PartPage = Annotated[Text, Field(max_length=100)]
MAX_NUMBER = 1_000_000_000
"""Of a page."""
Day = Annotated[date, BeforeValidator(_day)]


def _closed(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]}, extra="forbid")


def _without_null(schema: dict[str, Any]) -> None:
    """Describe the fields of a form, which are left out and never null."""
    for field in schema["properties"].values():
        for one in field.pop("anyOf", ()):
            if one != {"type": "null"}:
                field |= one


class PageConditions(BaseModel):
    """Conditions on pages, by tags, kind of file, day of ingest and page number."""

    model_config = ConfigDict(extra="forbid")

    tags: list[Text] = Field(
        [], max_length=100, description="Only pages that have all of these tags."
    )
    kind: DocumentKind | None = Field(None, description="Only documents of this kind.")
    since: Day | None = Field(None, description="Only documents added on this day or later.")
    until: Day | None = Field(None, description="Only documents added on this day or earlier.")
    taken_since: Day | None = Field(None, description="Only photos taken on this day or later.")
    taken_until: Day | None = Field(None, description="Only photos taken on this day or earlier.")
    near: tuple[float, float, float] | None = Field(
        None, description="Only photos taken near a place: latitude, longitude and km from there."
    )
    first_page: int | None = Field(
        None, ge=1, le=MAX_NUMBER, description="Only pages from this number on."
    )
    last_page: int | None = Field(
        None, ge=1, le=MAX_NUMBER, description="Only pages up to this number."
    )

    def page_filter(self) -> PageFilter:
        """Filter of pages, without documents."""
        return make_filter(
            tags=self.tags,
            kind=self.kind,
            since=self.since,
            until=self.until,
            pages=(self.first_page, self.last_page),
            taken_since=self.taken_since,
            taken_until=self.taken_until,
            near=self.near,
        )


class FilterFields(PageConditions):
    """Filters of every request that searches pages."""

    documents: list[Text] | None = Field(
        None,
        max_length=1_000,
        description="Only these: ids, heads of ids, file names or ends of paths.",
    )
    folder: Text | None = Field(None, max_length=4_096, description=FOLDER)


class SearchRequest(FilterFields):
    """Search request."""

    model_config = _closed({"query": "visitors in August", "top": 5})

    query: str = Field(
        max_length=MAX_QUERY_LENGTH,
        description='A question or a description. "A phrase", -word, word*, AND, OR restrict it.',
        json_schema_extra=NOT_BLANK,
    )
    top: int = Field(10, ge=1, le=MAX_HITS, description="How many pages at most.")
    images: bool = Field(False, description="Only photos and figures, by what they show.")


class ImageSearchRequest(FilterFields):
    """Search by an image, by pages, or by a sum with texts, as a form."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_without_null)

    near: Annotated[tuple[float, float, float] | None, BeforeValidator(_place)] = Field(
        None, description="Only photos taken near a place: three fields, or LAT,LON,KM in one."
    )
    file: UploadFile | None = Field(
        None, description="An image, a PDF (its first page) or a video. It is not kept."
    )
    text: list[PartText] = Field([], description="Texts that are added.")
    minus: list[PartText] = Field([], description="Texts taken away.")
    like: list[PartPage] = Field([], description="Pages that are added.")
    unlike: list[PartPage] = Field([], description="Pages taken away.")
    top: int = Field(10, ge=1, le=MAX_HITS)


class MessageBody(BaseModel):
    """Message of a conversation."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    text: str = Field(max_length=MAX_MESSAGE_LENGTH)


class AskRequest(FilterFields):
    """Question as `query`, or as the last of `messages`."""

    model_config = _closed({"query": "How many people came in August?"})

    query: str | None = Field(
        None,
        max_length=MAX_QUERY_LENGTH,
        description="A question.",
        json_schema_extra=NOT_BLANK,
    )
    messages: list[MessageBody] | None = Field(
        None,
        min_length=1,
        max_length=MAX_MESSAGES,
        description="A conversation, oldest first; the last message, the user's, is the question.",
    )
    whole: bool = Field(
        False, description="All pages of the one document named, in place of those of a search."
    )
    stream: bool = Field(
        False, description="Whether to send the answer as it comes, as server-sent events."
    )
    top: int | None = Field(
        None, ge=1, le=50, description="How many pages to answer from; PAGEGLASS_EVIDENCE_PAGES."
    )

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if (self.query is None) == (self.messages is None):
            raise ValueError("give either query or messages")
        if self.messages:
            if self.messages[-1].role != "user":
                raise ValueError("the last message must be the user's")
            if len(self.messages[-1].text) > MAX_QUERY_LENGTH:
                raise ValueError(f"the question has more than {MAX_QUERY_LENGTH} characters")
        return self

    def question(self) -> str:
        """Text of the question."""
        return self.messages[-1].text if self.messages else self.query or ""

    def history(self) -> tuple[Message, ...]:
        """Earlier messages."""
        return tuple(Message(said.role, said.text) for said in (self.messages or [])[:-1])


class DocumentEdit(BaseModel):
    """Edit of a document: what is null or left out stays as it is."""

    model_config = _closed({"title": "Annual report 2024", "tags": ["finance"]})

    title: Text | None = Field(
        None, max_length=500, description="A title.", json_schema_extra=NOT_BLANK
    )
    tags: list[Annotated[Text, Field(min_length=1, max_length=100, pattern=r"\S")]] | None = Field(
        None, max_length=50, description="Tags in place of those that it was given."
    )


class SessionRequest(BaseModel):
    """Sign-in of a browser with a token."""

    model_config = _closed({"token": "7f3a-long-random-text"})

    token: SecretStr = Field(max_length=4_096)
