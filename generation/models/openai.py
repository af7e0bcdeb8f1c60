"""Ask a model whose server speaks OpenAI's Chat Completions."""

from __future__ import annotations

from collections.abc import Iterator

from generation.answer import Usage
from generation.models.access import Access
from generation.request import Request


class OpenAi:
    """A `ChatModel`."""

    def __init__(self, model: str, access: Access, *, provider: str = "openai") -> None:
        self.name = f"{provider}:{model}"
        self._access = access

    def reply(self, request: Request) -> Iterator[str | Usage]:
        """See `ChatModel`."""
        raise NotImplementedError
