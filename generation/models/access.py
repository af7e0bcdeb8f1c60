"""How a model is reached, and what can go wrong on the way there.

Keys come in as plain values and leave only in a request's header: no message,
repr or log holds one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.error import Fault

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

    def patience(self) -> httpx2.Timeout:
        """How long the HTTP client waits: `timeout` for each piece, and `CONNECT` at most for the connection."""
        import httpx2

        return httpx2.Timeout(self.timeout, connect=min(CONNECT, self.timeout))


class ModelFailed(Fault):
    """A provider did not answer as it should; the nearer kinds follow."""


class NoKey(ModelFailed):
    """The provider wants a key, and there is none."""


class BadKey(ModelFailed):
    """The provider does not take the key (401, 403)."""


class ModelUnknown(ModelFailed):
    """The provider has no such model (404)."""


class TooLarge(ModelFailed):
    """The request is more than the model takes."""


class RateLimited(ModelFailed):
    """Too many requests, or no credit left (429)."""


class Overloaded(ModelFailed):
    """The provider has more to do than it can (503, 529)."""


class TimedOut(ModelFailed):
    """Nothing came in time."""


class Unreachable(ModelFailed):
    """No connection to the provider."""


class BrokenOff(ModelFailed):
    """The reply stopped before its end: what came so far is no whole answer."""


class Refused(ModelFailed):
    """The provider's own rules forbid a reply."""


class CutShort(ModelFailed):
    """The reply reached the most tokens allowed, after all its pieces were given."""
