"""Chunks of a Chat Completions stream, as plain dictionaries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from generation.providers.failure import NotAnApi, StreamFailed


def read_chunks(stream: Any) -> Iterator[dict[str, Any]]:
    """Read an SDK's stream; a whole JSON reply counts as one chunk.

    A chunk with `done` comes last where the server closed the stream with
    `[DONE]`, even if it gave no reason.

    Raises:
        NotAnApi: it is a web page or other text.
        StreamFailed: an error came in place of a chunk.
    """
    kind = stream.response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        chunk = whole_reply(stream.response.read())
        yield chunk
        return
    refuse_page(kind)
    tail = _keep_tail(stream.response)
    for chunk in stream:
        yield as_mapping(chunk)
    if b"[DONE]" in tail[0]:
        yield {"done": True}


def _keep_tail(response: Any) -> list[bytes]:
    """Keep the last bytes of a response, as the one item of the list."""
    import httpx2

    source, tail = response.stream, [b""]

    class Tail(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for data in source:
                tail[0] = (tail[0] + data)[-64:]
                yield data

        def close(self) -> None:
            source.close()

    response.stream = Tail()
    return tail


def whole_reply(data: bytes) -> dict[str, Any]:
    """A reply that came whole, as JSON, though a stream was asked for."""
    body = as_mapping(json.loads(data))
    if "choices" not in body and "content" not in body:
        raise NotAnApi("JSON that is no reply")
    return body


def refuse_page(kind: str) -> None:
    """Refuse a content type that no API sends."""
    if kind in ("text/html", "application/xhtml+xml"):
        raise NotAnApi("a web page")


def as_mapping(chunk: Any) -> dict[str, Any]:
    """A chunk as a dictionary; an error in its place, alone or in a list, is raised."""
    if hasattr(chunk, "to_dict"):
        chunk = chunk.to_dict(mode="json", exclude_unset=False, warnings=False)
    if isinstance(chunk, list):
        chunk = chunk[0] if chunk else {}
    if not isinstance(chunk, dict):
        raise ValueError("a chunk is no object")
    error = chunk.get("error")
    if error:
        failed = StreamFailed("error")
        failed.body = error  # type: ignore[attr-defined]
        raise failed
    return chunk


def content_text(content: Any) -> str:
    """Text of a content: text itself, or a list of parts of which some are text."""
    if isinstance(content, list):
        return "".join(
            part.get("text") or ""
            for part in content
            if isinstance(part, Mapping) and part.get("type", "text") == "text"
        )
    return content if isinstance(content, str) else ""
