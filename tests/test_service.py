"""The server as a service: health, readiness, metrics, traces, proxies and TLS."""

from __future__ import annotations

import datetime
import ipaddress
import re
import shutil
import sqlite3
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi.testclient import TestClient
from live_server import LiveServer, live_server
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from typer.testing import CliRunner

from api.cli.main import app as cli
from api.engine import Engine
from api.http.app import create_app
from api.http.readiness import Readiness
from api.settings import Settings
from ingest.encoders.embedded.weights import WeightsMissing
from ingest.library.home import Home

SECRET = "zephyr"
"""A word of a query, which must not be in metrics or traces."""


def open_app(home: Home, **settings: Any) -> TestClient:
    app = create_app(home, Settings(ocr="none", workers=1, **settings), hosts={"testserver"})
    return TestClient(app)


def values(text: str) -> dict[str, float]:
    rows = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in rows}


# --- readiness


def test_a_server_with_a_library_is_ready(sample_home: Home) -> None:
    with open_app(sample_home) as client:
        response = client.get("/ready")
        assert response.status_code == 200
        assert response.json() == {"status": "ready", "checks": {"library": "ok", "model": "ok"}}


def test_a_server_without_a_library_is_ready_for_uploads(tmp_path: Path) -> None:
    with open_app(Home(tmp_path / "home")) as client:
        assert client.get("/ready").status_code == 200


