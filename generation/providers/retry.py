"""Retries of provider calls, with backoff, and requests amended as a server asks.

The SDKs' own retries are off: they wait as long as a server asks, even for hours, and
do not repeat a call whose stream fails before its first piece.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from generation.answer import Usage
from generation.providers.access import Access, ImagesUnsupported, ReplyEmpty, ReplyInterrupted
from generation.providers.failure import (
    NotAnApi,
    StreamEnded,
    StreamFailed,
    convert_error,
    message_of,
    status_of,
)
from generation.text.reasoning import ReasoningFilter

log = logging.getLogger(__name__)

FIRST_WAIT = 0.5
"""Seconds before the second try; each further wait is twice as long, less up to a quarter."""
MAX_WAIT = 8.0
MAX_RETRY_AFTER = 60.0
"""Seconds; a server that asks for a longer wait is an error at once."""
MAX_AMENDMENTS = 4
"""How often a refused request is put right and sent again."""

_QUOTA_CODES = ("insufficient_quota", "billing_error")


def retry(
    start: Callable[[], Iterator[str | Usage]],
    access: Access,
    name: str,
    errors: tuple[type[Exception], ...],
    *,
    amend: Callable[[str], bool],
    reasoning: Callable[[], ReasoningFilter],
) -> Iterator[str | Usage]:
    """Stream what `start()` yields; retry where an error comes before any text.

    Args:
        amend: puts the next request right by a message of status 400 or 422;
            False where it cannot.
        reasoning: makes the filter of a reply.

    Raises:
        ModelError: the last attempt failed, or there was text already.
    """
    caught: tuple[type[Exception], ...] = (
        StreamEnded, StreamFailed, NotAnApi, ReplyEmpty, *errors,
    )  # fmt: skip
    attempt = amended = 0
    while True:
        letters = 0
        try:
            for event in without_reasoning(start(), reasoning()):
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
            message = message_of(getattr(error, "body", None))
            if status_of(error) in (400, 422) and amended < MAX_AMENDMENTS and amend(message):
                amended += 1
                log.info("%s: the request is sent again as the server asks", name)
                continue
            wait = None if isinstance(failure, ImagesUnsupported) else _wait(error, attempt)
            if attempt >= access.retries or wait is None:
                raise failure from None
            attempt += 1
            log.warning("%s: %s; retry %d in %.1f s", name, failure.code, attempt, wait)
        time.sleep(wait)


def without_reasoning(
    events: Iterator[str | Usage], reasoning: ReasoningFilter
) -> Iterator[str | Usage]:
    """Stream a reply without its reasoning.

    Raises:
        ReplyEmpty: there was nothing else.
    """
    text = False
    try:
        for event in events:
            if isinstance(event, str):
                event = reasoning.feed(event)
                text = text or bool(event.strip())
            if event:
                yield event
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()
    if rest := reasoning.close():
        text = True
        yield rest
    if reasoning.found and not text:
        raise ReplyEmpty(
            "The model wrote its reasoning and no answer.",
            hint="Allow more output tokens, or ask with fewer pages.",
        )


def _wait(error: Exception, attempt: int) -> float | None:
    """Seconds until the next attempt; None where none is made."""
    if isinstance(error, (NotAnApi, ReplyEmpty)):
        return None
    status = status_of(error)
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
    return _retry_delay(getattr(error, "body", None))


def _retry_delay(body: Any) -> float | None:
    """Seconds that Google's servers ask to wait, from google.rpc.RetryInfo."""
    error = body.get("error", body) if isinstance(body, Mapping) else {}
    details = error.get("details") if isinstance(error, Mapping) else None
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay", "") if isinstance(detail, Mapping) else ""
        if re.fullmatch(r"\d+(?:\.\d+)?s", str(delay)):
            return float(str(delay)[:-1])
    return None
