"""Ask Claude, through Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import Iterator

from generation.answer import Usage
from generation.models.access import Access
from generation.request import Request


class Anthropic:
    """A `ChatModel`."""

    def __init__(self, model: str, access: Access) -> None:
        self.name = f"anthropic:{model}"
        self._access = access

    def reply(self, request: Request) -> Iterator[str | Usage]:
        """See `ChatModel`."""
        raise NotImplementedError
