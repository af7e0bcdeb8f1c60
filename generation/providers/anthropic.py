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
from generation.providers.access import Access
from generation.providers.amend import Amendments
from generation.providers.chunks import as_mapping, content_text, refuse_page, whole_reply
from generation.providers.failure import UNREADABLE, StreamEnded, StreamFailed
from generation.providers.openai import check_reason
from generation.providers.price import cost_of
from generation.providers.retry import retry
from generation.providers.strict_schema import strict_schema
from generation.request import EncodedImage, Request, flatten
from generation.text.reasoning import ReasoningFilter

if TYPE_CHECKING:
    from anthropic import Anthropic as Client

BASE_URL = "https://api.anthropic.com"
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
        access.check_key(f"anthropic:{model}", "ANTHROPIC_API_KEY")
        self._setup(f"anthropic:{model}", model, access)

    def _setup(self, name: str, model: str, access: Access) -> None:
        self.name = name
        self._model = model
        self._access = access
        self._amendments = Amendments()

    @property
    def limits(self) -> Limits:
        """See `limits_of`; "low" detail sends smaller images."""
        return limits_of(self._model).at_detail(self._access.detail)

    def reply(self, request: Request) -> Iterator[str | Usage]:
        """See `ChatModel`.

        Raises:
            ModelError: see `generation.providers.access` for its kinds.
        """
        import anthropic
        import httpx2

        amendments = Amendments(self._amendments)
        with self._client() as client:
            yield from retry(
                lambda: self._stream(client, request, amendments),
                self._access,
                self.name,
                (anthropic.AnthropicError, httpx2.HTTPError, *UNREADABLE),
                amend=amendments,
                reasoning=lambda: ReasoningFilter(wary=self._access.base_url is not None),
            )

    def _client(self) -> Client:
        import anthropic

        access = self._access
        return anthropic.Anthropic(
            api_key=access.key or "none",
            base_url=access.base_url or BASE_URL,
            timeout=access.timeouts(),
            max_retries=0,
        )

    def _stream(
        self, client: Client, request: Request, amendments: Amendments
    ) -> Iterator[str | Usage]:
        counted: dict[str, int] = {}
        reason: str | None = None
        ended = False
        body = {**amendments.apply(payload(self._model, request, self._access))}
        # The SDK's newer versions have no argument for it; models that take it are there still.
        more = {key: body.pop(key) for key in ("temperature",) if key in body}
        with client.messages.create(**body, extra_body=more) as stream:
            for event in read_events(stream):
                message = event.get("message") or {}
                for usage in (message.get("usage"), event.get("usage")):
                    counted |= {key: n for key, n in (usage or {}).items() if isinstance(n, int)}
                match event.get("type"):
                    case "content_block_start":
                        if text := (event.get("content_block") or {}).get("text"):
                            yield text
                    case "content_block_delta":
                        if text := event["delta"].get("text"):
                            yield text
                    case "message_delta":
                        reason = (event.get("delta") or {}).get("stop_reason") or reason
                    case "message_stop":
                        ended = True
                    case "message":
                        yield content_text(event["content"])
                        reason, ended = event.get("stop_reason") or reason, True
        if not ended and reason is None:
            raise StreamEnded
        yield self._usage(counted)
        if reason == "error":
            raise StreamFailed(reason)
        check_reason(
            "length" if reason == "model_context_window_exceeded" else reason or "", self.name
        )

    def _usage(self, counted: dict[str, int]) -> Usage:
        cached = counted.get("cache_read_input_tokens", 0)
        written = counted.get("cache_creation_input_tokens", 0)
        given = counted.get("input_tokens", 0) + cached + written
        output = counted.get("output_tokens", 0)
        cost = cost_of(self._model, given, cached, output, written)
        return Usage(self.name, given, output, cached, None if self._access.base_url else cost)


def read_events(stream: Any) -> Iterator[dict[str, Any]]:
    """Read the SDK's stream; a whole JSON reply counts as one event.

    Raises:
        NotAnApi: it is a web page or other text.
        StreamFailed: an error came in place of an event.
    """
    kind = stream.response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        yield {"type": "message", **whole_reply(stream.response.read())}
        return
    refuse_page(kind)
    for event in stream:
        yield as_mapping(event)


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


def payload(model: str, request: Request, access: Access) -> dict[str, Any]:
    """Request body for the SDK."""
    messages: list[dict[str, Any]] = [
        {"role": turn.role, "content": [_block(part) for part in turn.flat]}
        for turn in request.turns
    ]
    if request.cached_parts:
        last = len(flatten(request.turns[0].parts[: request.cached_parts])) - 1
        messages[0]["content"][last]["cache_control"] = {"type": "ephemeral"}
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": access.output_tokens(request.max_tokens, reasons=_reasons(model)),
        "system": request.system,
        "messages": messages,
        "stream": True,
    }
    if access.temperature is not None:
        body["temperature"] = access.temperature
    if request.schema is not None:
        schema = strict_schema(request.schema, all_required=False)
        if schema is not None:
            body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    return body


def _reasons(model: str) -> bool:
    """Whether a model may reason unasked: from version 5 on."""
    found = _VERSION.search(model)
    return found is not None and int(found[1]) >= 5


def _block(part: str | EncodedImage) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    data = base64.b64encode(part.data).decode()
    source = {"type": "base64", "media_type": part.media_type, "data": data}
    return {"type": "image", "source": source}
