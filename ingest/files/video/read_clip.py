"""Clip reader of files: the clip of a part of a video or of an animation."""

from __future__ import annotations

from pathlib import Path

from ingest.files.video.animation import AnimationSource, is_animated
from ingest.files.video.clip_frames import ClipFile
from ingest.files.video.media_type import may_be_animated, read_head, sniff_media
from ingest.page import Clip, TimeSpan


def read_clip(path: Path, span: TimeSpan | None = None) -> Clip | None:
    """Clip of a part of a video, or of all of it; None for other files.

    It runs in a worker.

    Raises:
        UnreadableFile
    """
    head = read_head(path)
    if container := sniff_media(head):
        media = ClipFile(path, container)
        if not media.has_picture:
            return None
        return media.clip(span or TimeSpan(0.0, media.scan().end))
    if not (may_be_animated(head) and is_animated(path)):
        return None
    animation = AnimationSource(path)
    return animation.clip(span or TimeSpan(0.0, animation.seconds))
