"""Ollama chat model, by its native API.

Over `/v1` it cuts prompts at 4,096 tokens in silence.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx

from generation.answer import Usage
from generation.context.limits import Limits, count_tokens
from generation.providers.access import CONNECT, Access, ImagesUnsupported, Unreachable
from generation.providers.amend import Amendments
from generation.providers.failure import (
    UNREADABLE,
    NotAnApi,
    StreamEnded,
    StreamFailed,
    convert_error,
)
from generation.providers.openai import check_reason
from generation.providers.retry import retry
from generation.providers.strict_schema import strict_schema
from generation.request import EncodedImage, Request
from generation.text.reasoning import ReasoningFilter, is_reasoning_model

BASE_URL = "http://localhost:11434"
KEEP_ALIVE = "10m"
"""How long the server keeps the model in memory after a reply."""
CONTEXT_STEP = 2_048
"""`num_ctx` is a multiple of it: a server loads a model again where it changes."""


class OllamaError(Exception):
    """Error of the server: an HTTP status, or a line of a stream."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status_code = status
        self.body = body


class Ollama:
    """Chat model over Ollama's `/api/chat`.

    Args:
        model: Ollama's name of it, as `ollama list` shows it.
        access: `base_url` for a server other than the one on this machine.
    """

    def __init__(self, model: str, access: Access) -> None:
        self.name = f"ollama:{model}"
        self._model = model
        self._access = access
        self._amendments = Amendments()

    @property
    def limits(self) -> Limits:
        """The defaults, for a server of unknown limits; "low" detail sends smaller images."""
        return Limits().at_detail(self._access.detail)

    def reply(self, request: Request) -> Iterator[str | Usage]:
        """See `ChatModel`.

        Raises:
            ModelError: see `generation.providers.access` for its kinds.
        """
        amendments = Amendments(self._amendments)
        with self._client(self._access.timeout) as client:
            yield from retry(
                lambda: self._stream(client, request, amendments),
                self._access,
                self.name,
                (OllamaError, httpx.HTTPError, *UNREADABLE),
                amend=amendments,
                reasoning=lambda: ReasoningFilter(
                    hold=request.schema is not None or is_reasoning_model(self._model), wary=True
                ),
            )

    def check(self) -> str:
        """Ask the server for the model; say what it told. Loads nothing.

        Raises:
            ModelError: no server answers, or it lacks the model.
            ImagesUnsupported: the model reads no images.
        """
        try:
            with self._client(CONNECT) as client:
                response = client.post("/api/show", json={"model": self._model})
                _check(response, self._model)
                told = response.json()
            can, details = told.get("capabilities"), told.get("details") or {}
        except (OllamaError, NotAnApi, httpx.HTTPError, *UNREADABLE) as error:
            failure = convert_error(error, self._access, self.name)
            if isinstance(failure, Unreachable):
                failure.hint = "Start it: `ollama serve`; or check its address."
            raise failure from None
        if can is not None and "vision" not in can:
            raise ImagesUnsupported(
                f"{self.name} does not read images: it can do {', '.join(can) or 'nothing'}.",
                hint="Use a model that takes images as input.",
            )
        size = [
            details[key] for key in ("parameter_size", "quantization_level") if details.get(key)
        ]
        return ", ".join(["the server has it", *size])

    def _client(self, seconds: float) -> httpx.Client:
        access = self._access
        url = (access.base_url or BASE_URL).rstrip("/").removesuffix("/v1")
        headers = {"Authorization": f"Bearer {access.key}"} if access.key else {}
        timeout = httpx.Timeout(seconds, connect=min(CONNECT, access.timeout))
        return httpx.Client(base_url=url, headers=headers, timeout=timeout)

    def _stream(
        self, client: httpx.Client, request: Request, amendments: Amendments
    ) -> Iterator[str | Usage]:
        body = amendments.apply(payload(self._model, request, self._access))
        reason: str | None = None
        with client.stream("POST", "/api/chat", json=body) as response:
            _check(response, self._model)
            for line in response.iter_lines():
                if not line.strip():
                    continue
                event = json.loads(line)
                if event.get("error"):
                    failed = StreamFailed("error")
                    failed.body = event["error"]  # type: ignore[attr-defined]
                    raise failed
                if text := (event.get("message") or {}).get("content"):
                    yield text
                if event.get("done"):
                    reason = event.get("done_reason") or "stop"
                    given, made = event.get("prompt_eval_count"), event.get("eval_count")
                    yield Usage(self.name, given or 0, made or 0)
        if reason is None:
            raise StreamEnded
        check_reason(reason, self.name)


def _check(response: httpx.Response, model: str) -> None:
    """Raise where the server refuses, or what answers is no Ollama."""
    if response.status_code >= 400:
        response.read()
        try:
            body = response.json()
        except ValueError:
            body = {}
        if response.status_code == 404 and "model" in json.dumps(body):
            body = {"error": f"model not found; `ollama pull {model}` fetches it"}
        raise OllamaError(response.status_code, body)
    if "html" in response.headers.get("content-type", ""):
        raise NotAnApi("a web page")


def payload(model: str, request: Request, access: Access) -> dict[str, Any]:
    """Request body of `/api/chat`.

    `num_ctx` holds the prompt, as estimated, and the reply.
    """
    messages: list[dict[str, Any]] = [{"role": "system", "content": request.system}]
    tokens = count_tokens(request.system)
    counter = Limits().image_tokens
    for turn in request.turns:
        texts = [part for part in turn.flat if isinstance(part, str)]
        images = [part for part in turn.flat if isinstance(part, EncodedImage)]
        tokens += sum(map(count_tokens, texts))
        tokens += sum(counter.tokens(image.width, image.height) for image in images)
        message: dict[str, Any] = {"role": turn.role, "content": "\n".join(texts)}
        if images:
            message["images"] = [base64.b64encode(image.data).decode() for image in images]
        messages.append(message)
    made = access.output_tokens(request.max_tokens, reasons=is_reasoning_model(model))
    options: dict[str, Any] = {
        "num_ctx": -(-(tokens + made) // CONTEXT_STEP) * CONTEXT_STEP,
        "num_predict": made,
    }
    if access.temperature is not None:
        options["temperature"] = access.temperature
    body: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "stream": True,
        "keep_alive": KEEP_ALIVE,
        "options": options,
    }
    if request.schema is not None:
        schema = strict_schema(request.schema, all_required=False)
        body["format"] = schema or "json"
    return body
