"""A local server that speaks the providers' wire formats."""

from __future__ import annotations

import base64
import json
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import patch
from zlib import crc32

import httpx
import httpx2


@dataclass
class Reply:
    """One answer of the server.

    `pieces` of the body are sent as they are. A number waits so many seconds,
    an event until it is set, for 30 seconds at most.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pieces: Sequence[bytes | float | threading.Event] = ()
    breaks: bool = False
    """Whether the connection is dropped in mid-body."""


@dataclass
class Received:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Wire:
    url: str
    seen: list[Received] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    pages: dict[str, Reply] = field(default_factory=dict)
    """What to answer at paths of their own, whatever comes in between."""
    hung_up: threading.Event = field(default_factory=threading.Event)
    """Set once a client went away in mid-body."""

    def then(self, *replies: Reply) -> Wire:
        """What to answer, in order; the last one from then on."""
        self.replies.extend(replies)
        return self


@contextmanager
def serving() -> Iterator[Wire]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            wire.seen.append(Received(self.path, headers, body))
            reply = wire.pages.get(self.path) or (
                wire.replies.pop(0) if len(wire.replies) > 1 else wire.replies[0]
            )
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                for piece in reply.pieces:
                    if isinstance(piece, float):
                        time.sleep(piece)
                    elif isinstance(piece, threading.Event):
                        piece.wait(30)
                    else:
                        self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                        self.wfile.flush()
                if not reply.breaks:
                    self.wfile.write(b"0\r\n\r\n")
            except OSError:
                wire.hung_up.set()
            if reply.breaks or wire.hung_up.is_set():
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    wire = Wire(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


MEANT = "x-url"
"""Header of a redirected request: the address that it was meant for."""


@contextmanager
def redirected(wire: Wire) -> Iterator[None]:
    """Bring every request of both HTTP clients to the server, whatever its address."""

    def to_wire(handle: Any, url: Any) -> Any:
        def send(transport: Any, request: Any) -> Any:
            request.headers[MEANT] = str(request.url)
            there = url(wire.url)
            request.url = request.url.copy_with(
                scheme="http", host=there.host, port=there.port, path=request.url.path
            )
            return handle(transport, request)

        return send

    with (
        patch.object(
            httpx.HTTPTransport,
            "handle_request",
            to_wire(httpx.HTTPTransport.handle_request, httpx.URL),
        ),
        patch.object(
            httpx2.HTTPTransport,
            "handle_request",
            to_wire(httpx2.HTTPTransport.handle_request, httpx2.URL),
        ),
    ):
        yield


SSE = {"Content-Type": "text/event-stream"}
JSON = {"Content-Type": "application/json"}


def failing(status: int, body: Any, **headers: str) -> Reply:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {**JSON, **more}, [json.dumps(body).encode()])


def anthropic_events(texts: Sequence[str], *, stop: str = "end_turn") -> list[bytes]:
    usage = {
        "input_tokens": 20,
        "output_tokens": 1,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 1000,
    }
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": usage,
    }  # fmt: skip
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": text},
            }
            for text in texts
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": stop, "stop_sequence": None},
            "usage": {"output_tokens": 7},
        },
        {"type": "message_stop"},
    ]
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events]


def openai_events(texts: Sequence[str], *, stop: str = "stop") -> list[bytes]:
    def chunk(**more: Any) -> bytes:
        body = {
            "id": "c1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "gpt",
            "choices": [],
        }
        return f"data: {json.dumps({**body, **more})}\n\n".encode()

    def choice(delta: dict[str, Any], reason: str | None = None) -> list[dict[str, Any]]:
        return [{"index": 0, "delta": delta, "finish_reason": reason}]

    usage = {
        "prompt_tokens": 1020,
        "completion_tokens": 7,
        "total_tokens": 1027,
        "prompt_tokens_details": {"cached_tokens": 1000},
    }
    return [
        chunk(choices=choice({"role": "assistant", "content": ""})),
        *(chunk(choices=choice({"content": text})) for text in texts),
        chunk(choices=choice({}, stop)),
        chunk(usage=usage),
        b"data: [DONE]\n\n",
    ]


def bedrock_events(texts: Sequence[str], **more: str) -> list[bytes]:
    """Anthropic's events in AWS's event stream: frames with a length, headers and checksums."""
    return [
        _frame(event.split(b"data: ", 1)[1].strip()) for event in anthropic_events(texts, **more)
    ]


def _frame(event: bytes) -> bytes:
    named = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        struct.pack("B", len(name))
        + name.encode()
        + struct.pack(">BH", 7, len(value))
        + value.encode()
        for name, value in named.items()
    )
    body = json.dumps({"bytes": base64.b64encode(event).decode()}).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", crc32(prelude)) + headers + body
    return message + struct.pack(">I", crc32(message))


def ollama_lines(texts: Sequence[str], **last: Any) -> list[bytes]:
    lines: list[dict[str, Any]] = [{"message": {"content": text}, "done": False} for text in texts]
    end = {"done": True, "done_reason": "stop", "prompt_eval_count": 1020, "eval_count": 7}
    return [json.dumps(line).encode() + b"\n" for line in [*lines, {**end, **last}]]


def gemini_events(texts: Sequence[str], *, stop: str = "STOP") -> list[bytes]:
    """Chunks of `streamGenerateContent?alt=sse`, the last of them with a thought."""

    def chunk(parts: list[dict[str, Any]], reason: str | None = None, **counted: int) -> bytes:
        candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
        body = {
            "candidates": [candidate | ({"finishReason": reason} if reason else {})],
            "usageMetadata": {"promptTokenCount": 1020, "totalTokenCount": 1027, **counted},
            "modelVersion": "gemini",
        }
        return f"data: {json.dumps(body)}\r\n\r\n".encode()

    last = {"candidatesTokenCount": 4, "thoughtsTokenCount": 3, "cachedContentTokenCount": 1000}
    thought = [{"text": "Hm.", "thought": True}]
    return [*(chunk([{"text": text}]) for text in texts), chunk(thought, stop, **last)]


Events = Callable[..., list[bytes]]
EVENTS: dict[str, Events] = {
    "anthropic": anthropic_events,
    "openai": openai_events,
    "bedrock": bedrock_events,
    "ollama": ollama_lines,
    "gemini": gemini_events,
}
KINDS = {"bedrock": "application/vnd.amazon.eventstream", "ollama": "application/x-ndjson"}


def streaming(provider: str, texts: Sequence[str], **more: Any) -> Reply:
    """A whole streamed reply."""
    headers = {"Content-Type": KINDS[provider]} if provider in KINDS else SSE
    return Reply(200, headers, EVENTS[provider](texts, **more))
