"""OpenAI chat model: OpenAI, OpenRouter, and any Chat Completions server.

Such servers are Ollama, vLLM, llama.cpp and LM Studio. Few of them have the
Responses API, and nothing here needs it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from generation.answer import Usage
from generation.context.image_tokens import (
    ImageTokenCounter,
    PatchTokens,
    TileTokens,
)
from generation.context.limits import LOW_EDGE, Limits
from generation.providers.access import Access, ReplyRefused, ReplyTruncated
from generation.providers.amend import Amendments
from generation.providers.chunks import content_text, read_chunks
from generation.providers.failure import UNREADABLE, StreamEnded, StreamFailed
from generation.providers.price import cost_of
from generation.providers.retry import retry
from generation.providers.strict_schema import strict_schema
from generation.request import EncodedImage, Request
from generation.text.reasoning import ReasoningFilter, is_reasoning_model

if TYPE_CHECKING:
    from openai import OpenAI as Client

BASE_URLS = {
    "openai": "https://api.openai.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
}
KEYS = {
    "openai": "OPENAI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
}
"""Environment variables that usually hold the keys; read by `api`, not here."""

REFUSALS = (
    *("content_filter", "safety", "prohibited", "refusal", "recitation", "blocklist", "spii"),
    *("image_safety", "image_prohibited", "image_recitation"),
)
"""Heads of finish reasons that say that the provider's policy forbids a reply."""
_REASONS = re.compile(r"(?:models/)?(?:gpt-[5-9]|o\d)")
SMALL = PatchTokens(32, 1_536, 2_048, 1.62)
IMAGE_TOKEN_RULES: tuple[tuple[str, ImageTokenCounter], ...] = (
    (r"gpt-4o-mini", TileTokens(2_833, 5_667)),
    (r"(?:chat)?gpt-4o|gpt-4\.1|gpt-4\.5-preview", TileTokens(85, 170)),
    (r"gpt-5|gpt-5-chat", TileTokens(70, 140)),
    (r"o1|o1-pro|o3", TileTokens(75, 150)),
    (r"gpt-(?:4\.1|5|5\.4)-mini", SMALL),
    (r"gpt-(?:4\.1|5|5\.4)-nano", PatchTokens(32, 1_536, 2_048, 2.46)),
    (r"o4-mini", PatchTokens(32, 1_536, 2_048, 1.72)),
    (r"gpt-5\.[4-9](?:-pro)?|gpt-5\.6-\w+|gpt-[6-9][\w.-]*", PatchTokens(32, 2_500, 2_048, 1.2)),
)
"""Image token counters of OpenAI's models, by a pattern of the name without its date; the first match counts."""


class OpenAi:
    """Chat model over the Chat Completions API.

    Args:
        model: the server's name of it.
        access: `base_url` for a server other than the provider's own; there a
            key may be left out.
        provider: "openai" or "openrouter".

    Raises:
        ApiKeyMissing: it needs a key, and none was given.
    """

    def __init__(self, model: str, access: Access, *, provider: str = "openai") -> None:
        self.name = f"{provider}:{model}"
        access.check_key(self.name, KEYS[provider])
        self._model = model
        self._provider = provider
        self._access = access
        self._own = access.base_url is None
        self._amendments = Amendments()

    @property
    def limits(self) -> Limits:
        """See `limits_of`; the defaults for a server other than the provider's own."""
        known = self._own and self._provider != "openrouter"
        limits = limits_of(self._model) if known else Limits()
        return limits.at_detail(self._access.detail)

    def reply(self, request: Request) -> Iterator[str | Usage]:
        """See `ChatModel`.

        Raises:
            ModelError: see `generation.providers.access` for its kinds.
        """
        import httpx2
        import openai

        access = self._access
        amendments = Amendments(self._amendments)
        official = self._own and self._provider != "openrouter"
        with openai.OpenAI(
            api_key=access.key or "none",
            timeout=access.timeouts(),
            max_retries=0,
            **address(access.base_url or BASE_URLS[self._provider], access.key),
        ) as client:
            yield from retry(
                lambda: self._stream(client, request, amendments),
                access,
                self.name,
                (openai.APIError, httpx2.HTTPError, *UNREADABLE),
                amend=amendments,
                reasoning=lambda: ReasoningFilter(
                    hold=not official
                    and (request.schema is not None or is_reasoning_model(self._model)),
                    wary=not official,
                ),
            )

    def _stream(
        self, client: Client, request: Request, amendments: Amendments
    ) -> Iterator[str | Usage]:
        own = self._provider == "openai" and self._own
        body = amendments.apply(payload(self._model, request, self._access, own=own))
        reason: str | None = None
        with client.chat.completions.create(**body) as stream:
            for chunk in read_chunks(stream):
                for choice in chunk.get("choices") or ():
                    part = choice.get("delta") or choice.get("message") or {}
                    if text := content_text(part.get("content")):
                        yield text
                    if part.get("refusal"):
                        reason = "content_filter"
                    reason = reason or choice.get("finish_reason")
                if chunk.get("usage"):
                    yield self._usage(chunk["usage"])
                if chunk.get("done"):
                    reason = reason or "stop"
        if reason is None:
            raise StreamEnded
        if reason.lower().startswith("error"):
            raise StreamFailed(reason)
        check_reason(reason, self.name)

    def _usage(self, usage: Mapping[str, Any]) -> Usage:
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        given, output = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
        cost = cost_of(self._model, given, cached, output)
        return Usage(self.name, given, output, cached, cost if self._own else None)


