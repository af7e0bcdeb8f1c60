"""The providers' real SDKs against a server that speaks their wire format."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from pydantic import TypeAdapter
from wire_server import SSE, Reply, Wire, anthropic_events, failing, serving, streaming

from generation.answer import SelfAssessment, Usage
from generation.context.image_tokens import TileTokens
from generation.context.limits import Limits
from generation.models.load import load_chat, load_model
from generation.models.model import UnknownModel
from generation.prompt import Evidence, Message, Prompt
from generation.providers import anthropic as anthropic_file
from generation.providers import gemini as gemini_file
from generation.providers import openai as openai_file
from generation.providers.access import (
    Access,
    ApiKeyInvalid,
    ApiKeyMissing,
    ModelError,
    ModelNotFound,
    Overloaded,
    RateLimited,
    ReplyInterrupted,
    ReplyRefused,
    ReplyTruncated,
    RequestTooLarge,
    TimedOut,
    Unreachable,
)
from generation.providers.price import cost_of
from generation.request import Request, Turn
from ingest.page import Page, Word

GOLDEN = Path(__file__).parent / "golden"
SECRET = "sk-ant-very-secret-0123456789"
PROVIDERS = ["anthropic", "openai", "gemini"]
HELLO = Request("Be brief.", (Turn("user", ("Hello?",)),))


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as served:
        yield served


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def access(wire: Wire, **more: Any) -> Access:
    return Access(**{"key": SECRET, "base_url": wire.url, "timeout": 5.0, "retries": 2, **more})


def ask(
    provider: str, wire: Wire, request: Request = HELLO, **more: Any
) -> tuple[str, list[Usage]]:
    events = list(load_chat(f"{provider}:some-model", access(wire, **more)).reply(request))
    text = "".join(event for event in events if isinstance(event, str))
    return text, [event for event in events if isinstance(event, Usage)]


def error_body(provider: str, kind: str, message: str) -> dict[str, Any]:
    inner = {"type": kind, "message": message}
    return {"type": "error", "error": inner} if provider == "anthropic" else {"error": inner}


def picture(width: int = 40, height: int = 60) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(out, "WEBP", lossless=True)
    return out.getvalue()


def make_prompt(question: str = "How many came?", *, pages: int = 2) -> Prompt:
    words = tuple(
        Word(text, (0.1 * i, 0.1, 0.1 * i + 0.09, 0.12))
        for i, text in enumerate(["3,412", "people", "came"])
    )
    return Prompt(
        question,
        tuple(
            Evidence(i, Page("d", 6 + i, "report.pdf"), words if i == 1 else (), picture, 1.0)
            for i in range(1, pages + 1)
        ),
        (Message("user", "When was it?"), Message("assistant", 'In "August" [1].')),
    )


def test_a_reply_streams_with_its_usage(provider: str, wire: Wire) -> None:
    wire.then(streaming(provider, ["Hel", "lo", " 안녕"]))
    text, usages = ask(provider, wire)
    assert text == "Hello 안녕"
    assert usages[-1] == Usage(f"{provider}:some-model", 1020, 7, 1000, None)
    seen = wire.seen[0]
    assert (
        seen.path
        == {
            "anthropic": "/v1/messages",
            "openai": "/chat/completions",
            "gemini": "/v1beta/models/some-model:streamGenerateContent?alt=sse",
        }[provider]
    )
    key = "x-goog-api-key" if provider == "gemini" else "authorization"
    assert seen.headers[key].removeprefix("Bearer ") == SECRET


def test_429_is_tried_again_when_the_server_says(
    provider: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(
        "generation.providers.retry.time", SimpleNamespace(sleep=waits.append, time=time.time)
    )
    busy = failing(429, error_body(provider, "rate_limit_error", "slow down"), Retry_After="0.4")
    wire.then(busy, streaming(provider, ["yes"]))
    assert ask(provider, wire)[0] == "yes"
    assert len(wire.seen) == 2
    assert len(waits) == 1
    assert waits[0] >= 0.4


def test_a_longer_wait_than_is_sensible_is_told_of(provider: str, wire: Wire) -> None:
    wire.then(failing(429, error_body(provider, "rate_limit_error", "later"), Retry_After="3600"))
    with pytest.raises(RateLimited, match="later"):
        ask(provider, wire)
    assert len(wire.seen) == 1


@pytest.mark.parametrize("status", [500, 503, 529])
def test_a_server_in_trouble_is_asked_again(
    provider: str, wire: Wire, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    trouble = failing(status, error_body(provider, "overloaded_error", "busy"), Retry_After="0.01")
    wire.then(trouble, trouble, streaming(provider, ["at last"]))
    assert ask(provider, wire)[0] == "at last"
    assert len(wire.seen) == 3
    first, second = (
        r.getMessage() for r in caplog.records if r.name == "generation.providers.retry"
    )
    assert "retry 1 in" in first
    assert "retry 2 in" in second
    assert SECRET not in first + second


@pytest.mark.parametrize(
    ("status", "kind", "message", "fault", "calls"),
    [
        (401, "authentication_error", f"invalid key {SECRET}", ApiKeyInvalid, 1),
        (403, "permission_error", "no", ApiKeyInvalid, 1),
        (404, "not_found_error", "no such model", ModelNotFound, 1),
        (413, "request_too_large", "too much", RequestTooLarge, 1),
        (
            400,
            "invalid_request_error",
            "prompt is too long: 210000 tokens > 200000 maximum",
            RequestTooLarge,
            1,
        ),
        (400, "invalid_request_error", f"strange {SECRET}", ModelError, 1),
        (429, "insufficient_quota", "no credit", RateLimited, 1),
        (529, "overloaded_error", "busy", Overloaded, 3),
    ],
)
def test_errors_have_names_and_hold_no_secret(
    provider: str,
    wire: Wire,
    status: int,
    kind: str,
    message: str,
    fault: type[ModelError],
    calls: int,
) -> None:
    wire.then(failing(status, error_body(provider, kind, message), Retry_After="0.01"))
    with pytest.raises(fault) as caught:
        ask(provider, wire)
    assert type(caught.value) is fault
    assert SECRET not in str(caught.value) + repr(caught.value)
    assert caught.value.hint
    assert caught.value.__cause__ is None
    assert len(wire.seen) == calls


def test_a_stream_that_breaks_in_the_middle_is_a_fault(provider: str, wire: Wire) -> None:
    whole = streaming(provider, ["Half of ", "it"])
    at = [i for i, piece in enumerate(whole.pieces) if b"Half" in piece][0]  # type: ignore[operator]
    wire.then(Reply(200, SSE, whole.pieces[: at + 1], breaks=True))
    reply = iter(load_chat(f"{provider}:m", access(wire)).reply(HELLO))
    assert next(reply) == "Half of "
    with pytest.raises(ReplyInterrupted, match="after 8 characters"):
        next(reply)
    assert len(wire.seen) == 1


def test_a_stream_that_just_stops_is_a_fault(provider: str, wire: Wire) -> None:
    whole = streaming(provider, ["Half"])
    at = [i for i, piece in enumerate(whole.pieces) if b"Half" in piece][0]  # type: ignore[operator]
    wire.then(Reply(200, SSE, whole.pieces[: at + 1]))
    with pytest.raises(ReplyInterrupted):
        ask(provider, wire)


def test_a_stream_that_breaks_before_any_text_is_tried_again(provider: str, wire: Wire) -> None:
    wire.then(Reply(200, SSE, [], breaks=True), streaming(provider, ["whole"]))
    assert ask(provider, wire)[0] == "whole"


def test_an_error_inside_a_stream_is_tried_again_or_told(wire: Wire) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    event = f"event: error\ndata: {json.dumps(error)}\n\n".encode()
    wire.then(Reply(200, SSE, [*anthropic_events([])[:2], event]), streaming("anthropic", ["now"]))
    assert ask("anthropic", wire)[0] == "now"
    wire.replies[:] = [Reply(200, SSE, [*anthropic_events(["Par"])[:4], event])]
    with pytest.raises(ReplyInterrupted, match="overloaded"):
        ask("anthropic", wire)


@pytest.mark.parametrize(
    "event", [b"data: {not json\n\n", b'data: {"type": "content_block_delta"}\n\n']
)
def test_events_that_cannot_be_read(provider: str, wire: Wire, event: bytes) -> None:
    head = b"event: content_block_delta\n" if provider == "anthropic" else b""
    wire.then(Reply(200, SSE, [head + event]))
    with pytest.raises(ModelError):
        ask(provider, wire, retries=0)


def test_a_slow_server_times_out(provider: str, wire: Wire) -> None:
    given_up = threading.Event()
    wire.then(Reply(200, SSE, [given_up, *streaming(provider, ["late"]).pieces]))
    with pytest.raises(TimedOut, match=r"0\.2 s"):
        ask(provider, wire, timeout=0.2, retries=0)
    given_up.set()


def test_no_server(provider: str) -> None:
    chat = load_chat(f"{provider}:m", Access(SECRET, "http://127.0.0.1:9", 1.0, 0))
    with pytest.raises(Unreachable):
        list(chat.reply(HELLO))


def test_closing_hangs_up(provider: str, wire: Wire) -> None:
    events = streaming(provider, ["one", "two"]).pieces
    at = [i for i, piece in enumerate(events) if b"one" in piece][0]  # type: ignore[operator]
    slow: list[bytes | float] = [*events[: at + 1]]
    for _ in range(100):
        slow += [0.02, b": still here\n\n"]
    wire.then(Reply(200, SSE, slow))
    reply = load_chat(f"{provider}:m", access(wire)).reply(HELLO)
    assert next(iter(reply)) == "one"
    reply.close()  # type: ignore[attr-defined]
    assert wire.hung_up.wait(2)


def test_the_end_of_the_tokens_is_said(provider: str, wire: Wire) -> None:
    stop = {"anthropic": "max_tokens", "openai": "length", "gemini": "MAX_TOKENS"}[provider]
    wire.then(streaming(provider, ["and so"], stop=stop))
    with pytest.raises(ReplyTruncated):
        ask(provider, wire)
    events = list(load_model(f"{provider}:m", access(wire)).stream(make_prompt()))
    assessment = events[-1]
    assert isinstance(assessment, SelfAssessment)
    assert "stops in the middle" in assessment.note


def test_a_refusal_is_a_fault(provider: str, wire: Wire) -> None:
    stop = {"anthropic": "refusal", "openai": "content_filter", "gemini": "SAFETY"}[provider]
    wire.then(streaming(provider, ["I"], stop=stop))
    with pytest.raises(ReplyRefused):
        ask(provider, wire)


def test_requests_are_what_the_sdks_types_and_the_golden_files_say(
    provider: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    from anthropic.types.message_create_params import MessageCreateParamsStreaming
    from google.genai.types import Content
    from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming

    wire.then(streaming(provider, ["ok"]))
    list(load_model(f"{provider}:some-model", access(wire)).stream(make_prompt()))
    body = wire.seen[0].body
    if provider == "gemini":
        assert all(Content.model_validate(content).parts for content in body["contents"])
    else:
        kind: Any = {
            "anthropic": MessageCreateParamsStreaming,
            "openai": CompletionCreateParamsStreaming,
        }[provider]
        adapter = TypeAdapter(kind)
        for message in adapter.validate_python(body)["messages"]:
            # The SDKs' types hold iterables, which pydantic checks as they are read.
            content = message["content"]
            assert isinstance(content, str) or list(content)
    shown = json.dumps(_without_pictures(body), indent=1, ensure_ascii=False) + "\n"
    assert shown == (GOLDEN / f"{provider}_ask.json").read_text("utf-8")


def _without_pictures(body: Any) -> Any:
    """Pictures replaced by how long their data begins, since encoders differ."""
    if isinstance(body, dict):
        return {key: _without_pictures(value) for key, value in body.items()}
    if isinstance(body, list):
        return [_without_pictures(value) for value in body]
    if isinstance(body, str) and body.startswith("data:image/"):
        return body.partition(",")[0] + ",…"
    if isinstance(body, str) and body.startswith(("/9j/", "_9j_")):
        return "/9j/…"
    return body


def test_a_schema_goes_by_the_providers_own_way(provider: str) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    strict = {**schema, "additionalProperties": False}
    request = Request("s", (Turn("user", ("q",)),), schema=schema)
    if provider == "anthropic":
        body = anthropic_file.payload("m", request, Access())
        assert body["output_config"] == {"format": {"type": "json_schema", "schema": strict}}
    elif provider == "gemini":
        config = gemini_file.config_of("m", request, Access())
        assert config["response_json_schema"] == strict
        assert config["response_mime_type"] == "application/json"
    else:
        body = openai_file.payload("m", request, Access(), own=True)
        assert body["response_format"]["json_schema"]["schema"] == strict
        assert "max_tokens" not in body


def test_the_kept_pages_stay_the_same_from_question_to_question(wire: Wire) -> None:
    wire.then(streaming("anthropic", ["ok"]))
    model = load_model("anthropic:m", access(wire))
    firsts = []
    for question in ["One?", "Another?"]:
        list(model.stream(make_prompt(question)))
        parts = wire.seen[-1].body["messages"][0]["content"]
        marked = [i for i, part in enumerate(parts) if "cache_control" in part]
        assert len(marked) == 1
        kept = json.dumps(parts[: marked[0] + 1]).encode()
        firsts.append(hashlib.sha256(kept).hexdigest())
    assert firsts[0] == firsts[1]


@pytest.mark.parametrize(
    ("pieces", "said", "declined"),
    [
        (["NOT IN ", "THE PAGES", ". They say", " nothing."], "They say nothing.", True),
        (["**Not in the pages**: nothing of it"], "nothing of it", True),
        (["NOT IN THE PAGES"], "The pages do not hold the answer.", True),
        (["NOT", " ALL of them"], "NOT ALL of them", False),
        (["3,412 NOT IN THE PAGES"], "3,412 NOT IN THE PAGES", False),
        (["NOT IN"], "NOT IN", False),
    ],
)
def test_the_marker_becomes_a_verdict(
    wire: Wire, pieces: list[str], said: str, declined: bool
) -> None:
    wire.then(streaming("openai", pieces))
    events = list(load_model("openai:m", access(wire)).stream(make_prompt()))
    assert "".join(event for event in events if isinstance(event, str)) == said
    assert [event for event in events if isinstance(event, SelfAssessment)] == [
        SelfAssessment(None, None, declined)
    ]


@pytest.mark.parametrize("spec", ["anthropic:m", "openai:m", "gemini:m"])
def test_no_key(spec: str) -> None:
    with pytest.raises(ApiKeyMissing, match="API_KEY"):
        load_chat(spec)


@pytest.mark.parametrize("spec", ["extractive", "nothing", "openai:", ":m", "other:m"])
def test_no_such_language_model(spec: str) -> None:
    with pytest.raises(UnknownModel, match="anthropic:MODEL"):
        load_chat(spec, Access("k"))


def test_a_key_is_not_shown() -> None:
    assert SECRET not in repr(Access(SECRET))


def test_what_a_call_costs() -> None:
    assert cost_of("claude-haiku-4-5-20251001", 1_000_000, 0, 0) == 1.0
    assert cost_of("claude-haiku-4-5", 1_000_000, 1_000_000, 1_000_000) == pytest.approx(5.1)
    assert cost_of("claude-haiku-4-5", 1_000_000, 0, 0, 1_000_000) == pytest.approx(1.25)
    assert cost_of("claude-fable-5-1", 1_000_000, 1_000_000, 0) == pytest.approx(0.25)
    assert cost_of("some-model", 1, 0, 0) is None
    assert cost_of("gemini-2.5-pro", 1, 0, 0) is None


def test_a_request_keeps_to_its_models_limits(wire: Wire) -> None:
    wire.then(streaming("openai", ["ok"]))
    events = list(load_model("openai:m", access(wire)).stream(make_prompt(pages=12)))
    parts = wire.seen[0].body["messages"][1]["content"]
    assert sum(part["type"] == "image_url" for part in parts) == Limits().max_images == 10
    assert isinstance(events[-1], SelfAssessment)
    assert events[-1].note == "The last 2 of 12 pages were left out: the model takes 10 images."
    assert load_chat("anthropic:claude-opus-5", Access("k")).limits.max_images == 100
    assert load_chat("openai:gpt-4o", Access("k")).limits.image_tokens == TileTokens(85, 170)
