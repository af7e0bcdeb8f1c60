"""Conversation: a request in the form of transformers' processors."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from PIL import Image

from generation.request import Clip, EncodedImage, Part, Request, SourceFile

TICKS = 1_000
"""Frames a second that times of clips are counted in."""
_HEADING = re.compile(r"\[(\d{1,4})\]")


def conversation(
    request: Request, plain: Callable[[str], str], *, separate: bool, clips: bool = False
) -> list[dict[str, Any]]:
    """Conversation in the form of transformers' processors.

    Args:
        plain: breaks up special tokens in a text.
        separate: the system prompt is a turn of its own; else it begins the first one.
        clips: clips are videos; else images with their times.
    """
    system = f"{request.system}{schema_text(request)}"
    turns: list[dict[str, Any]] = []
    for turn in request.turns:
        parts = turn.parts if clips else turn.flat
        content = [_item(part, plain, last=at == len(parts)) for at, part in enumerate(parts, 1)]
        turns.append({"role": turn.role, "content": content})
    if separate and system:
        turns.insert(0, text_turn("system", system))
    elif system:
        turns[0]["content"].insert(0, {"type": "text", "text": f"{system}\n\n"})
    return turns


def _item(part: Part, plain: Callable[[str], str], *, last: bool) -> dict[str, Any]:
    match part:
        case EncodedImage():
            return {"type": "image", "image": decode_image(part)}
        case Clip():
            return {"type": "video", "video": [decode_image(frame) for frame in part.frames]}
        case SourceFile():
            return {"type": "text", "text": ""}
    # Some templates put nothing between parts.
    return {"type": "text", "text": plain(part) + "\n" * (not last)}


def video_metadata(request: Request) -> list[dict[str, Any]]:
    """Times of a request's clips, as transformers' video processors take them.

    Frames have the numbers that they would have in a recording of a frame a millisecond.
    """
    return [
        {
            "fps": float(TICKS),
            "frames_indices": [round(time * TICKS) for time in part.times],
            "total_num_frames": round(_seconds(part.times) * TICKS),
        }
        for turn in request.turns
        for part in turn.parts
        if isinstance(part, Clip)
    ]


def _seconds(times: Sequence[float]) -> float:
    """Length of a clip: the mean distance of its frames, for each of them."""
    return (times[-1] - times[0]) * len(times) / max(len(times) - 1, 1)


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
        for part in turn.flat:
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
