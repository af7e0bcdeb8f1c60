"""Failures of providers: an SDK's error as a `ModelError` that says what to do."""

from __future__ import annotations

import re
from typing import Any

from generation.providers.access import (
    Access,
    ApiKeyInvalid,
    ImagesUnsupported,
    ModelError,
    ModelNotFound,
    Overloaded,
    RateLimited,
    RequestTooLarge,
    TimedOut,
    Unreachable,
)

MAX_QUOTED_CHARS = 300
"""Characters of a provider's own message in an error."""
LONG_KEY = 8
"""Characters; a shorter key is hidden where it stands as a word."""

_CREDIT = re.compile(
    r"credit balance|insufficient.{0,12}(?:quota|balance|credit|funds)|no credit|out of credits?"
    r"|exceeded your current quota|billing|payment required",
    re.IGNORECASE,
)
_BAD_KEY = re.compile(r"api.?key (?:not valid|not found|expired)|API_KEY_INVALID", re.IGNORECASE)
_VERIFY = re.compile(r"organi[sz]ation must be verified|verify organi[sz]ation", re.IGNORECASE)
_NO_VISION = re.compile(
    r"(?:not|n't|no|only) (?:currently )?(?:a )?(?:support|accept|allow|multimodal|vision|have)\w*"
    r".{0,60}(?:image|vision|multimodal)"
    r"|(?:image|vision|multimodal).{0,60}(?:not|n't) (?:supported|accepted|available|allowed|enabled)"
    r"|not a multimodal model|no endpoints found that support image"
    r"|missing data required for image input|invalid content type.{0,40}image_url",
    re.IGNORECASE,
)
_MANY_IMAGES = re.compile(
    r"too many images|at most \d+ (?:image|item)|images? per (?:request|prompt)", re.I
)
_LARGE_IMAGE = re.compile(
    r"image.{0,80}(?:exceed|too large|maximum|larger than)|(?:maximum|max).{0,20}image.{0,12}size",
    re.I,
)
_OVERFLOW = re.compile(
    r"context.{0,12}(?:length|window|size)|too (?:long|large|many (?:tokens|images))"
    r"|maximum (?:context|number of tokens)|exceeds? the (?:maximum|limit)|input token count",
    re.IGNORECASE,
)
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


class StreamFailed(Exception):
    """A stream says that it ended with an error."""


class NotAnApi(Exception):
    """The reply is no stream and no JSON, such as a web page."""


def convert_error(error: Exception, access: Access, name: str) -> ModelError:
    """Convert an SDK's error; the result holds no key and nothing of the request."""
    if isinstance(error, ModelError):
        return error
    status = status_of(error)
    detail = provider_message(error, access)
    if status in (400, 401, 402, 403, 404, 413, 422, 429) and (
        refused := _refusal(status, detail, name)
    ):
        return refused
    if status in (503, 529):
        return Overloaded(f"{name} is overloaded.{detail}", hint="Ask again in a while.")
    if status in (408, 504) or "Timeout" in type(error).__name__:
        return TimedOut(
            f"Nothing came from {name} within {access.timeout:g} s.",
            hint="Ask again, or allow more time.",
        )
    if _NO_VISION.search(detail):  # llama.cpp's status is 500
        return _no_vision(detail, name)
    if status is not None and status < 500:
        return ModelError(
            f"{name} refused the request with status {status}.{detail}",
            hint="Change what it says; asking again as it is will not help.",
        )
    if status is not None:
        return ModelError(
            f"{name} answered with status {status}.{detail}",
            hint="Ask again; if it goes on, look at the provider's status page.",
        )
    return _no_status(error, name)


def _refusal(status: int, detail: str, name: str) -> ModelError | None:
    """Error of a request that the provider refuses; None for no special reason."""
    if _VERIFY.search(detail):
        return ApiKeyInvalid(
            f"{name} is not open to this organisation.{detail}",
            hint="Verify the organisation in the provider's settings, or use another model.",
        )
    if _CREDIT.search(detail) or status == 402:
        return RateLimited(
            f"There is no credit left for {name}.{detail}",
            hint="Add credit at the provider, or use another model.",
        )
    if status in (401, 403) or _BAD_KEY.search(detail):
        return ApiKeyInvalid(
            f"The key for {name} was not accepted (status {status}).",
            hint="Check the API key and its permissions.",
        )
    if status == 429:
        return RateLimited(
            f"{name} accepts no more requests for now.{detail}",
            hint="Wait and ask again, or raise the limit with the provider.",
        )
    if _MANY_IMAGES.search(detail):
        return RequestTooLarge(
            f"{name} does not take so many images.{detail}", hint="Ask with fewer pages."
        )
    if _NO_VISION.search(detail):
        return _no_vision(detail, name)
    if status == 404:
        return ModelNotFound(
            f"There is no model {name} there.{detail}",
            hint="Check the model's name, and the base URL if one is set.",
        )
    if _LARGE_IMAGE.search(detail):
        return RequestTooLarge(
            f"An image is larger than {name} accepts.{detail}",
            hint="Send images with low detail, or use another model.",
        )
    if status == 413 or _OVERFLOW.search(detail):
        return RequestTooLarge(
            f"The request is larger than {name} accepts.{detail}",
            hint="Ask with fewer pages.",
        )
    return None


def _no_vision(detail: str, name: str) -> ImagesUnsupported:
    return ImagesUnsupported(
        f"{name} does not read images.{detail}", hint="Use a model that takes images as input."
    )


def _no_status(error: Exception, name: str) -> ModelError:
    """Error of a call that has no HTTP status."""
    if isinstance(error, NotAnApi):
        return ModelError(
            f"What answers for {name} is not its API: it sent {error}.",
            hint="Check the base URL; most end in /v1.",
        )
    if isinstance(error, StreamFailed):
        return ModelError(f"{name} ended its reply with an error.", hint="Ask again.")
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


def status_of(error: Exception) -> int | None:
    """HTTP status of an error; by its type where it came inside a stream."""
    kind = getattr(error, "type", None)
    status = getattr(error, "status_code", None)
    if status is None or status < 400:
        body = _first(getattr(error, "body", None))
        body = body.get("error", body) if isinstance(body, dict) else body
        code = body.get("code") if isinstance(body, dict) else None
        if isinstance(code, int) and 400 <= code < 600:
            return code
        if isinstance(body, dict) and status is None:
            return _KINDS.get(str(kind or body.get("type")), 500)
        return _KINDS.get(str(kind), 500) if status is not None else None
    return int(status)


def provider_message(error: Exception, access: Access) -> str:
    """The provider's own message, shortened, without the key; with a space before."""
    words = " ".join(message_of(getattr(error, "body", None)).split())
    if access.key:
        key = re.escape(access.key)
        # Keys of servers on one's own machine are often a letter or a word, such as "x".
        words = re.sub(key if len(access.key) >= LONG_KEY else rf"\b{key}\b", "***", words)
    words = re.sub(r"\b(?:sk|key|AIza)[-_A-Za-z0-9]{12,}", "***", words)
    return f' It says: "{words[:MAX_QUOTED_CHARS]}"' if words else ""


def message_of(body: Any) -> str:
    """Message of an error's body: text, an object, or a list of objects (Gemini's)."""
    body = _first(body)
    while isinstance(body, dict):
        body = _first(body.get("error") or body.get("message") or body.get("detail"))
    return body if isinstance(body, str) else ""


def _first(body: Any) -> Any:
    return body[0] if isinstance(body, list) and body else body