def test_a_server_that_warms_up_is_ready_once_its_models_are_loaded(
    sample_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = threading.Event(), threading.Event()
    retrieve = Engine.retrieve

    def wait(*args: Any, **options: Any) -> Any:
        reached.set()
        assert go_on.wait(30)
        return retrieve(*args, **options)

    monkeypatch.setattr(Engine, "retrieve", wait)
    app = create_app(sample_home, Settings(workers=1), hosts={"testserver"}, warm=True)
    with TestClient(app) as client:
        assert reached.wait(30)
        loading = client.get("/ready")
        assert (loading.status_code, loading.json()["checks"]) == (503, {"models": "loading"})
        engine: Engine = app.state.engine
        go_on.set()
        assert engine._warming is not None
        engine._warming.join()
        assert engine._searcher is not None
        assert client.get("/ready").json()["status"] == "ready"


def test_a_server_without_a_library_or_models_warms_up_all_the_same(
    tmp_path: Path,
    sample_home: Home,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with TestClient(create_app(Home(tmp_path), warm=True)) as client:
        assert client.get("/health", headers={"host": "localhost"}).status_code == 200
    assert "ahead" not in caplog.text

    def missing(_engine: Engine) -> None:
        raise WeightsMissing("The weights are gone.", hint="Install them.")

    monkeypatch.setattr(Engine, "searcher", missing)
    with TestClient(create_app(sample_home, warm=True)) as client:
        assert client.get("/health", headers={"host": "localhost"}).status_code == 200
    assert "could not be loaded ahead: The weights are gone." in caplog.text


def test_a_part_that_is_not_ready_is_named(own_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.http.readiness.KEEP", 0.0)
    with open_app(own_home, model="no-such:model") as client:
        response = client.get("/ready")
        assert response.status_code == 503
        assert response.json()["checks"] == {"library": "ok", "model": "unknown-model"}
        assert "Retry-After" in response.headers
        assert client.get("/health").status_code == 200


def test_a_server_of_records_that_does_not_answer_is_named(own_home: Home) -> None:
    with open_app(own_home, chroma="http://127.0.0.1:9") as client:
        client.app.state.engine.home.server = client.app.state.engine.settings.chroma_server()  # type: ignore[attr-defined]
        checks = client.get("/ready").json()["checks"]
        assert checks["chroma"] == "chroma-unreachable"


def test_a_part_that_breaks_unexpectedly_is_named_too(
    own_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise sqlite3.DatabaseError("malformed")

    with open_app(own_home) as client:
        monkeypatch.setattr("api.engine.Engine.library", broken)
        response = client.get("/ready")
        assert response.status_code == 503
        assert response.json()["checks"]["library"] == "error"
        assert "malformed" not in response.text


def test_a_part_that_hangs_holds_one_request(
    sample_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging, go_on = threading.Event(), threading.Event()

    def hang(*_: object) -> None:
        hanging.set()
        assert go_on.wait(30)

    with open_app(sample_home) as client:
        readiness: Readiness = client.app.state.readiness  # type: ignore[attr-defined]
        monkeypatch.setattr("api.engine.Engine.model", hang)
        thread = threading.Thread(target=readiness.check)
        thread.start()
        assert hanging.wait(30)
        assert readiness.check() == {"server": "starting"}  # at once
        go_on.set()
        thread.join(30)
        assert readiness.check() == {"library": "ok", "model": "ok"}


def test_readiness_is_asked_once_a_second_at_most(sample_home: Home) -> None:
    with open_app(sample_home) as client:
        readiness: Readiness = client.app.state.readiness  # type: ignore[attr-defined]
        first = readiness.check()
        assert readiness.check() is first


def test_readiness_needs_no_token_and_metrics_do(sample_home: Home, tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("ada read secret-1\n")
    with open_app(sample_home, tokens_file=tmp_path / "tokens") as client:
        assert client.get("/ready").status_code == 200
        assert client.get("/metrics").status_code == 401
        shown = {"Authorization": "Bearer secret-1"}
        told = values(client.get("/metrics", headers=shown).text)
        refused = [
            name for name in told if name.startswith("pageglass_requests_total") and '"401"' in name
        ]
        assert sum(told[name] for name in refused) == 1


# --- metrics


def test_requests_are_counted_by_route_and_nothing_of_them_is_told(sample_home: Home) -> None:
    with open_app(sample_home) as client:
        client.post("/v1/search", json={"query": SECRET})
        client.post("/v1/search", json={"query": ""})
        client.get(f"/{SECRET}?q={SECRET}")
        client.request(SECRET.upper(), "/health")
        response = client.get("/metrics")
        assert response.headers["content-type"].startswith("text/plain")
        assert SECRET not in response.text.lower()
        told = values(response.text)
        route = 'method="POST",route="/v1/search"'
        assert told[f'pageglass_requests_total{{{route},status="200"}}'] == 1
        assert told[f'pageglass_requests_total{{{route},status="422"}}'] == 1
        assert told[f"pageglass_request_seconds_count{{{route}}}"] == 2
        assert any('route="unmatched"' in name for name in told)
        assert told["pageglass_documents"] > 3
        assert told["pageglass_pages"] > told["pageglass_documents"]
        assert told['pageglass_jobs{state="queued"}'] == 0
        assert told['pageglass_resident_bytes{process="server"}'] > 50e6
        assert told["pageglass_requests_running"] == 1  # this one


def test_metrics_of_a_new_home(tmp_path: Path) -> None:
    with open_app(Home(tmp_path / "home")) as client:
        assert "pageglass_documents" not in client.get("/metrics").text


# --- traces


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """An OTLP receiver over HTTP, and what it got."""
    got: list[ExportTraceServiceRequest] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            got.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", got
        server.shutdown()
        thread.join(30)


def test_spans_of_a_request_reach_the_receiver(
    sample_home: Home, receiver: tuple[str, list[ExportTraceServiceRequest]]
) -> None:
    url, got = receiver
    with open_app(sample_home, traces=url) as client:
        client.post("/v1/search", json={"query": SECRET})
        client.post("/v1/ask", json={"query": f"Who repaired the lens of the {SECRET}?"})
    spans = [s for r in got for rs in r.resource_spans for ss in rs.scope_spans for s in ss.spans]
    names = {span.name for span in spans}
    assert {"POST /v1/search", "POST /v1/ask", "encode", "candidates", "score", "retrieve"} <= names
    assert "answer" in names
    by_id = {span.span_id: span for span in spans}
    encode = next(span for span in spans if span.name == "encode")
    assert by_id[encode.parent_span_id].name in {"POST /v1/search", "retrieve"}
    assert SECRET not in str(got)


def test_nothing_is_traced_unless_asked_for(sample_home: Home) -> None:
    from ingest import trace

    with open_app(sample_home) as client:
        client.post("/v1/search", json={"query": "lens"})
        assert trace._tracer is None


# --- proxies and TLS


def test_a_path_that_a_proxy_strips_is_in_links_and_in_no_check(sample_home: Home) -> None:
    with live_server(sample_home.root, root_path="/pages", token="secret-1") as server:
        client = server.client
        assert client.get("/health").status_code == 200
        assert client.get("/v1/documents").status_code == 401
        shown = {"Authorization": "Bearer secret-1"}
        assert client.get("/v1/documents", headers=shown).status_code == 200
        asked = {
            "model": "pageglass",
            "messages": [{"role": "user", "content": "Who repaired the lens?"}],
        }
        answer = client.post("/v1/chat/completions", json=asked, headers=shown).json()
        text = answer["choices"][0]["message"]["content"]
        assert re.search(r"http://127\.0\.0\.1:\d+/pages/v1/pages/\w+-\d+/image", text)
        wrong = client.get("/v1/models/none", headers=shown)
        assert "error" in wrong.json()


@pytest.mark.parametrize(("trusted", "told"), [(None, "127.0.0.1"), ("127.0.0.1", "203.0.113.9")])
def test_forwarded_addresses_count_from_trusted_proxies_alone(
    sample_home: Home, trusted: str | None, told: str
) -> None:
    settings = {"trusted_proxies": trusted} if trusted else {}
    with live_server(sample_home.root, rate_limit="2/minute", **settings) as server:

        def status(address: str) -> int:
            headers = {"X-Forwarded-For": address, "X-Forwarded-Proto": "https"}
            return server.client.get("/v1/documents", headers=headers).status_code

        assert [status("203.0.113.9") for _ in range(3)] == [200, 200, 429]
        # A client that is believed to come from elsewhere has a rate of its own.
        assert status("203.0.113.10") == (429 if told == "127.0.0.1" else 200)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"


def test_https_with_a_certificate(sample_home: Home, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    server = LiveServer(sample_home.root, certfile=str(cert), keyfile=str(key))
    try:
        assert "pageglass is at https://" in server.log
        url = re.search(r"https://\S+", server.log)[0]  # type: ignore[index]
        context = ssl.create_default_context(cafile=str(cert))
        with httpx2.Client(base_url=url, verify=context) as client:
            assert client.get("/v1/documents").status_code == 200
    finally:
        server.stop()


def test_certificates_that_cannot_be_used_are_said_so_at_the_start(
    sample_home: Home, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    cert, key = certificate
    other = shutil.copy(cert, tmp_path / "other.pem")
    for options in (
        ["--certfile", str(tmp_path / "gone.pem"), "--keyfile", str(key)],
        ["--certfile", str(cert), "--keyfile", str(other)],
        ["--keyfile", str(key)],
    ):
        home = ["--home", str(sample_home.root), "--port", "0"]
        result = CliRunner().invoke(cli, ["serve", *options, *home])
        assert result.exit_code != 0
        assert "certificate" in result.stderr
        assert "Traceback" not in result.stderr
