"""Shot inputs: frames of shots, and their words with times, beside their pages."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from PIL import Image

from generation.context.limits import Limits, count_tokens
from generation.context.page_input import PageInput, PageInputs, page_text, shrink
from generation.context.room import Room, base64_size
from generation.request import Clip
from generation.text.quote import find_quote
from ingest.files.video.cues import Cue
from ingest.files.video.shot_view import ShotView
from ingest.page import TimeSpan, Word

LEAST_FRAMES = 2
"""Fewer frames show no more than the page."""


def add_frames(inputs: PageInputs, limits: Limits) -> PageInputs:
    """Add frames to the shots, as far as the limits leave room, best first."""
    shots = sum(each.evidence.shot is not None for each in inputs.page_inputs)
    if not shots or not limits.max_frames:
        return inputs
    room = _room_after(inputs.page_inputs, limits)
    count = min(limits.max_frames, max(room.images // shots, LEAST_FRAMES))
    return replace(
        inputs,
        page_inputs=tuple(_with_frames(each, count, limits, room) for each in inputs.page_inputs),
    )


def _room_after(page_inputs: Sequence[PageInput], limits: Limits) -> Room:
    images = [image for each in page_inputs for image in each.images]
    room = Room.of(limits)
    if limits.many_images and len(images) <= limits.many_images[0]:
        room.images = min(room.images, limits.many_images[0])
    room.images -= len(images)
    room.size -= sum(map(base64_size, images))
    room.tokens -= sum(count_tokens(each.text) for each in page_inputs)
    room.tokens -= sum(limits.image_tokens.tokens(i.width, i.height) for i in images)
    return room


def _with_frames(page_input: PageInput, count: int, limits: Limits, room: Room) -> PageInput:
    load = page_input.evidence.shot
    if load is None or room.images < LEAST_FRAMES:
        return page_input
    view: ShotView = load(count)
    text = timed_text(page_input.evidence.words, view.cues, limits.max_page_chars)
    frames = []
    for frame in view.frames:
        with Image.open(io.BytesIO(frame.image)) as opened:
            frames.append(shrink(opened.convert("RGB"), limits))
    kept = room.take(frames, limits) if len(frames) >= LEAST_FRAMES else 0
    if kept < LEAST_FRAMES:
        return replace(page_input, text=text)
    times = tuple(frame.time for frame in view.frames[:kept])
    return replace(page_input, text=text, clip=Clip(tuple(frames[:kept]), times))


def timed_text(words: Sequence[Word], cues: Sequence[Cue], max_chars: int) -> str:
    """Text of a shot; a line that a cue begins has the cue's time before it.

    Words are those of the page: a cue that is not among them is left out.

    >>> box = (0.0, 0.0, 1.0, 1.0)
    >>> words = [Word(text, box) for text in "EXIT The lamp burns at dusk".split()]
    >>> print(timed_text(words, [Cue(61, 62, "The lamp burns"), Cue(63, 64, "at dusk")], 100))
    EXIT
    1:01 The lamp burns
    1:03 at dusk
    """
    starts: dict[int, float] = {}
    ends: dict[str, int] = {}
    for cue in cues:
        after = ends.get(cue.language, 0)
        if found := find_quote(cue.text, words[after:]):
            starts[after + found[0]] = cue.start
            ends[cue.language] = after + found[1]
    bounds = sorted({0, *starts, len(words)})
    pieces = []
    for low, high in pairwise(bounds):
        time = f"{TimeSpan(starts[low], starts[low])} " if low in starts else ""
        pieces.append(time + page_text(words[low:high], max_chars))
    return _cut("\n".join(pieces), max_chars)


def _cut(text: str, max_chars: int) -> str:
    """Text cut at a line's end."""
    if len(text) <= max_chars:
        return text
    return "\n".join([*text[:max_chars].split("\n")[:-1], "…"])
