"""The plug for models that answer, and how one is chosen by name.

Knows no model: each is imported only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from generation.answer import Usage, Verdict
from generation.prompt import Prompt
from generation.request import Request
from ingest.fault import Fault


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

    def reply(self, request: Request) -> Iterator[str | Usage]:
        """Pieces of the reply's text as they come, a `Usage` once it is known.

        Closing the iterator before its end cancels the request.
        """
        ...


def load_model(spec: str) -> VisionModel:
    """Make the model that `spec` names: "extractive".

    Raises:
        NoModel: there is no such model.
    """
    match spec:
        case "extractive":
            from generation.models.extractive import Extractive

            return Extractive()
    raise NoModel(
        f"There is no model called {spec!r}.",
        remedy="Take extractive, which needs no key and no GPU.",
    )


def load_chat(spec: str, device: str = "auto", dtype: str = "auto") -> ChatModel:
    """Make the language model that `spec` names: "transformers:MODEL".

    Raises:
        NoModel: there is no such model.
        WeightsMissing, BadCheckpoint, NoDevice, NoMemory
    """
    kind, _, model = spec.partition(":")
    match kind:
        case "transformers" if model:
            from generation.models.local import Transformers

            return Transformers(model, device, dtype)
    raise NoModel(
        f"There is no language model called {spec!r}.",
        remedy="Take transformers:MODEL; MODEL is a folder or a hub id.",
    )
