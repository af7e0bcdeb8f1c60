"""How a model is reached, and what can go wrong on the way there.

Keys come in as plain values and leave only in a request's header: no message,
repr or log holds one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.error import PageglassError

if TYPE_CHECKING:
    import httpx2

CONNECT = 10.0
"""Seconds to wait for a connection."""


@dataclass(frozen=True, slots=True)
class Access:
    """A provider's `key` (None where its server wants none), address, and patience.

    `base_url` is None for the provider's own; `timeout` is how many seconds to
    wait for the next piece; `retries` is how often a call that failed before
    its first piece is tried again. `device` and `dtype` are for models on this
    machine (`ingest.encoders.device`).
    """

    key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    timeout: float = 120.0
    retries: int = 3
    device: str = "auto"
    dtype: str = "auto"

    def timeouts(self) -> httpx2.Timeout:
        """How long the HTTP client waits: `timeout` for each piece, and `CONNECT` at most for the connection."""
        import httpx2

        return httpx2.Timeout(self.timeout, connect=min(CONNECT, self.timeout))


class ModelError(PageglassError):
    """A provider did not answer as it should; the nearer kinds follow."""

    code = "model"


class ApiKeyMissing(ModelError):
    """The provider wants a key, and there is none."""

    code = "api-key-missing"


class ApiKeyInvalid(ModelError):
    """The provider does not take the key (401, 403)."""

    code = "api-key-invalid"


class ModelNotFound(ModelError):
    """The provider has no such model (404)."""

    code = "model-not-found"


class RequestTooLarge(ModelError):
    """The request is more than the model takes."""

    code = "request-too-large"


class RateLimited(ModelError):
    """Too many requests, or no credit left (429)."""

    code = "rate-limited"


class Overloaded(ModelError):
    """The provider has more to do than it can (503, 529)."""

    code = "overloaded"


class TimedOut(ModelError):
    """Nothing came in time."""

    code = "timed-out"


class Unreachable(ModelError):
    """No connection to the provider."""

    code = "unreachable"


class ReplyInterrupted(ModelError):
    """The reply stopped before its end: what came so far is no whole answer."""

    code = "reply-interrupted"


class ReplyRefused(ModelError):
    """The provider's own rules forbid a reply."""

    code = "reply-refused"


class ReplyTruncated(ModelError):
    """The reply reached the most tokens allowed, after all its pieces were given."""

    code = "reply-truncated"
