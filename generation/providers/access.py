"""Model access: key, address, timeout and retries; and the errors of models.

A key is sent in a request's header only: no message, repr or log holds one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ingest.error import InvalidInputError, PageglassError

if TYPE_CHECKING:
    import httpx2

CONNECT = 10.0
"""Seconds to wait for a connection."""
THINKING_ROOM = 8_192
"""Tokens allowed beyond the reply's, for models whose reasoning counts as output."""


@dataclass(frozen=True, slots=True)
class Access:
    """Access to a model: a provider's key and address, or a device of this machine.

    Attributes:
        key: None where the server needs none.
        base_url: None for the provider's own.
        timeout: seconds to wait for the next piece of a reply.
        retries: how often a call that failed before its first piece is repeated.
        device, dtype: for models on this machine (`ingest.encoders.device`).
        device_map, load_in: for those that do not fit (`generation.models.local.network`).
        temperature: of sampling; None takes the provider's default.
        detail: of images; "low" sends smaller ones, and providers that know it are told.
        on_upload: is told of files that are uploaded: name, bytes sent, bytes in all.
        max_output_tokens: of a reply, reasoning counted; None takes what it needs.
    """

    key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    timeout: float = 120.0
    retries: int = 3
    device: str = "auto"
    dtype: str = "auto"
    device_map: str | None = None
    load_in: str | None = None
    temperature: float | None = None
    detail: Literal["auto", "low", "high"] = "auto"
    max_output_tokens: int | None = None
    on_upload: Callable[[str, int, int], object] | None = field(default=None, repr=False)

    def output_tokens(self, wanted: int, *, reasons: bool) -> int:
        """Limit of a reply's tokens; with room for reasoning where the model does."""
        return self.max_output_tokens or wanted + THINKING_ROOM * reasons

    def timeouts(self) -> httpx2.Timeout:
        """HTTP timeouts: `timeout` for each piece, at most `CONNECT` to connect."""
        import httpx2

        return httpx2.Timeout(self.timeout, connect=min(CONNECT, self.timeout))

    def check_key(self, model: str, variable: str) -> None:
        """Check that there is a key, or a gateway that may need none.

        Args:
            model: with its provider, as `openai:MODEL`.
            variable: of the environment, that the key may be given in.

        Raises:
            ApiKeyMissing
        """
        if not self.key and not self.base_url:
            raise ApiKeyMissing(
                f"{model} needs an API key, and none was given.",
                hint=f"Give a key, as in the environment variable {variable}.",
            )


class ModelError(PageglassError):
    """A provider did not answer as it should."""

    code = "model"


class ApiKeyMissing(ModelError):
    """The provider needs an API key, and none was given."""

    code = "api-key-missing"


class ApiKeyInvalid(ModelError):
    """The provider does not accept the API key (401, 403)."""

    code = "api-key-invalid"


class ModelNotFound(ModelError):
    """The provider has no such model (404)."""

    code = "model-not-found"


class RequestTooLarge(ModelError):
    """The request is larger than the model accepts."""

    code = "request-too-large"


class RateLimited(ModelError):
    """Too many requests, or no credit left (402, 429)."""

    code = "rate-limited"


class Overloaded(ModelError):
    """The provider is overloaded (503, 529)."""

    code = "overloaded"


class TimedOut(ModelError):
    """No piece of the reply came within the timeout."""

    code = "timed-out"


class Unreachable(ModelError):
    """No connection to the provider."""

    code = "unreachable"


class ReplyInterrupted(ModelError):
    """The reply stopped before its end."""

    code = "reply-interrupted"


class ReplyRefused(ModelError):
    """The provider's policy forbids a reply."""

    code = "reply-refused"


class ReplyEmpty(ModelError):
    """The reply held reasoning and no answer."""

    code = "reply-empty"


class ImagesUnsupported(ModelError):
    """The model does not read images."""

    code = "images-unsupported"


class ReplyTruncated(ModelError):
    """The reply reached its limit of tokens; its pieces were given before."""

    code = "reply-truncated"


class PromptTooLong(InvalidInputError):
    """The prompt is longer than the context of a model on this machine."""

    code = "prompt-too-long"


class ImageRequired(InvalidInputError):
    """A model that takes one image was asked something without any."""

    code = "image-required"
