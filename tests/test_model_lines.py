"""Every line of docs/models.md that names a provider, run against a local server.

The line is run as it stands: only its placeholders are filled in, and the network leads
to the server of this test, which notes the address that was meant.
"""

from __future__ import annotations

import base64
import io
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from typer.testing import CliRunner, Result
from wire_server import MEANT, Wire, failing, redirected, serving, streaming

import pageglass
from api.cli.main import app
from api.http.app import create_app
from api.settings import Settings
from generation.context.limits import LOW_EDGE
from ingest.library.home import Home

DOCS = Path(__file__).parents[1] / "docs" / "models.md"
LINES = dict(re.findall(r"^\| ([^|]+) \| `([^`]*pageglass ask [^`]*)`", DOCS.read_text(), re.M))
QUESTION = "Who was in charge of repairing the lens?"
KEY = "a-key-that-nobody-may-see-0123456789"
CLOUDS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-cloud",
    "CLOUDSDK_AUTH_ACCESS_TOKEN": KEY,
    "OPENAI_API_KEY": KEY,
}
"""What the clouds' own tools, or an earlier export, put into the environment."""
CHAT = "/chat/completions"
MEANT_FOR = {
    "Anthropic": ("anthropic", "https://api.anthropic.com/v1/messages"),
    "OpenAI": ("openai", f"https://api.openai.com/v1{CHAT}"),
    "Gemini": (
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash"
        ":streamGenerateContent?alt=sse",
    ),
    "Ollama": ("ollama", "http://localhost:11434/api/chat"),
    "OpenRouter": ("openai", f"https://openrouter.ai/api/v1{CHAT}"),
    "Azure OpenAI": (
        "openai",
        f"https://NAME.openai.azure.com/openai/deployments/DEPLOYMENT{CHAT}?api-version=2024-10-21",
    ),
    "Amazon Bedrock": (
        "bedrock",
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-sonnet-5/"
        "invoke-with-response-stream",
    ),
    "Vertex AI": (
        "anthropic",
        "https://aiplatform.googleapis.com/v1/projects/my-project/locations/global/publishers/"
        "anthropic/models/claude-sonnet-5:streamRawPredict",
    ),
    "vLLM": ("openai", f"http://localhost:8000/v1{CHAT}"),
    "llama.cpp": ("openai", f"http://localhost:8080/v1{CHAT}"),
    "LM Studio": ("openai", f"http://localhost:1234/v1{CHAT}"),
}
"""Wire format and address of each line; the others reach no network."""
EACH = pytest.mark.parametrize("name", MEANT_FOR)


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as served, redirected(served):
        yield served


def run(
    name: str, home: Home, monkeypatch: pytest.MonkeyPatch, *more: str, model: str = ""
) -> Result:
    """Run a line of the docs, with options behind it."""
    environment, arguments = read_line(LINES[name])
    for variable, value in {**CLOUDS, **environment}.items():
        monkeypatch.setenv(variable, value)
    if model:
        arguments[arguments.index("--model") + 1] = model
    return CliRunner().invoke(app, ["--home", str(home.root), *arguments, *more])


def read_line(line: str) -> tuple[dict[str, str], list[str]]:
    """Environment and arguments of a line; "..." is a key, or a project."""
    words = shlex.split(line)
    at = words.index("pageglass")
    environment = dict(word.split("=", 1) for word in words[:at])
    for variable, value in environment.items():
        if value == "...":
            environment[variable] = "my-project" if variable.endswith("PROJECT_ID") else KEY
    return environment, [QUESTION if word == "QUESTION" else word for word in words[at + 1 :]]


def images_of(body: Mapping[str, Any]) -> list[Image.Image]:
    """Images of a request's body, in any of the formats."""
    data = re.findall(r'(?:base64,|"data": "|"images": \[")([-\w+/=]{200,})', json.dumps(body))
    plain = [one.translate(str.maketrans("-_", "+/")) for one in data]
    return [Image.open(io.BytesIO(base64.b64decode(one))) for one in plain]


def test_no_line_is_left_out() -> None:
    assert set(LINES) == {*MEANT_FOR, "no language model", "on this machine"}


