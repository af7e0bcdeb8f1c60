"""Audit log: who asked, searched, uploaded and removed, as JSON lines in a file.

A line has time, client, action, method, path, status and request id; of an upload the
files' names, of a removal the documents. The words of a question only where that is
switched on.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from starlette._utils import get_route_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.protect.access import CLIENT
from api.http.request_id import current_request_id
from ingest.error import ConfigurationError

log = logging.getLogger(__name__)

NOTES = "pageglass.audit"
"""Key in an ASGI scope: what an endpoint adds to the line of its request."""
MAX_TEXT = 1 << 20
"""Bytes of a body that is read for the words of a question."""
_ACTIONS = {
    ("POST", "/v1/search"): "search",
    ("POST", "/v1/ask"): "ask",
    ("POST", "/v1/chat/completions"): "ask",
    ("POST", "/v1/extract"): "extract",
    ("POST", "/v1/documents"): "upload",
    ("PATCH", "/v1/documents"): "change",
    ("DELETE", "/v1/documents"): "remove",
    ("POST", "/mcp"): "mcp",
}
"""Action by method and head of the path."""


class AuditLogUnusable(ConfigurationError):
    """The file of the audit log cannot be written."""

    code = "audit-log"


class AuditLog:
    """File of JSON lines, to which other servers append too.

    It is opened for each line: programs that rotate logs keep it for as long as is wanted.

    Args:
        text: write the words of questions and searches.

    Raises:
        AuditLogUnusable
    """

    def __init__(self, path: Path, text: bool = False) -> None:
        self.text = text
        self._path = path
        try:
            self._append(b"")
        except OSError as error:
            raise AuditLogUnusable(
                f"The audit log {path} cannot be written: {error.strerror}.",
                hint="Name a file in a folder that the server may write to.",
            ) from error

    def write(self, line: Mapping[str, Any]) -> None:
        """Append a line; where that fails, the log of the server says so."""
        try:
            self._append(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        except OSError:
            log.exception("a line of the audit log is lost (request %s)", line["request_id"])

    def _append(self, data: bytes) -> None:
        flags = os.O_CREAT | os.O_APPEND | os.O_WRONLY
        file = os.open(self._path, flags, 0o600)
        try:
            os.write(file, data)  # one call, so that lines of several servers stay whole
        finally:
            os.close(file)


class AuditMiddleware:
    """ASGI middleware that writes a line for each request that asks or changes.

    It stands behind access control, so that the client is known.
    """

    def __init__(self, app: ASGIApp, log: AuditLog) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and write its line once it is answered."""
        action = find_action(scope) if scope["type"] == "http" else ""
        if not action:
            await self._app(scope, receive, send)
            return
        status, body = 0, bytearray()

        async def receive_noted() -> Message:
            message = await receive()
            if self._log.text and len(body) < MAX_TEXT:
                body.extend(message.get("body", b""))
            return message

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive_noted, send_noted)
        finally:
            line = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "client": str(scope.get(CLIENT, "")),
                "action": action,
                "method": scope["method"],
                "path": quote(scope["path"]),
                "status": status or None,
                "request_id": current_request_id(),
                **scope.get(NOTES, {}),
            }
            if removed := parse_qs(scope["query_string"].decode("latin-1")).get("id"):
                line["documents"] = removed
            if words := _question(bytes(body)):  # empty where no body was kept
                line["text"] = words
            self._log.write(line)


def find_action(scope: Scope) -> str:
    """Action of a request; empty for one that is not audited."""
    path = get_route_path(scope)
    for (method, head), action in _ACTIONS.items():
        if scope["method"] == method and (path == head or path.startswith(f"{head}/")):
            return action
    return ""


def _question(body: bytes) -> str:
    """Words of a question or search in a JSON body; empty where there are none."""
    try:
        values = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(values, dict):
        return ""
    if isinstance(query := values.get("query"), str):
        return query
    messages = values.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    content = last.get("content") if isinstance(last, dict) else None
    return content if isinstance(content, str) else ""
