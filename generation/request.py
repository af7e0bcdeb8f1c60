"""What a language model is sent: instructions, turns of text and pictures, and the shape its reply must have.

The one form that every provider's file translates into its own; knows no provider, and nothing of
pages or citations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture; `media_type` is "image/jpeg", "image/png" or "image/webp"."""

    data: bytes
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said, in order."""

    role: Role
    parts: tuple[str | Picture, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a language model; the last turn is the user's.

    `schema` is a JSON schema that the reply must be an instance of, None for
    free text. `kept` is how many of the first turn's parts stay the same from
    call to call, so that a provider may cache them.
    """

    system: str
    turns: tuple[Turn, ...]
    schema: Mapping[str, Any] | None = None
    max_tokens: int = 2_048
    kept: int = 0