@EACH
def test_a_line_of_the_docs(
    name: str, wire: Wire, sample_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire_format, address = MEANT_FOR[name]
    wire.then(streaming(wire_format, ["It says ", '"lens" [1].']))
    done = run(name, sample_home, monkeypatch)
    assert done.exit_code == 0, (done.output, done.exception)
    assert 'It says "lens" [1].' in done.stdout
    assert "1,020 tokens in" in done.stderr
    (seen,) = wire.seen
    assert seen.headers[MEANT].lower() == address.lower()
    assert QUESTION in json.dumps(seen.body)
    assert any(max(image.size) > LOW_EDGE for image in images_of(seen.body))
    assert '"temperature"' not in json.dumps(seen.body)  # the provider decides
    secret = CLOUDS["AWS_ACCESS_KEY_ID"] if name == "Amazon Bedrock" else KEY
    assert (secret in str(seen.headers)) == (name != "Ollama")
    assert KEY not in done.output


def test_no_language_model(sample_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run("no language model", sample_home, monkeypatch)
    assert done.exit_code == 0, done.output


OPTIONS = ("--temperature", "0.25", "--detail", "low", "--max-output-tokens", "99")


@EACH
def test_options_reach_the_body(
    name: str, wire: Wire, sample_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.then(streaming(MEANT_FOR[name][0], ['"lens" [1]']))
    assert run(name, sample_home, monkeypatch, *OPTIONS).exit_code == 0
    (seen,) = wire.seen
    sent = seen.body.get("options") or seen.body.get("generationConfig") or seen.body
    limits = {"Ollama": "num_predict", "OpenAI": "max_completion_tokens"}
    limit = {**limits, "Gemini": "maxOutputTokens"}.get(name, "max_tokens")
    assert (sent["temperature"], sent[limit]) == (0.25, 99)
    assert all(max(image.size) <= LOW_EDGE for image in images_of(seen.body))
    details = set(re.findall(r'"detail": "(\w+)"', json.dumps(seen.body)))
    assert details == ({"low"} if MEANT_FOR[name][0] == "openai" else set())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("OpenAI", "Unsupported value: 'temperature' does not support 0.25 with this model."),
        ("Anthropic", "`temperature` is deprecated for this model."),
        ("Amazon Bedrock", "`temperature` may only be set to 1 when thinking is enabled."),
        ("Azure OpenAI", "Unsupported parameter: 'temperature' is not supported with this model."),
    ],
)
def test_a_refused_temperature_is_left_out(
    name: str,
    message: str,
    wire: Wire,
    sample_home: Home,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    refusal = failing(400, {"error": {"message": message, "param": "temperature"}})
    wire.then(refusal, streaming(MEANT_FOR[name][0], ['"lens" [1]']))
    done = run(name, sample_home, monkeypatch, "--temperature", "0.25")
    assert done.exit_code == 0, done.output
    first, second = wire.seen
    assert "temperature" not in second.body
    assert {**second.body, "temperature": 0.25} == first.body
    assert "takes no temperature" in caplog.text


def test_a_temperature_out_of_range_is_told(
    wire: Wire, sample_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.then(failing(400, {"error": {"message": "temperature: range: 0..1"}}))
    done = run("Anthropic", sample_home, monkeypatch, "--temperature", "1.5")
    assert done.exit_code != 0
    assert "range: 0..1" in done.stderr
    assert len(wire.seen) == 1


def test_a_temperature_that_stays_refused_is_told(
    wire: Wire, sample_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire.then(failing(400, {"error": {"message": "'temperature' is not supported"}}))
    done = run("OpenAI", sample_home, monkeypatch, "--temperature", "0.25")
    assert done.exit_code != 0
    assert len(wire.seen) == 2


@pytest.mark.parametrize("door", ["python", "http", "chat"])
def test_settings_reach_the_body_by_every_door(
    door: str, wire: Wire, sample_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    wire.then(streaming("openai", ['"lens" [1]']))
    options: Any = {"temperature": 0.25, "detail": "low", "max_output_tokens": 99}
    if door == "python":
        with pageglass.open(sample_home.root, model="openai:gpt-4o", **options) as library:
            library.ask(QUESTION)
    else:
        served = create_app(
            sample_home, Settings(model="openai:gpt-4o", **options), hosts={"testserver"}
        )
        chat = {"model": "pageglass", "messages": [{"role": "user", "content": QUESTION}]}
        path, body = {
            "http": ("/v1/ask", {"query": QUESTION}),
            "chat": ("/v1/chat/completions", {**chat, "temperature": 1.0}),
        }[door]
        with TestClient(served) as client:
            assert client.post(path, json=body).status_code == 200
    (seen,) = wire.seen
    assert (seen.body["temperature"], seen.body["max_completion_tokens"]) == (0.25, 99)
    assert '"detail": "low"' in json.dumps(seen.body)


def test_options_of_extract_reach_the_body(
    wire: Wire, sample_home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    schema = {"type": "object", "properties": {"full_name": {"type": "string"}}}
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    record = {"data": {"full_name": "Priya Lanwarne"}, "sources": []}
    wire.then(streaming("anthropic", [json.dumps(record)]))
    line = ["--home", str(sample_home.root), "extract", "volunteer-form.pdf-1", "--schema"]
    model = ["--model", "anthropic:claude-haiku-4-5"]
    done = CliRunner().invoke(app, [*line, str(tmp_path / "schema.json"), *model, *OPTIONS])
    assert done.exit_code == 0, done.output
    (seen,) = wire.seen
    assert (seen.body["temperature"], seen.body["max_tokens"]) == (0.25, 99)
    assert images_of(seen.body)
    assert all(max(image.size) <= LOW_EDGE for image in images_of(seen.body))
