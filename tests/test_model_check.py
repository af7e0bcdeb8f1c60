"""What `doctor` finds of models whose keys are not ours, and what a question says without them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_models import HELLO
from wire_server import MEANT, Reply, Wire, failing, redirected, serving, streaming

from api.diagnostics.finding import Finding
from api.diagnostics.providers import check_model
from api.settings import Settings
from generation.models.load import load_chat
from generation.providers.access import Access
from generation.providers.claude_clouds import CloudUnconfigured
from ingest.extras import MissingExtra

BEDROCK = "bedrock:anthropic.claude-sonnet-5"
VERTEX = "vertex:claude-sonnet-5"
USER = {
    "type": "authorized_user",
    "client_id": "an-id",
    "client_secret": "a-secret-of-the-user",
    "refresh_token": "a-token-of-the-user",
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which no cloud's tools were ever used."""
    # All of them: a simulated bucket of another test may have left some.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name, raising=False)
    for name in ("CLOUD_ML_REGION", "ANTHROPIC_VERTEX_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "CLOUDSDK_CONFIG"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_GCE_CHECK", "true")


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as served:
        yield served


def found(spec: str, **settings: Any) -> Finding:
    return check_model(Settings(model=spec, **settings))


def test_bedrock(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = found(BEDROCK)
    assert (finding.state, "region" in finding.detail) == ("broken", True)
    assert "AWS_REGION" in finding.hint
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    finding = found(BEDROCK)
    assert (finding.state, finding.detail) == ("broken", "No AWS credentials were found.")
    assert "aws configure" in finding.hint
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-cloud")
    finding = found(BEDROCK)
    assert (finding.state, finding.hint) == ("ok", "")
    assert finding.detail.endswith("region us-east-1, AWS credentials by env")
    assert "a-secret" not in str(finding)
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "a-bearer-of-the-cloud")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert found(BEDROCK).detail.endswith("region us-east-1, a bearer token")


def test_a_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    finding = found(BEDROCK)
    assert (finding.state, "nobody" in finding.detail) == ("broken", True)


def test_vertex(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "CLOUD_ML_REGION" in found(VERTEX).hint
    monkeypatch.setenv("CLOUD_ML_REGION", "global")
    finding = found(VERTEX)
    assert (finding.state, "No Google Cloud credentials" in finding.detail) == ("broken", True)
    assert "gcloud auth application-default login" in finding.hint
    (tmp_path / "user.json").write_text(json.dumps(USER))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "user.json"))
    finding = found(VERTEX)
    assert (finding.state, finding.hint) == ("broken", "Set ANTHROPIC_VERTEX_PROJECT_ID.")
    monkeypatch.setenv("ANTHROPIC_VERTEX_PROJECT_ID", "p")
    finding = found(VERTEX)
    assert finding.state == "ok"
    assert "region global, project p, Google Cloud credentials" in finding.detail
    assert "of-the-user" not in str(finding)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    monkeypatch.setenv("CLOUDSDK_AUTH_ACCESS_TOKEN", "a-token")
    assert found(VERTEX).detail.endswith("project p, an access token")


@pytest.mark.parametrize(("spec", "said"), [(BEDROCK, "AWS"), (VERTEX, "Google Cloud")])
def test_a_question_without_credentials_says_how_to_get_them(
    spec: str, said: str, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The SDK keeps sessions by their region: this one has met no credentials of other tests.
    monkeypatch.setenv("AWS_REGION", "sa-east-1")
    monkeypatch.setenv("CLOUD_ML_REGION", "global")
    monkeypatch.setenv("ANTHROPIC_VERTEX_PROJECT_ID", "p")
    with redirected(wire), pytest.raises(CloudUnconfigured, match=said):
        list(load_chat(spec, Access(timeout=60)).reply(HELLO))
    assert not wire.seen


def test_credentials_that_no_longer_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Their token is fetched anew, which fails here: the test has no network."""
    monkeypatch.setenv("CLOUD_ML_REGION", "global")
    monkeypatch.setenv("ANTHROPIC_VERTEX_PROJECT_ID", "p")
    (tmp_path / "user.json").write_text(json.dumps(USER))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "user.json"))
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(CloudUnconfigured, match="cannot be used") as caught:
        list(load_chat(VERTEX, Access(timeout=5)).reply(HELLO))
    assert "of-the-user" not in caught.value.message


def test_bedrock_signs_and_reads_frames(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-cloud")
    wire.then(streaming("bedrock", ["one ", "two"]))
    with redirected(wire):
        events = list(load_chat(BEDROCK, Access(timeout=5)).reply(HELLO))
    assert "".join(event for event in events if isinstance(event, str)) == "one two"
    (seen,) = wire.seen
    assert seen.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-central-1/bedrock/aws4_request" in seen.headers["authorization"]
    assert "bedrock-runtime.eu-central-1." in seen.headers[MEANT]
    assert seen.body["anthropic_version"]


SHOWN = {
    "details": {"parameter_size": "8.3B", "quantization_level": "Q4_K_M"},
    "capabilities": ["completion", "vision"],
}


def test_ollama(wire: Wire) -> None:
    wire.pages["/api/show"] = failing(200, SHOWN)
    finding = found("ollama:qwen2.5vl", ollama_url=wire.url)
    assert finding.state == "ok"
    assert finding.detail.endswith("; the server has it, 8.3B, Q4_K_M")
    assert wire.seen[0].body == {"model": "qwen2.5vl"}


@pytest.mark.parametrize(
    ("shown", "said", "hint"),
    [
        (failing(404, {"error": "model 'm' not found"}), "ollama pull m", "Check the model"),
        (failing(200, {"capabilities": ["completion"]}), "does not read images", "takes images"),
        (Reply(200, {"Content-Type": "text/html"}, [b"<html>"]), "a web page", "base URL"),
        (failing(200, ["no", "object"]), "cannot be read", "base URL"),
    ],
)
def test_ollama_that_cannot_be_used(wire: Wire, shown: Reply, said: str, hint: str) -> None:
    wire.pages["/api/show"] = shown
    finding = found("ollama:m", ollama_url=wire.url)
    assert (finding.state, said in finding.detail, hint in finding.hint) == ("broken", True, True)


def test_ollama_that_does_not_run(free_tcp_port: int) -> None:
    finding = found("ollama:m", ollama_url=f"http://127.0.0.1:{free_tcp_port}")
    assert (finding.state, "No connection" in finding.detail) == ("broken", True)
    assert "ollama serve" in finding.hint


def test_a_local_model(tmp_path: Path) -> None:
    assert found(f"transformers:{tmp_path}").detail.endswith("its files are here")
    finding = found(f"transformers:{tmp_path}/none")
    assert (finding.state, "There is no folder" in finding.detail) == ("broken", True)
    assert "not here yet" in found("transformers:nobody/nothing").detail


def test_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.extras.find_missing", lambda *modules: list(modules))
    for spec in (BEDROCK, "transformers:o/m"):
        finding = found(spec)
        assert (finding.state, "not installed" in finding.detail) == ("broken", True)
        assert "pip install" in finding.hint
    with pytest.raises(MissingExtra):
        load_chat(VERTEX)
