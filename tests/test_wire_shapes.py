"""Replies and refusals in the shapes that servers really send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from test_models import HELLO, access, ask, make_prompt
from wire_server import JSON, SSE, Reply, Wire, anthropic_events, failing, serving, streaming

from api.settings import Settings
from generation.answer import SelfAssessment
from generation.models.load import load_chat, load_model
from generation.models.model import resolve_spec
from generation.providers.access import (
    ApiKeyInvalid,
    ImagesUnsupported,
    ModelError,
    ModelNotFound,
    RateLimited,
    ReplyEmpty,
    ReplyRefused,
    RequestTooLarge,
)
from generation.providers.strict_schema import strict_schema
from generation.request import Request


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as served:
        yield served


def chunks(*bodies: Any) -> Reply:
    lines = [f"data: {json.dumps(body)}\n\n".encode() for body in bodies]
    return Reply(200, SSE, [*lines, b"data: [DONE]\n\n"])


def delta(content: Any, reason: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": reason}]}


def test_usage_with_nulls(wire: Wire) -> None:
    usage = {"prompt_tokens": None, "completion_tokens": None, "prompt_tokens_details": None}
    wire.then(chunks(delta("yes", "stop"), {"choices": [], "usage": usage}))
    text, (used,) = ask("openai", wire)
    assert (text, used.input_tokens, used.output_tokens) == ("yes", 0, 0)


def test_content_as_a_list_of_parts(wire: Wire) -> None:
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "yes"}]
    wire.then(chunks(delta(parts), delta("!", "stop")))
    assert ask("openai", wire)[0] == "yes!"


def test_done_without_a_reason_is_an_end(wire: Wire) -> None:
    wire.then(chunks(delta("yes")))
    assert ask("openai", wire)[0] == "yes"


@pytest.mark.parametrize(
    "reason", ["content_filter: SAFETY", "content_filter", "PROHIBITED_CONTENT"]
)
def test_refusals(wire: Wire, reason: str) -> None:
    wire.then(chunks(delta("", reason)))
    with pytest.raises(ReplyRefused):
        ask("openai", wire)


def test_an_error_for_a_reason_is_tried_again(wire: Wire) -> None:
    wire.then(chunks(delta("", "error")), streaming("openai", ["yes"]))
    assert ask("openai", wire)[0] == "yes"


def test_errors_in_a_list(wire: Wire) -> None:
    body = [{"error": {"code": 404, "message": "models/x is not found", "status": "NOT_FOUND"}}]
    wire.then(failing(404, body))
    with pytest.raises(ModelNotFound, match="is not found"):
        ask("openai", wire)


def test_a_whole_json_reply(wire: Wire) -> None:
    body = {"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}]}
    wire.then(Reply(200, JSON, [json.dumps(body).encode()]))
    assert ask("openai", wire)[0] == "yes"
    whole = {
        "type": "message",
        "content": [{"type": "text", "text": "yes"}],
        "stop_reason": "end_turn",
    }
    wire.replies[:] = [Reply(200, JSON, [json.dumps(whole).encode()])]
    assert ask("anthropic", wire)[0] == "yes"


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
def test_a_web_page(wire: Wire, provider: str) -> None:
    wire.then(Reply(200, {"Content-Type": "text/html; charset=utf-8"}, [b"<html></html>"]))
    with pytest.raises(ModelError, match="web page"):
        ask(provider, wire)
    assert len(wire.seen) == 1


def test_anthropic_ends_and_text_in_a_blocks_start(wire: Wire) -> None:
    start = {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "text", "text": "yes"},
    }
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    events = [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in (start, end)]
    wire.then(Reply(200, SSE, [anthropic_events([])[0], *events]))
    assert ask("anthropic", wire)[0] == "yes"


@pytest.mark.parametrize(
    ("message", "name", "value"),
    [
        ("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "max_completion_tokens", 2048),
        ("'max_tokens' is too large: 2048. This model's maximum context length is 4096 tokens and your request has 3000 input tokens", "max_tokens", 1096),
    ],
)  # fmt: skip
def test_a_refused_limit_is_amended(wire: Wire, message: str, name: str, value: int) -> None:
    wire.then(failing(400, {"error": {"message": message}}), streaming("openai", ["yes"]))
    assert ask("openai", wire)[0] == "yes"
    assert wire.seen[0].body["max_tokens"] == 2048
    assert wire.seen[1].body[name] == value


def test_a_server_without_structured_output_or_stream_options(wire: Wire) -> None:
    request = Request(
        "s", HELLO.turns, {"type": "object", "properties": {"n": {"type": "integer"}}}
    )
    wire.then(
        failing(400, {"error": {"message": "Unknown parameter: stream_options"}}),
        failing(400, {"error": {"message": "response_format is not supported"}}),
        streaming("openai", ["{}"]),
    )
    assert ask("openai", wire, request)[0] == "{}"
    assert not {"stream_options", "response_format"} & set(wire.seen[2].body)


def test_strict_schemas() -> None:
    wanted = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}
    strict = strict_schema(wanted, all_required=True)
    assert strict is not None
    assert strict["required"] == ["n"]
    assert strict["additionalProperties"] is False
    assert '"minimum":' not in json.dumps(strict)
    assert strict_schema({"type": "object"}, all_required=True) is None


@pytest.mark.parametrize(
    ("status", "message", "kind", "hint"),
    [
        (400, "At most 5 image(s) may be provided in one prompt.", RequestTooLarge, "fewer pages"),
        (400, "This model does not support image input.", ImagesUnsupported, "takes images"),
        (400, "Your credit balance is too low to access the API.", RateLimited, "Add credit"),
        (400, "image exceeds 5 MB maximum: 6 bytes", RequestTooLarge, "low detail"),
        (400, "Your organization must be verified to stream this model.", ApiKeyInvalid, "Verify"),
        (400, "Something odd.", ModelError, "Change what it says"),
    ],
)
def test_hints_of_a_clients_own_mistakes(
    wire: Wire, status: int, message: str, kind: type[ModelError], hint: str
) -> None:
    wire.then(failing(status, {"error": {"message": message}}))
    with pytest.raises(kind) as caught:
        ask("openai", wire)
    assert hint in caught.value.hint
    assert len(wire.seen) == 1


def test_ollama(wire: Wire) -> None:
    wire.then(streaming("ollama", ["ye", "s"]))
    text, (usage,) = ask("ollama", wire, temperature=0.1)
    assert (text, usage.input_tokens, usage.output_tokens) == ("yes", 1020, 7)
    list(load_model("ollama:m", access(wire)).stream(make_prompt()))
    seen = wire.seen[1]
    assert seen.path == "/api/chat"
    assert seen.body["keep_alive"]
    assert seen.body["options"]["num_ctx"] >= 4_096
    assert wire.seen[0].body["options"]["temperature"] == 0.1
    assert all(isinstance(one, str) for one in seen.body["messages"][1]["images"])


def test_ollama_without_the_model(wire: Wire) -> None:
    wire.then(failing(404, {"error": "model 'some-model' not found"}))
    with pytest.raises(ModelNotFound, match="ollama pull some-model"):
        ask("ollama", wire)


def test_a_truncated_prompt_is_told(wire: Wire) -> None:
    wire.then(streaming("ollama", ['"3,412" [1]'], prompt_eval_count=12))
    *_, last = load_model("ollama:m", access(wire)).stream(make_prompt("How many? " * 50))
    assert isinstance(last, SelfAssessment)
    assert "cut pages off" in last.note


def test_reasoning_hides_no_refusal(wire: Wire) -> None:
    wire.then(streaming("openai", ["<thi", "nk>They came.</th", "ink>\n\nNOT IN THE PAGES. No."]))
    *texts, last = load_model("openai:m", access(wire)).stream(make_prompt())
    assert "".join(text for text in texts if isinstance(text, str)) == "No."
    assert isinstance(last, SelfAssessment)
    assert last.declined


def test_nothing_but_reasoning(wire: Wire) -> None:
    wire.then(streaming("openai", ["<think>on and on"]))
    with pytest.raises(ReplyEmpty):
        ask("openai", wire)


def test_azure(wire: Wire) -> None:
    wire.then(streaming("openai", ["yes"]))
    url = f"{wire.url}/openai/deployments/d?api-version=2024-10-21"
    list(load_chat("openai:d", access(wire, base_url=url)).reply(HELLO))
    assert wire.seen[0].path == "/openai/deployments/d/chat/completions?api-version=2024-10-21"
    assert wire.seen[0].headers["api-key"]


def test_vertex(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_ML_REGION", "global")
    monkeypatch.setenv("ANTHROPIC_VERTEX_PROJECT_ID", "p")
    wire.then(streaming("anthropic", ["yes"]))
    assert ask("vertex", wire)[0] == "yes"
    assert "/projects/p/locations/global/" in wire.seen[0].path


@pytest.mark.parametrize(
    ("spec", "full"),
    [
        ("anthropic", "anthropic:claude-sonnet-5"),
        ("openai", "openai:gpt-5.4-mini"),
        ("gemini", "gemini:gemini-2.5-flash"),
        ("ollama", "ollama:qwen2.5vl"),
        ("gpt-4o", "openai:gpt-4o"),
        ("claude-opus-5", "anthropic:claude-opus-5"),
        ("ollama:qwen3-vl:8b", "ollama:qwen3-vl:8b"),
    ],
)
def test_short_names(spec: str, full: str) -> None:
    assert resolve_spec(spec) == full


def test_settings_reach_the_request(wire: Wire) -> None:
    found = Settings(temperature=0.2, max_output_tokens=99, ollama_url=wire.url).access("ollama")
    assert (found.temperature, found.max_output_tokens, found.base_url) == (0.2, 99, wire.url)
    wire.then(streaming("openai", ["yes"]))
    ask("openai", wire, temperature=0.2, max_output_tokens=99, detail="low")
    assert (wire.seen[0].body["temperature"], wire.seen[0].body["max_tokens"]) == (0.2, 99)
