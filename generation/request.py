"""Chat request: system prompt, turns of text, images and files, reply's schema.

The one form that each provider's file translates into its API's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ingest.page import TimeSpan

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """Encoded image; `media_type` is "image/jpeg", "image/png" or "image/webp"."""

    data: bytes
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Clip:
    """Frames of a shot in order, with their times in the recording, in seconds."""

    frames: tuple[EncodedImage, ...]
    times: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Whole file for a model that reads files by itself.

    `media_type` is as RFC 6838 has it. `pages` counts those of a PDF, `seconds` is the
    length of a recording.
    """

    path: Path
    media_type: str
    byte_size: int
    pages: int = 0
    seconds: float = 0.0


Part: TypeAlias = str | EncodedImage | Clip | SourceFile


@dataclass(frozen=True, slots=True)
class Turn:
    """Turn of a conversation: texts, images, clips and files of one role, in order."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def flat(self) -> list[str | EncodedImage]:
        """Its texts and images alone; see `flatten`."""
        return flatten(self.parts)


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


def flatten(parts: Iterable[Part]) -> list[str | EncodedImage]:
    """Texts and images alone: clips as frames with their times before them, no files."""
    flat: list[str | EncodedImage] = []
    for part in parts:
        if isinstance(part, Clip):
            for time, frame in zip(part.times, part.frames, strict=True):
                flat += [f"At {TimeSpan(time, time)}:", frame]
        elif not isinstance(part, SourceFile):
            flat.append(part)
    return flat
