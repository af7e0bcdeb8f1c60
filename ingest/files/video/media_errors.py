"""Errors of media files, and what FFmpeg raises for them."""

from __future__ import annotations

from pathlib import Path

from ingest.files.source import UnreadableFile


def ffmpeg_errors() -> tuple[type[Exception], ...]:
    """What PyAV raises for broken files."""
    import av

    return (av.FFmpegError, ValueError, OverflowError, EOFError)


def broken_media(path: Path) -> UnreadableFile:
    """Error for a file of which nothing can be decoded."""
    return UnreadableFile(
        f"{path.name} is damaged: no picture or sound of it can be decoded.",
        hint="Copy it again, or save it again from a video editor.",
    )


def too_large(path: Path, width: int, height: int) -> UnreadableFile:
    """Error for frames that take too much memory."""
    return UnreadableFile(
        f"{path.name} claims frames of {width} x {height} pixels, more than is safe to open.",
        hint="If they are really that large, save a smaller copy.",
    )
