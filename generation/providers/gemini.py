"""Gemini chat model: Google's models, by the Gemini API and its official SDK.

Images stand among the texts; whole PDFs, videos and recordings are uploaded
(`generation.providers.gemini_files`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from generation.answer import Usage
from generation.context.image_tokens import CropTokens, FixedTokens
from generation.context.limits import FileLimits, Limits
from generation.providers.access import Access
from generation.providers.amend import Amendments
from generation.providers.chunks import refuse_page
from generation.providers.failure import UNREADABLE, StreamEnded, StreamFailed
from generation.providers.gemini_files import GeminiFiles
from generation.providers.openai import check_reason
from generation.providers.price import cost_of
from generation.providers.retry import retry
from generation.providers.strict_schema import strict_schema
from generation.request import EncodedImage, Part, Request, SourceFile, flatten
from generation.text.reasoning import ReasoningFilter

if TYPE_CHECKING:
    import httpx2
    from google.genai import Client
    from google.genai.types import GenerateContentResponseUsageMetadata

BASE_URL = "https://generativelanguage.googleapis.com"
API_VERSION = "v1beta"
LONG_VIDEO = 50 * 60.0
"""Seconds from which a video is sent at low resolution: at the usual one, an hour takes the
whole context of a million tokens."""
FILES = FileLimits(
    {
        "application/pdf": 50_000_000,
        **dict.fromkeys(
            (
                *("video/mp4", "video/mpeg", "video/avi", "video/x-flv", "video/webm"),
                *("video/wmv", "audio/wav", "audio/mp3", "audio/aac", "audio/ogg", "audio/flac"),
            ),
            2_000_000_000,
        ),
    },
    max_pages=1_000,
    max_seconds=150 * 60.0,
)
"""By ai.google.dev/gemini-api/docs: document-processing, video-understanding, audio and files."""
_REASONS = re.compile(r"gemini-(?:2\.5|[3-9])")
_OLDER = re.compile(r"gemini-[12]\b")
FINISHED = ("STOP", "MAX_TOKENS")
REFUSED = "prohibited"
"""Reason of a reply whose prompt was blocked."""

Upload = Callable[[SourceFile], dict[str, str]]


class GeminiError(Exception):
    """Error of the SDK, with what `generation.providers.failure` reads."""

    def __init__(self, error: Any) -> None:
        super().__init__(f"status {error.code}")
        self.status_code = error.code if isinstance(error.code, int) else None
        self.body = error.details
        self.response = error.response if hasattr(error.response, "headers") else None


class Gemini:
    """Chat model over the Gemini API.

    Args:
        model: Google's name of it.
        access: `base_url` for a gateway; there a key may be left out.

    Raises:
        ApiKeyMissing: it needs a key, and none was given.
    """

    def __init__(self, model: str, access: Access) -> None:
        self.name = f"gemini:{model}"
        access.check_key(self.name, "GEMINI_API_KEY")
        self._model = model.removeprefix("models/")
        self._access = access
        self._amendments = Amendments()
        self._files = GeminiFiles(self._client, access, self.name)

    @property
    def limits(self) -> Limits:
        """See `limits_of`; "low" detail sends smaller images."""
        return limits_of(self._model).at_detail(self._access.detail)

    def keep_files(self) -> AbstractContextManager[None]:
        """Context in which uploaded files serve several requests; then they are deleted."""
        return self._files.keep()

    def reply(self, request: Request) -> Iterator[str | Usage]:
        """See `ChatModel`.

        Raises:
            ModelError: see `generation.providers.access` for its kinds.
        """
        import httpx2

        amendments = Amendments(self._amendments)
        with self._files.keep(), self._client() as client:
            yield from retry(
                lambda: self._stream(client, request, amendments),
                self._access,
                self.name,
                (GeminiError, httpx2.HTTPError, KeyError, *UNREADABLE),
                amend=amendments,
                reasoning=lambda: ReasoningFilter(wary=self._access.base_url is not None),
            )

    @contextmanager
    def _client(self) -> Iterator[Client]:
        import httpx2
        from google import genai

        with _http_client(self._access) as http:
            options: Any = {
                "base_url": self._access.base_url or BASE_URL,
                "api_version": API_VERSION,
                "httpx_client": http,
                # Nobody uses it; the SDK's own would load certificates.
                "httpx_async_client": httpx2.AsyncClient(transport=httpx2.MockTransport(_unused)),
            }
            key = self._access.key or "none"
            yield genai.Client(api_key=key, vertexai=False, http_options=options)

    def _stream(
        self, client: Client, request: Request, amendments: Amendments
    ) -> Iterator[str | Usage]:
        from google.genai import errors

        try:
            contents = contents_of(request, lambda file: self._files.upload(client, file))
            config: Any = amendments.apply(config_of(self._model, request, self._access))
            yield from self._events(
                client.models.generate_content_stream(
                    model=self._model, contents=contents, config=config
                )
            )
        except errors.APIError as error:
            raise GeminiError(error) from None

    def _events(self, chunks: Iterator[Any]) -> Iterator[str | Usage]:
        reason = ""
        usage: Any = None
        for chunk in chunks:
            if chunk.prompt_feedback and chunk.prompt_feedback.block_reason:
                reason = REFUSED
            for candidate in chunk.candidates or ():
                for part in (candidate.content and candidate.content.parts) or ():
                    if part.text and not part.thought:
                        yield part.text
                if candidate.finish_reason:
                    reason = candidate.finish_reason.value
            usage = chunk.usage_metadata or usage
        if usage:
            yield self._usage(usage)
        if not reason:
            raise StreamEnded
        check_reason(reason, self.name)
        if reason not in FINISHED:
            raise StreamFailed(reason)

    def _usage(self, counted: GenerateContentResponseUsageMetadata) -> Usage:
        cached = counted.cached_content_token_count or 0
        given = counted.prompt_token_count or 0
        made = (counted.candidates_token_count or 0) + (counted.thoughts_token_count or 0)
        kinds = {getattr(one.modality, "value", "") for one in counted.prompt_tokens_details or ()}
        # Sound has a price of its own.
        is_known = self._access.base_url is None and "AUDIO" not in kinds
        cost = cost_of(self._model, given, cached, made) if is_known else None
        return Usage(self.name, given, made, cached, cost)


def limits_of(model: str) -> Limits:
    """Limits of Google's models.

    By ai.google.dev/gemini-api/docs/image-understanding and /media-resolution: crops up to
    Gemini 2, 1,120 tokens an image from Gemini 3 on; 20 MB a request, words included.
    """
    older = _OLDER.match(model)
    return Limits(
        max_images=100,
        image_tokens=CropTokens() if older else FixedTokens(1_120, 2_048),
        max_input_tokens=150_000,
        max_image_bytes=18_000_000,
        files=FILES,
    )


def contents_of(request: Request, upload: Upload) -> list[Any]:
    """Turns of a request for the SDK, each file uploaded."""
    return [
        {
            "role": "model" if turn.role == "assistant" else "user",
            "parts": [one for part in turn.parts for one in _parts(part, upload)],
        }
        for turn in request.turns
    ]


def _parts(part: Part, upload: Upload) -> Iterator[dict[str, Any]]:
    if isinstance(part, SourceFile):
        yield {"file_data": upload(part)}
        return
    for one in flatten([part]):
        if isinstance(one, EncodedImage):
            yield {"inline_data": {"mime_type": one.media_type, "data": one.data}}
        else:
            yield {"text": one}


def config_of(model: str, request: Request, access: Access) -> dict[str, Any]:
    """Configuration of a request for the SDK."""
    reasons = _REASONS.match(model) is not None
    config: dict[str, Any] = {
        "system_instruction": request.system,
        "max_output_tokens": access.output_tokens(request.max_tokens, reasons=reasons),
        "automatic_function_calling": {"disable": True},
    }
    if access.temperature is not None:
        config["temperature"] = access.temperature
    if access.detail == "low" or _seconds(request) > LONG_VIDEO:
        config["media_resolution"] = "MEDIA_RESOLUTION_LOW"
    if request.schema is not None:
        config["response_mime_type"] = "application/json"
        if (schema := strict_schema(request.schema, all_required=False)) is not None:
            config["response_json_schema"] = schema
    return config


def _seconds(request: Request) -> float:
    """Seconds of the recordings in a request."""
    parts = [part for turn in request.turns for part in turn.parts]
    return sum(part.seconds for part in parts if isinstance(part, SourceFile))


def _http_client(access: Access) -> httpx2.Client:
    """HTTP client for the SDK, whose own timeout is for the whole of a reply."""
    import httpx2

    timeout = access.timeouts().as_dict()

    def limit(request: httpx2.Request) -> None:
        request.extensions["timeout"] = timeout

    def check(response: httpx2.Response) -> None:
        if response.status_code == 200:
            refuse_page(response.headers.get("content-type", "").partition(";")[0].strip().lower())

    return httpx2.Client(event_hooks={"request": [limit], "response": [check]})


def _unused(request: httpx2.Request) -> httpx2.Response:
    raise NotImplementedError
