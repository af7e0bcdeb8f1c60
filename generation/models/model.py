"""Model protocols: a model that answers from pages, and a chat model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from generation.answer import SelfAssessment, Usage
from generation.context.limits import Limits
from generation.prompt import Prompt
from generation.request import Request
from ingest.error import InvalidInputError

SPECS = (
    "anthropic:MODEL, openai:MODEL, gemini:MODEL, ollama:MODEL, openrouter:MODEL, bedrock:MODEL,"
    " vertex:MODEL or transformers:MODEL"
)
"""Names of language models."""

DEFAULTS = {
    "anthropic": "claude-sonnet-5",
    "openai": "gpt-5.4-mini",
    "gemini": "gemini-2.5-flash",
    "ollama": "qwen2.5vl",
}
"""Model that a provider's name alone stands for."""

_BARE = (
    (re.compile(r"claude-\S+"), "anthropic"),
    (re.compile(r"(?:gpt-|chatgpt-|o\d)\S*"), "openai"),
    (re.compile(r"gemini-\S+"), "gemini"),
)


def resolve_spec(spec: str) -> str:
    """Full name of a model: PROVIDER:MODEL for a provider or a known model alone.

    >>> resolve_spec("claude-haiku-4-5"), resolve_spec("ollama")
    ('anthropic:claude-haiku-4-5', 'ollama:qwen2.5vl')
    """
    spec = spec.strip()
    if spec in DEFAULTS:
        return f"{spec}:{DEFAULTS[spec]}"
    for pattern, provider in _BARE:
        if ":" not in spec and pattern.fullmatch(spec):
            return f"{provider}:{spec}"
    return spec


class UnknownModel(InvalidInputError):
    """There is no model of that name."""

    code = "unknown-model"


class VisionModel(Protocol):
    """Model that answers a question from pages."""

    name: str
    uses_images: bool
    """Whether it reads page images; one that does not cannot use a page without words."""

    @property
    def chat(self) -> ChatModel | None:
        """The language model behind it; None for a model without one."""
        ...

    def stream(self, prompt: Prompt) -> Iterator[str | Usage | SelfAssessment]:
        """Stream the answer's text in pieces, with quotes cited as `"quote" [label]`.

        A `Usage` comes once the model knows it (the last one counts), a
        `SelfAssessment` only from a model that has one.
        """
        ...


def keep_files(chat: ChatModel | None) -> AbstractContextManager[None]:
    """Context in which sent files serve several requests; then they are deleted."""
    keep = getattr(chat, "keep_files", None)
    return keep() if keep else nullcontext()


class ChatModel(Protocol):
    """Language model that reads text and images; each provider's file has one."""

    name: str
    """As `load_model` takes it: PROVIDER:MODEL."""

    @property
    def limits(self) -> Limits:
        """Limits of one request."""
        ...

    def reply(self, request: Request) -> Iterator[str | Usage]:
        """Stream the reply's text in pieces, and a `Usage` once it is known.

        Closing the iterator before its end cancels the request.
        """
        ...
