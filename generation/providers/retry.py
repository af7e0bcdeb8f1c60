"""Retries: provider calls with backoff, and SDK errors as `ModelError`.

The SDKs' own retries are off: they wait as long as a server asks, even for hours, and
do not repeat a call whose stream fails before its first piece.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from generation.answer import Usage
from generation.providers.access import (
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

log = logging.getLogger(__name__)

FIRST_WAIT = 0.5
"""Seconds before the second try; each further wait is twice as long, less up to a quarter."""
MAX_WAIT = 8.0
MAX_RETRY_AFTER = 60.0
"""Seconds; a server that asks for a longer wait is an error at once."""
MAX_QUOTED_CHARS = 300
"""Characters of a provider's own message in an error."""

_OVERFLOW = re.compile(
    r"context.{0,12}(?:length|window|size)|too (?:long|large|many (?:tokens|images))"
    r"|maximum (?:context|number of tokens)|exceeds? the (?:maximum|limit)",
    re.IGNORECASE,
)
_QUOTA_CODES = ("insufficient_quota", "billing_error")
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
"""HTTP status by the type of an error inside a stream (Anthropic's table)."""

UNREADABLE = (ValueError, AttributeError)
"""Errors where an event of a stream is not JSON or lacks a field."""


class StreamEnded(Exception):
    """A stream stopped before the event that ends it."""


def retry(
    start: Callable[[], Iterator[str | Usage]],
    access: Access,
    name: str,
    errors: tuple[type[Exception], ...],
) -> Iterator[str | Usage]:
    """Stream what `start()` yields; retry where an error comes before any text.

    Raises:
        ModelError: the last attempt failed, or there was text already.
    """
    caught: tuple[type[Exception], ...] = (StreamEnded, *errors)
    for attempt in range(access.retries + 1):
        letters = 0
        try:
            for event in start():
                letters += len(event) if isinstance(event, str) else 0
                yield event
            return
        except caught as error:
            failure = convert_error(error, access, name)
            if letters:
                raise ReplyInterrupted(
                    f"The reply of {name} broke off after {letters} characters: {failure.message}",
                    hint="Ask again; the text so far is not a whole answer.",
                ) from None
            wait = _wait(error, attempt)
            if attempt == access.retries or wait is None:
                raise failure from None
            log.warning("%s: %s; retry %d in %.1f s", name, failure.code, attempt + 1, wait)
        time.sleep(wait)


def convert_error(error: Exception, access: Access, name: str) -> ModelError:
    """Convert an SDK's error; the result holds no key and nothing of the request."""
    status = _status(error)
    detail = _provider_message(error, access)
    if status in (401, 403):
        return ApiKeyInvalid(
            f"The key for {name} was not accepted (status {status}).",
            hint="Check the API key and its permissions.",
        )
    if status == 404:
        return ModelNotFound(
            f"There is no model {name} there.{detail}",
            hint="Check the model's name, and the base URL if one is set.",
        )
    if status == 413 or (status in (400, 422) and _OVERFLOW.search(detail)):
        return RequestTooLarge(
            f"The request is larger than {name} accepts.{detail}",
            hint="Ask with fewer pages.",
        )
    if status in (402, 429):
        return RateLimited(
            f"{name} accepts no more requests for now.{detail}",
            hint="Wait and ask again, or raise the limit with the provider.",
        )
    if status in (503, 529):
        return Overloaded(f"{name} is overloaded.{detail}", hint="Ask again in a while.")
    if status in (408, 504) or "Timeout" in type(error).__name__:
        return TimedOut(
            f"Nothing came from {name} within {access.timeout:g} s.",
            hint="Ask again, or allow more time.",
        )
    if status is not None:
        return ModelError(
            f"{name} answered with status {status}.{detail}",
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
    """HTTP status of an error; by its type where it came inside a stream."""
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


def _provider_message(error: Exception, access: Access) -> str:
    """The provider's own message, shortened, without the key; with a space before."""
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


def _wait(error: Exception, attempt: int) -> float | None:
    """Seconds until the next attempt; None where none is made."""
    status = _status(error)
    if status is not None and status not in (408, 409, 429) and status < 500:
        return None
    if any(code in str(getattr(error, "body", "")) for code in _QUOTA_CODES):
        return None
    wanted = _retry_after(error)
    if wanted is not None:
        return wanted if wanted <= MAX_RETRY_AFTER else None
    wait: float = min(MAX_WAIT, FIRST_WAIT * 2**attempt) * (1 - 0.25 * random.random())
    return wait


def _retry_after(error: Exception) -> float | None:
    """Seconds that the server asks to wait, from Retry-After (RFC 9110, 10.2.3)."""
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
