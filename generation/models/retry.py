"""Call a provider: try again what may be tried again, and name what went wrong without giving anything away.

The SDKs' own retries are off: they wait as long as a server asks, even for hours, and
do not try again where a stream fails before its first piece.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from generation.answer import Usage
from generation.models.access import (
    Access,
    ApiKeyInvalid,
    ModelError,
    ModelNotFound,
    Overloaded,
    RateLimited,
    ReplyInterrupted,
    RequestTooLarge,
    TimedOut,
    Unreachable,
)

FIRST_WAIT = 0.5
"""Seconds before the second try; each further wait is twice as long, less up to a quarter."""
MAX_WAIT = 8.0
MAX_RETRY_AFTER = 60.0
"""Seconds; a server that asks for more patience than this is told of instead."""
MAX_QUOTED_CHARS = 300
"""Characters of a provider's own words in a message."""

_OVERFLOW = re.compile(
    r"context.{0,12}(?:length|window|size)|too (?:long|large|many (?:tokens|images))"
    r"|maximum (?:context|number of tokens)|exceeds? the (?:maximum|limit)",
    re.IGNORECASE,
)
_SPENT = ("insufficient_quota", "billing_error")
_KINDS = {
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""What an error inside a stream is called, and the status it would have had (Anthropic's table)."""

UNREADABLE = (ValueError, AttributeError)
"""What the SDKs raise, or what comes of what they give, where an event is no JSON or lacks a field."""


class StreamEnded(Exception):
    """A stream stopped before the event that ends it."""


def retry(
    start: Callable[[], Iterator[str | Usage]],
    access: Access,
    name: str,
    errors: tuple[type[Exception], ...],
) -> Iterator[str | Usage]:
    """What `start()` yields; started anew where it fails with one of `errors` before any text.

    Raises:
        ModelError: the last try failed, or there was text already.
    """
    caught: tuple[type[Exception], ...] = (StreamEnded, *errors)
    for tried in range(access.retries + 1):
        letters = 0
        try:
            for event in start():
                letters += len(event) if isinstance(event, str) else 0
                yield event
            return
        except caught as error:
            fault = convert_error(error, access, name)
            if letters:
                raise ReplyInterrupted(
                    f"The reply of {name} broke off after {letters} characters: {fault.message}",
                    hint="Ask again; what came so far is no whole answer.",
                ) from None
            wait = _wait(error, tried)
            if tried == access.retries or wait is None:
                raise fault from None
        time.sleep(wait)


def convert_error(error: Exception, access: Access, name: str) -> ModelError:
    """The fault that an SDK's error is; no key and no request is in it."""
    status = _status(error)
    said = _said(error, access)
    if status in (401, 403):
        return ApiKeyInvalid(
            f"The key for {name} was not accepted (status {status}).",
            hint="Check the key in the environment, and what it may be used for.",
        )
    if status == 404:
        return ModelNotFound(
            f"There is no model {name} there.{said}",
            hint="Check the model's name, and the base URL if one is set.",
        )
    if status == 413 or (status in (400, 422) and _OVERFLOW.search(said)):
        return RequestTooLarge(
            f"The request is more than {name} takes.{said}",
            hint="Ask with fewer pages: --top, or PAGEGLASS_EVIDENCE_PAGES.",
        )
    if status in (402, 429):
        return RateLimited(
            f"{name} takes no more requests for now.{said}",
            hint="Wait and ask again, or raise the limit with the provider.",
        )
    if status in (503, 529):
        return Overloaded(f"{name} is overloaded.{said}", hint="Ask again in a while.")
    if status in (408, 504) or "Timeout" in type(error).__name__:
        return TimedOut(
            f"Nothing came from {name} within {access.timeout:g} s.",
            hint="Ask again, or set PAGEGLASS_MODEL_TIMEOUT higher.",
        )
    if status is not None:
        return ModelError(
            f"{name} answered with status {status}.{said}",
            hint="Ask again; if it goes on, look at the provider's status page.",
        )
    if isinstance(error, StreamEnded):
        return ModelError(f"The stream of {name} ended before the reply did.", hint="Ask again.")
    if isinstance(error, UNREADABLE):
        return ModelError(
            f"{name} sent something that cannot be read.",
            hint="Ask again; check the base URL if one is set.",
        )
    return Unreachable(
        f"No connection to {name} could be made or kept.",
        hint="Check the network, and the base URL if one is set.",
    )


def _status(error: Exception) -> int | None:
    """The HTTP status; that of the error's kind where it came inside a stream."""
    kind = getattr(error, "type", None)
    status = getattr(error, "status_code", None)
    if status is None or status < 400:
        body = getattr(error, "body", None)
        code = body.get("code") if isinstance(body, dict) else None
        if isinstance(code, int) and 400 <= code < 600:
            return code
        if isinstance(body, dict) and status is None:
            return _KINDS.get(str(kind or body.get("type")), 500)
        return _KINDS.get(str(kind), 500) if status is not None else None
    return int(status)


def _said(error: Exception, access: Access) -> str:
    """The provider's own words, short, without the key; with a space before."""
    body: Any = getattr(error, "body", None)
    for _ in range(2):
        if isinstance(body, dict):
            body = body.get("error", body.get("message"))
    words = " ".join(body.split()) if isinstance(body, str) else ""
    if isinstance(getattr(error, "body", None), dict) and not words:
        inner = error.body.get("error")  # type: ignore[attr-defined]
        if isinstance(inner, dict) and isinstance(inner.get("message"), str):
            words = " ".join(inner["message"].split())
    if access.key:
        words = words.replace(access.key, "***")
    words = re.sub(r"\b(?:sk|key|AIza)[-_A-Za-z0-9]{12,}", "***", words)
    return f' It says: "{words[:MAX_QUOTED_CHARS]}"' if words else ""


def _wait(error: Exception, tried: int) -> float | None:
    """Seconds until the next try; None where another would be in vain."""
    status = _status(error)
    if status is not None and status not in (408, 409, 429) and status < 500:
        return None
    if any(spent in str(getattr(error, "body", "")) for spent in _SPENT):
        return None
    asked = _retry_after(error)
    if asked is not None:
        return asked if asked <= MAX_RETRY_AFTER else None
    wait: float = min(MAX_WAIT, FIRST_WAIT * 2**tried) * (1 - 0.25 * random.random())
    return wait


def _retry_after(error: Exception) -> float | None:
    """What the server asks for: seconds, or a date (RFC 9110, 10.2.3)."""
    response = getattr(error, "response", None)
    headers = response.headers if response is not None else {}
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name)
        if text is None:
            continue
        try:
            return max(0.0, float(text) / unit)
        except ValueError:
            pass
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
        except ValueError:
            pass
    return None
