"""Conversation: a request in the form of transformers' processors."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from PIL import Image

from generation.request import EncodedImage, Request

_HEADING = re.compile(r"\[(\d{1,4})\]")


def conversation(
    request: Request, plain: Callable[[str], str], *, separate: bool
) -> list[dict[str, Any]]:
    """Conversation in the form of transformers' processors.

    Args:
        plain: breaks up special tokens in a text.
        separate: the system prompt is a turn of its own; else it begins the first one.
    """
    system = f"{request.system}{schema_text(request)}"
    turns: list[dict[str, Any]] = [
        {
            "role": turn.role,
            "content": [
                {"type": "image", "image": decode_image(part)}
                if isinstance(part, EncodedImage)
                # Some templates put nothing between parts.
                else {"type": "text", "text": plain(part) + "\n" * (at < len(turn.parts))}
                for at, part in enumerate(turn.parts, 1)
            ],
        }
        for turn in request.turns
    ]
    if separate and system:
        turns.insert(0, text_turn("system", system))
    elif system:
        turns[0]["content"].insert(0, {"type": "text", "text": f"{system}\n\n"})
    return turns


def name_pictures(request: Request) -> Request:
    """Request that says at the start of each turn which picture is which page.

    For templates that part the pictures from the headings before them.
    """
    turns = []
    for turn in request.turns:
        labels = [label for label, _ in labelled_images(replace(request, turns=(turn,)))]
        names = [
            f"Picture {at} is page [{label}].\n" for at, label in enumerate(labels, 1) if label
        ]
        turns.append(replace(turn, parts=("".join(names), *turn.parts)) if names else turn)
    return replace(request, turns=tuple(turns))


def labelled_images(request: Request) -> Iterator[tuple[int | None, EncodedImage]]:
    """Images of a request, each with the label of the text before it."""
    label = None
    for turn in request.turns:
        for part in turn.parts:
            if isinstance(part, EncodedImage):
                yield label, part
            elif found := _HEADING.match(part):
                label = int(found[1])


def question_of(request: Request) -> str:
    """Question of a request: the last text of the last turn, without its prefix."""
    texts = [part for part in request.turns[-1].parts if isinstance(part, str)]
    return texts[-1].removeprefix("Question:").strip() if texts else ""


def decode_image(image: EncodedImage) -> Image.Image:
    """Decode an image to RGB."""
    return Image.open(io.BytesIO(image.data)).convert("RGB")


def schema_text(request: Request) -> str:
    """Schema of a reply as a part of the text; empty without one."""
    if request.schema is None:
        return ""
    schema = json.dumps(dict(request.schema), ensure_ascii=False)
    return f"\n\nReply with JSON alone, an instance of this JSON schema:\n{schema}"


def text_turn(role: str, text: str) -> dict[str, Any]:
    """Turn of one text."""
    return {"role": role, "content": [{"type": "text", "text": text}]}
