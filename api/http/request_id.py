"""Request id: names one request in its response, its problem and the log."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar

HEADER = "X-Request-Id"
_VALID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def accept_request_id(sent: str | None) -> str:
    """Request id: the client's where it is valid, else a new one.

    Valid are up to 64 letters, digits, ".", "_" and "-". The id is the current one of the request's task, and of the threads that it starts.
    """
    request_id = sent if sent and _VALID.fullmatch(sent) else uuid.uuid4().hex
    _current.set(request_id)
    return request_id


def current_request_id() -> str | None:
    """Id of the request that is being answered; None outside of one."""
    return _current.get()