def address(url: str, key: str | None) -> dict[str, Any]:
    """Address for the SDK: a query such as `api-version` (Azure) goes with every call."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    found: dict[str, Any] = {"base_url": urlunsplit(parts._replace(query="", fragment=""))}
    if query:
        found["default_query"] = query
    if "api-version" in query and key:
        found["default_headers"] = {"api-key": key}
    return found


def check_reason(reason: str, name: str) -> None:
    """Raise where a reply ended before its own end.

    Raises:
        ReplyTruncated, ReplyRefused
    """
    kind = reason.lower()
    if kind in ("length", "max_tokens"):
        raise ReplyTruncated(
            f"The reply of {name} reached its limit of tokens.", hint="Ask for less at once."
        )
    if kind.startswith(REFUSALS):
        raise ReplyRefused(
            f"{name} declined to reply to this request.",
            hint="Ask in other words, or with another model.",
        )


def limits_of(model: str) -> Limits:
    """Limits of OpenAI's models.

    By developers.openai.com/api/docs/guides/images-vision: older models
    count tiles, newer ones patches of 32 pixels, at detail "high" at most 1,536
    of them (small models, and those not named there) or 2,500, no edge over 2,048
    pixels; 1,500 images and 512 MB a request. The large models' factor of
    1.2 is not in the copy of it that was read: it is an estimate.
    """
    name = model.removeprefix("models/")
    dated = r"(?:-\d{4}-\d{2}-\d{2}|-latest)?"
    known = (
        image_tokens
        for pattern, image_tokens in IMAGE_TOKEN_RULES
        if re.fullmatch(f"(?:{pattern}){dated}", name)
    )
    return Limits(
        max_images=100,
        image_tokens=next(known, SMALL),
        max_input_tokens=100_000,
        max_image_bytes=50_000_000,
    )


def detail_of(image: EncodedImage) -> str:
    """Detail level for OpenAI's own models: "low" for images within 512 pixels."""
    return "low" if max(image.width, image.height) <= LOW_EDGE else "high"


def payload(model: str, request: Request, access: Access, *, own: bool) -> dict[str, Any]:
    """Request body for the SDK; `own` for OpenAI's own server."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": request.system}]
    for turn in request.turns:
        if turn.role == "assistant":
            text = "\n".join(part for part in turn.parts if isinstance(part, str))
            messages.append({"role": "assistant", "content": text})
        else:
            parts = [_part(part, access.detail, own=own) for part in turn.flat]
            messages.append({"role": "user", "content": parts})
    reasons = is_reasoning_model(model) or _REASONS.match(model) is not None
    # OpenAI's newer models refuse max_tokens; many compatible servers know nothing else.
    limit = "max_completion_tokens" if own else "max_tokens"
    body: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        limit: access.output_tokens(request.max_tokens, reasons=reasons),
    }
    if access.temperature is not None:
        body["temperature"] = access.temperature
    if request.schema is not None:
        schema = strict_schema(request.schema, all_required=True)
        if schema is not None:
            shape = {"name": "reply", "schema": schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": shape}
    return body


def _part(part: str | EncodedImage, detail: str, *, own: bool) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    data = base64.b64encode(part.data).decode()
    url = f"data:{part.media_type};base64,{data}"
    if detail == "auto":
        detail = detail_of(part) if own else "high"
    return {"type": "image_url", "image_url": {"url": url, "detail": detail}}
