"""Chat request: system prompt, turns of text and images, schema of the reply.

The one form that each provider's file translates into its API's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """Encoded image; `media_type` is "image/jpeg", "image/png" or "image/webp"."""

    data: bytes
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Turn of a conversation: texts and images of one role, in order."""

    role: Role
    parts: tuple[str | EncodedImage, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """Request to a language model; the last turn is the user's.

    `schema` is the JSON schema of the reply, None for free text. The first
    `cached_parts` parts of the first turn stay the same from call to call, so
    that a provider may cache them (prompt caching).
    """

    system: str
    turns: tuple[Turn, ...]
    schema: Mapping[str, Any] | None = None
    max_tokens: int = 2_048
    cached_parts: int = 0
