"""The plug for models that answer, and how one is chosen by name.

Knows no model: each is imported only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from generation.answer import Usage, Verdict
from generation.limits import Limits
from generation.models.access import Access
from generation.prompt import Prompt
from generation.request import Request
from ingest.fault import Fault

SPECS = "anthropic:MODEL, openai:MODEL, gemini:MODEL or transformers:MODEL"
"""What names a language model."""


class NoModel(Fault):
    """The model asked for is unknown."""


class VisionModel(Protocol):
    """Answers a question from pages."""

    name: str
    sees: bool
    """Whether it looks at page images; one that does not has no use for a page without words."""

    def stream(self, prompt: Prompt) -> Iterator[str | Usage | Verdict]:
        """Pieces of the answer's text as they come, quotes cited as `"quote" [label]`.

        A `Usage` comes once the model knows it (the last one counts), a
        `Verdict` only from a model that has one.
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


def load_model(spec: str, access: Access | None = None) -> VisionModel:
    """Make the model that `spec` names: "extractive", or PROVIDER:MODEL as in `load_chat`.

    Raises:
        NoModel: there is no such model.
        NoKey: its provider wants a key, and `access` has none.
    """
    if spec == "extractive":
        from generation.models.extractive import Extractive

        return Extractive()
    from generation.models.reader import Reader

    return Reader(load_chat(spec, access))


def load_chat(spec: str, access: Access | None = None) -> ChatModel:
    """Make the language model that `spec` names: PROVIDER:MODEL.

    Args:
        spec: "anthropic:MODEL", "openai:MODEL" (any server that speaks OpenAI's
            protocol), "gemini:MODEL" or "transformers:MODEL" (a model on this machine).
        access: how it is reached; without it, its provider's own server and no key,
            or the best device here.

    Raises:
        NoModel: there is no such model, or it writes nothing of its own.
        NoKey: its provider wants a key, and `access` has none.
        WeightsMissing, BadCheckpoint, NoDevice, NoMemory: a model on this machine cannot run.
    """
    access = access or Access()
    provider, _, name = spec.partition(":")
    if name.strip():
        match provider:
            case "anthropic":
                from generation.models.anthropic import Anthropic

                return Anthropic(name, access)
            case "openai" | "gemini":
                from generation.models.openai import OpenAi

                return OpenAi(name, access, provider=provider)
            case "transformers":
                from generation.models.local import Transformers

                return Transformers(name, access.device, access.dtype)
    if spec == "extractive":
        raise NoModel(
            "The extractive model writes nothing of its own.",
            remedy=f"Name a language model: {SPECS}.",
        )
    raise NoModel(
        f"There is no model called {spec!r}.",
        remedy=f"Take extractive, which needs no key and no GPU, or {SPECS}.",
    )
