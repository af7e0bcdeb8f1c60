"""The plug for models that answer, and how one is chosen by name.

Knows no model: each is imported only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from generation.answer import SelfAssessment, Usage
from generation.context.limits import Limits
from generation.prompt import Prompt
from generation.request import Request
from ingest.error import InvalidInputError

SPECS = "anthropic:MODEL, openai:MODEL, gemini:MODEL or transformers:MODEL"
"""What names a language model."""


class UnknownModel(InvalidInputError):
    """The model asked for is unknown."""

    code = "unknown-model"


class VisionModel(Protocol):
    """Answers a question from pages."""

    name: str
    uses_images: bool
    """Whether it looks at page images; one that does not has no use for a page without words."""

    def stream(self, prompt: Prompt) -> Iterator[str | Usage | SelfAssessment]:
        """Pieces of the answer's text as they come, quotes cited as `"quote" [label]`.

        A `Usage` comes once the model knows it (the last one counts), a
        `SelfAssessment` only from a model that has one.
        """
        ...


class ChatModel(Protocol):
    """A language model that reads text and pictures: what every provider's file gives."""

    name: str
    """As `load_model` takes it: PROVIDER:MODEL."""

    @property
    def limits(self) -> Limits:
        """What one request may hold."""
        ...

    def reply(self, request: Request) -> Iterator[str | Usage]:
        """Pieces of the reply's text as they come, a `Usage` once it is known.

        Closing the iterator before its end cancels the request.
        """
        ...
