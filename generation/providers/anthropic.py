"""Anthropic chat model: Claude, by the Messages API and its official SDK.

Structured replies use the API's `output_config`; the pages are marked for prompt
caching, so that follow-up questions about them cost a tenth.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from generation.answer import Usage
from generation.context.image_tokens import PatchTokens
from generation.context.limits import Limits
from generation.providers.access import Access, ApiKeyMissing, ReplyRefused, ReplyTruncated
from generation.providers.price import cost_of
from generation.providers.retry import UNREADABLE, StreamEnded, retry
from generation.request import EncodedImage, Request

if TYPE_CHECKING:
    from anthropic import Anthropic as Client

BASE_URL = "https://api.anthropic.com"
THINKING_ROOM = 8_192
"""Tokens allowed beyond the reply's, since reasoning counts as output."""

_VERSION = re.compile(r"claude-[a-z]+-(\d{1,2})(?:-(\d{1,2}))?(?!\d)")


class Anthropic:
    """Chat model over the Messages API.

    Args:
        model: Anthropic's name of it.
        access: `base_url` for a gateway; there a key may be left out.

    Raises:
        ApiKeyMissing: it needs a key, and none was given.
    """

    def __init__(self, model: str, access: Access) -> None:
        if not access.key and not access.base_url:
            raise ApiKeyMissing(
                f"anthropic:{model} needs an API key, and none was given.",
                hint="Give a key, as in the environment variable ANTHROPIC_API_KEY.",
            )
        self.name = f"anthropic:{model}"
        self._model = model
        self._access = access

    @property
    def limits(self) -> Limits:
        """See `limits_of`."""
        return limits_of(self._model)

    def reply(self, request: Request) -> Iterator[str | Usage]:
        """See `ChatModel`.

        Raises:
            ModelError: see `generation.providers.access` for its kinds.
        """
        import anthropic
        import httpx2

        access = self._access
        with anthropic.Anthropic(
            api_key=access.key or "none",
            base_url=access.base_url or BASE_URL,
            timeout=access.timeouts(),
            max_retries=0,
        ) as client:
            yield from retry(
                lambda: self._stream(client, request),
                access,
                self.name,
                (anthropic.APIError, httpx2.HTTPError, *UNREADABLE),
            )

    def _stream(self, client: Client, request: Request) -> Iterator[str | Usage]:
        given = cached = written = output = 0
        reason: str | None = None
        ended = False
        with client.messages.create(**payload(self._model, request)) as stream:
            for event in stream:
                match event.type:
                    case "message_start":
                        usage = event.message.usage
                        cached = usage.cache_read_input_tokens or 0
                        written = usage.cache_creation_input_tokens or 0
                        given = usage.input_tokens + cached + written
                    case "content_block_delta":
                        if event.delta.type == "text_delta" and event.delta.text:
                            yield event.delta.text
                    case "message_delta":
                        reason = event.delta.stop_reason or reason
                        output = event.usage.output_tokens
                    case "message_stop":
                        ended = True
        if not ended:
            raise StreamEnded
        cost = cost_of(self._model, given, cached, output, written)
        yield Usage(self.name, given, output, cached, None if self._access.base_url else cost)
        if reason in ("max_tokens", "model_context_window_exceeded"):
            raise ReplyTruncated(
                f"The reply of {self.name} reached its limit of tokens.",
                hint="Ask for less at once.",
            )
        if reason == "refusal":
            raise ReplyRefused(
                f"{self.name} declined to reply to this request.",
                hint="Ask in other words, or with another model.",
            )


def limits_of(model: str) -> Limits:
    """Limits of a request to Claude.

    By platform.claude.com/docs/en/build-with-claude/vision: a token a patch of
    28 by 28 pixels; an image of more than 1,568 patches, or with an edge of more
    than 1,568 pixels, is shrunk (4,784 and 2,576 from Claude 4.7 on); 100 images
    a request where the context has 200,000 tokens, and none over 2,000 pixels
    where there are more than 20; 32 MB a request, of which words take the rest.
    A name without a version counts as an older model: nothing is lost but sharpness.
    """
    found = _VERSION.search(model)
    version = (int(found[1]), int(found[2] or 0)) if found else (0, 0)
    image_tokens = (
        PatchTokens(28, 4_784, 2_576) if version >= (4, 7) else PatchTokens(28, 1_568, 1_568)
    )
    return Limits(
        max_images=100,
        image_tokens=image_tokens,
        max_input_tokens=150_000,
        max_image_bytes=24_000_000,
        many_images=(20, 2_000),
    )


def payload(model: str, request: Request) -> dict[str, Any]:
    """Request body for the SDK."""
    messages: list[dict[str, Any]] = [
        {"role": turn.role, "content": [_block(part) for part in turn.parts]}
        for turn in request.turns
    ]
    if request.cached_parts:
        messages[0]["content"][request.cached_parts - 1]["cache_control"] = {"type": "ephemeral"}
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_tokens + THINKING_ROOM,
        "system": request.system,
        "messages": messages,
        "stream": True,
    }
    if request.schema is not None:
        body["output_config"] = {
            "format": {"type": "json_schema", "schema": dict(request.schema)},
        }
    return body


def _block(part: str | EncodedImage) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    data = base64.b64encode(part.data).decode()
    source = {"type": "base64", "media_type": part.media_type, "data": data}
    return {"type": "image", "source": source}
