"""JSON of OpenAI's chat protocol: requests, messages and models.

Unknown fields are ignored, since clients send many; those that would change
the shape of a reply are refused.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from api.http.requests import (
    MAX_MESSAGE_LENGTH,
    MAX_MESSAGES,
    MAX_QUERY_LENGTH,
    FilterFields,
    Text,
)
from api.rag.footnotes import without_footnotes
from generation.prompt import Message


class PartBody(BaseModel):
    """Part of a message; only text is read."""

    type: str
    text: Text = ""

    @field_validator("type")
    @classmethod
    def _text_alone(cls, kind: str) -> str:
        if kind != "text":
            raise ValueError(
                f"parts of type {kind} are not read, only text;"
                " POST /v1/search/image searches by an image"
            )
        return kind


class ChatMessage(BaseModel):
    """Message; only the roles user and assistant are shown to the model."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Text | list[PartBody] | None = None

    def text(self) -> str:
        """Text of the message."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """Options of a stream."""

    include_usage: bool = False


class ChatRequest(FilterFields):
    """Conversation that ends with the question; `top`, `whole` and filters."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(max_length=1_000)
    messages: list[ChatMessage] = Field(min_length=1, max_length=MAX_MESSAGES)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = Field(None, ge=1, le=1)
    logprobs: bool | None = None
    tool_choice: Any = None
    response_format: dict[str, Any] | None = None
    top: int | None = Field(None, ge=1, le=50)
    whole: bool = False

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        last = self.messages[-1]
        if last.role != "user":
            raise ValueError("the last message must be the user's")
        if len(last.text()) > MAX_QUERY_LENGTH:
            raise ValueError(f"the question has more than {MAX_QUERY_LENGTH} characters")
        if self.logprobs:
            raise ValueError("logprobs are not given")
        if self.tool_choice not in (None, "auto", "none"):
            raise ValueError("no tools are called")
        if self.response_format and self.response_format.get("type") != "text":
            raise ValueError("answers are text")
        return self

    def question(self) -> str:
        """Text of the last message."""
        return self.messages[-1].text()

    def history(self) -> tuple[Message, ...]:
        """Earlier messages, without footnotes."""
        return tuple(
            Message(said.role, without_footnotes(said.text())[:MAX_MESSAGE_LENGTH])
            for said in self.messages[:-1]
            if (said.role == "user" or said.role == "assistant") and said.text().strip()
        )


class ModelBody(BaseModel):
    """Name of a model."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "pageglass"


class ModelsBody(BaseModel):
    """List of models."""

    object: Literal["list"] = "list"
    data: list[ModelBody]
