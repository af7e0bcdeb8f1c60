"""A local server that speaks Gemini's REST: streamed replies, and the Files API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from wire_server import gemini_events

FILES = "/upload/v1beta/files"
SESSION = "/upload/session/"


@dataclass
class GeminiServer:
    """What the server was asked, and how it answers."""

    url: str = ""
    key: str = ""
    pieces: Sequence[bytes] = ()
    """Of a streamed reply."""
    status: int = 200
    """Of replies; above 200 they are errors."""
    processed: str = "ACTIVE"
    """State of a file once it was looked at."""
    refuses_to_delete: bool = False
    calls: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Files that are there now, by name."""
    data: dict[str, bytes] = field(default_factory=dict)
    """Everything that was uploaded, by name."""

    def says(self, *texts: str) -> None:
        self.pieces = gemini_events(texts)

    def file(self, name: str, state: str) -> dict[str, Any]:
        there = self.files[name]
        return {**there, "state": state, "uri": f"{self.url}/v1beta/{name}"}


@contextmanager
def gemini_server() -> Iterator[GeminiServer]:
    served = GeminiServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            served.calls.append(f"POST {self.path.partition('?')[0]}")
            if self.path == FILES:
                assert self.headers["X-Goog-Upload-Protocol"] == "resumable"
                assert self.headers["X-Goog-Upload-Command"] == "start"
                name = json.loads(data)["file"]["name"]
                served.files[name] = {
                    "name": name,
                    "mimeType": self.headers["X-Goog-Upload-Header-Content-Type"],
                    "sizeBytes": self.headers["X-Goog-Upload-Header-Content-Length"],
                }
                served.data[name] = b""
                session = f"{served.url}{SESSION}{name}"
                self._send({}, **{"X-Goog-Upload-URL": session, "X-Goog-Upload-Status": "active"})
            elif self.path.startswith(SESSION):
                self._take(self.path.removeprefix(SESSION), data)
            else:
                served.key = self.headers["x-goog-api-key"]
                served.bodies.append(json.loads(data))
                self._reply()

        def do_GET(self) -> None:
            served.calls.append(f"GET {self.path}")
            self._send(served.file(self.path.removeprefix("/v1beta/"), served.processed))

        def do_DELETE(self) -> None:
            served.calls.append(f"DELETE {self.path}")
            if served.refuses_to_delete:
                self._send({"error": {"code": 500, "message": "no"}}, 500)
            elif served.files.pop(self.path.removeprefix("/v1beta/"), None):
                self._send({})
            else:
                self._send({"error": {"code": 403, "message": "not there"}}, 403)

        def _take(self, name: str, data: bytes) -> None:
            """Take a part of a file."""
            assert int(self.headers["X-Goog-Upload-Offset"]) == len(served.data[name])
            served.data[name] += data
            if "finalize" not in self.headers["X-Goog-Upload-Command"]:
                self._send({}, **{"X-Goog-Upload-Status": "active"})
                return
            assert len(served.data[name]) == int(served.files[name]["sizeBytes"])
            found = {"file": served.file(name, "PROCESSING")}
            self._send(found, **{"X-Goog-Upload-Status": "final"})

        def _reply(self) -> None:
            if served.status > 200:
                body = {"error": {"code": served.status, "message": "busy", "status": "UNKNOWN"}}
                self._send(body, served.status)
                return
            data = b"".join(served.pieces)
            self._send_bytes(data, 200, {"Content-Type": "text/event-stream"})

        def _send(self, body: Any, status: int = 200, **headers: str) -> None:
            data = json.dumps(body).encode()
            self._send_bytes(data, status, {"Content-Type": "application/json", **headers})

        def _send_bytes(self, data: bytes, status: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
