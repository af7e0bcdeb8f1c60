from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from error_classes import error_classes
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image
from pydantic import SecretStr

from api.http.app import create_app
from api.http.errors import STATUSES, status_of
from api.jobs.spool import ABANDONED_AFTER, clean_name, sweep
from api.settings import Settings
from generation.providers.access import Unreachable
from ingest.disk.full_disk import DiskFull
from ingest.error import PageglassError
from ingest.files.pdf import NeedsPassword
from ingest.library.home import Home, HomeBusy
from ingest.library.library import Library
from ingest.verify import verify

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "data" / "samples"
LENS = "Who was in charge of repairing the lens?"


def open_app(home: Home, **settings: Any) -> TestClient:
    settings = {"ocr": "none", "workers": 1, **settings}
    return TestClient(create_app(home, Settings(**settings), hosts={"testserver"}))


@pytest.fixture(scope="module")
def client(sample_home: Home) -> Iterator[TestClient]:
    """Over the samples, for reading only."""
    with open_app(sample_home) as client:
        yield client


@pytest.fixture
def own_client(own_home: Home) -> Iterator[TestClient]:
    with open_app(own_home) as client:
        yield client


@pytest.fixture
def empty_client(tmp_path: Path) -> Iterator[TestClient]:
    with open_app(Home(tmp_path / "home")) as client:
        yield client


def problem_of(response: Any, status: int) -> dict[str, Any]:
    """The problem, which must have every field that is promised."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail", "hint", "request_id"} <= set(body)
    assert body["status"] == status
    assert body["request_id"] == response.headers["x-request-id"]
    assert body["hint"]
    return body


def png(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (80, 60), colour).save(buffer, "PNG")
    return buffer.getvalue()


def first_page(client: TestClient, name: str) -> str:
    listed = client.get("/v1/documents").json()["documents"]
    return next(f"{d['document']}-1" for d in listed if d["name"] == name)


class TestAsking:
    def test_health(self, client: TestClient) -> None:
        assert client.get("/health").json()["status"] == "ok"

    def test_search(self, client: TestClient) -> None:
        body = client.post("/v1/search", json={"query": LENS, "top": 2}).json()
        assert body["query"] == LENS
        assert [hit["rank"] for hit in body["hits"]] == [1, 2]
        best = body["hits"][0]
        assert (best["name"], best["number"]) == ("annual-report.pdf", 4)
        assert best["page"] == f"{best['document']}-4"
        assert client.get(f"/v1/pages/{best['page']}/image").status_code == 200

    def test_search_pictures(self, client: TestClient) -> None:
        wanted = {"query": "a red bicycle by a wall", "images": True}
        assert client.post("/v1/search", json=wanted).json()["hits"][0]["name"] == (
            "bicycle-wall.png"
        )

    def test_search_like(self, client: TestClient) -> None:
        with (SAMPLES / "sailboat.png").open("rb") as file:
            response = client.post("/v1/search/image", files={"file": file}, data={"top": "1"})
        assert [hit["name"] for hit in response.json()["hits"]] == ["sailboat.png"]

    def test_search_like_no_picture(self, client: TestClient) -> None:
        response = client.post("/v1/search/image", files={"file": ("x.png", b"no picture")})
        assert problem_of(response, 422)["detail"].startswith("x.png is not a PNG")

    def test_ask(self, client: TestClient) -> None:
        answer = client.post("/v1/ask", json={"query": LENS}).json()
        assert "Hanneke Vos" in answer["text"]
        citation = answer["citations"][0]
        assert citation["verified"]
        marks = ";".join(",".join(map(str, box)) for box in citation["boxes"])
        page = f"/v1/pages/{citation['page']}/image"
        by_boxes = client.get(page, params={"highlight": marks})
        by_quote = client.get(page, params={"highlight": citation["quote"]})
        assert by_boxes.content == by_quote.content != client.get(page).content

    def test_ask_declined_is_no_error(self, client: TestClient) -> None:
        response = client.post("/v1/ask", json={"query": "the boiling point of tungsten?"})
        assert response.status_code == 200
        assert response.json()["declined"]

    def test_within_documents(self, client: TestClient) -> None:
        wanted = {"query": "lens", "documents": ["project-deck.pdf"]}
        hits = client.post("/v1/search", json=wanted).json()["hits"]
        assert {hit["name"] for hit in hits} == {"project-deck.pdf"}

    @pytest.mark.parametrize("path", ["/v1/search", "/v1/ask"])
    @pytest.mark.parametrize(
        "wanted",
        [
            {},
            {"query": ""},
            {"query": " \n"},
            {"query": None},
            {"query": "x" * 2001},
            {"query": "x", "top": 0},
            {"query": "x", "top": 1000},
            {"query": "x", "topp": 3},
            {"query": "x", "documents": "y"},
        ],
    )
    def test_invalid(self, client: TestClient, path: str, wanted: dict[str, Any]) -> None:
        problem_of(client.post(path, json=wanted), 422)

    def test_not_json(self, client: TestClient) -> None:
        headers = {"content-type": "application/json"}
        problem_of(client.post("/v1/search", content=b"{", headers=headers), 422)
        problem_of(client.post("/v1/search", content=b'{"query": "\xff"}', headers=headers), 400)

    def test_no_such_document(self, client: TestClient) -> None:
        response = client.post("/v1/search", json={"query": "x", "documents": ["none.pdf"]})
        assert problem_of(response, 404)["type"] == "urn:pageglass:problem:document-not-found"

    def test_at_once(self, client: TestClient) -> None:
        found: list[int] = []

        def search() -> None:
            response = client.post("/v1/search", json={"query": LENS, "top": 1})
            found.append(response.json()["hits"][0]["number"])

        threads = [threading.Thread(target=search) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [4] * 8


class TestPages:
    def test_image(self, client: TestClient) -> None:
        response = client.get(f"/v1/pages/{first_page(client, 'annual-report.pdf')}/image")
        assert response.headers["content-type"] == "image/webp"
        with Image.open(io.BytesIO(response.content)) as image:
            assert image.format == "WEBP"

    def test_etag(self, client: TestClient) -> None:
        url = f"/v1/pages/{first_page(client, 'annual-report.pdf')}/image"
        tag = client.get(url).headers["etag"]
        again = client.get(url, headers={"If-None-Match": f'"other", W/{tag}'})
        assert (again.status_code, again.content) == (304, b"")
        marked = client.get(url, params={"highlight": "0,0,1,1"}, headers={"If-None-Match": tag})
        assert marked.status_code == 200
        assert marked.headers["etag"] != tag

    def test_marks(self, client: TestClient) -> None:
        url = f"/v1/pages/{first_page(client, 'sailboat.png')}/image"
        plain = Image.open(io.BytesIO(client.get(url).content)).convert("RGB")
        params = {"highlight": ["0,0,0.1,0.1;0.9,0.9,1,1", "0.4,0.4,0.6,0.6"]}
        marked = Image.open(io.BytesIO(client.get(url, params=params).content)).convert("RGB")
        assert marked.size == plain.size
        width, height = plain.size
        for x, y in ((0.05, 0.05), (0.95, 0.95), (0.5, 0.5)):
            at = int(x * width), int(y * height)
            assert marked.getpixel(at)[2] < plain.getpixel(at)[2]  # type: ignore[index]

    @pytest.mark.parametrize(
        "mark",
        [
            "0,0,1",
            "0,0,1,1,1",
            "0,0,0,0",
            "0.5,0,0.4,1",
            "0,0,2,1",
            "-1,0,1,1",
            "nan,0,1,1",
            "0,0,inf,1",
            "",
            "words that are nowhere on this page",
            "0,0,1,1;nonsense",
            "x" * 5000,
        ],
    )
    def test_nonsense(self, client: TestClient, mark: str) -> None:
        url = f"/v1/pages/{first_page(client, 'annual-report.pdf')}/image"
        problem_of(client.get(url, params={"highlight": mark}), 422)

    def test_too_many_marks(self, client: TestClient) -> None:
        url = f"/v1/pages/{first_page(client, 'annual-report.pdf')}/image"
        problem_of(client.get(url, params={"highlight": ["0,0,1,1"] * 65}), 422)

    @pytest.mark.parametrize("page", ["x", "x-1", "-1", "x-1-2", "0" * 20 + "-1", "%2e%2e-1"])
    def test_no_such_page(self, client: TestClient, page: str) -> None:
        problem_of(client.get(f"/v1/pages/{page}/image"), 404)

    @pytest.mark.parametrize("number", ["0", "2", "99999999999999999999", "²"])
    def test_no_such_number(self, client: TestClient, number: str) -> None:
        document = first_page(client, "sailboat.png").removesuffix("-1")
        problem_of(client.get(f"/v1/pages/{document}-{number}/image"), 404)


class TestDocuments:
    def test_list(self, client: TestClient) -> None:
        listed = client.get("/v1/documents").json()["documents"]
        assert [d["name"] for d in listed] == sorted(p.name for p in SAMPLES.iterdir())

    def test_from_nothing_to_nothing(self, tmp_path: Path) -> None:
        home = Home(tmp_path / "home")
        with open_app(home) as client:
            assert client.get("/v1/documents").json()["documents"] == []
            for path in ("/v1/search", "/v1/ask"):
                told = problem_of(client.post(path, json={"query": "form"}), 409)
                assert "/v1/documents" in told["hint"]

            form = (SAMPLES / "volunteer-form.pdf").read_bytes()
            sent = [
                ("files", ("../../form.pdf", form)),
                ("files", ("same.pdf", form)),
                ("files", ("broken.pdf", b"%PDF-1.7 no more")),
            ]
            response = client.post("/v1/documents?wait=true", files=sent)
            assert response.status_code == 207
            results = response.json()["files"]
            assert [(r["file"], r["status"]) for r in results] == [
                ("form.pdf", 201), ("same.pdf", 201), ("broken.pdf", 422),
            ]  # fmt: skip
            assert results[2]["error"].startswith("broken.pdf")
            assert results[2]["document"] is None
            document = results[0]["document"]
            assert document == results[1]["document"]

            hits = client.post("/v1/search", json={"query": "Priya Lanwarne"}).json()["hits"]
            assert hits[0]["document"] == document["document"]
            kept = sorted(p.name for p in home.uploads.rglob("*") if p.is_file())
            assert kept == ["form.pdf", "same.pdf"]
            assert Library(home).failures() == []

            again = client.post("/v1/documents?wait=true", files=[sent[0]])
            assert (again.status_code, again.json()["files"][0]["status"]) == (200, 200)
            assert verify(home) == []

            assert client.delete(f"/v1/documents/{document['document']}").status_code == 204
            assert client.get("/v1/documents").json()["documents"] == []
            assert client.post("/v1/search", json={"query": "form"}).json()["hits"] == []
            assert not any(home.uploads.iterdir())
            assert verify(home) == []

    def test_all_broken(self, empty_client: TestClient) -> None:
        response = empty_client.post("/v1/documents?wait=true", files=[("files", ("x.png", b""))])
        told = problem_of(response, 422)
        assert told["files"][0]["error"] == "x.png is empty."

    def test_no_files(self, empty_client: TestClient) -> None:
        problem_of(empty_client.post("/v1/documents"), 422)

    def test_too_large(self, tmp_path: Path) -> None:
        home = Home(tmp_path / "home")
        with open_app(home, max_upload_mb=1) as client:
            large = [("files", ("large.png", b"\0" * 1_100_000))]
            problem_of(client.post("/v1/documents?wait=true", files=large), 413)

            def chunks() -> Iterator[bytes]:
                head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="x"\r\n\r\n'
                yield head
                for _ in range(30):
                    yield b"\0" * 100_000

            headers = {"content-type": "multipart/form-data; boundary=b"}
            response = client.post("/v1/documents", content=chunks(), headers=headers)
            problem_of(response, 413)
            long = {"query": "x", "documents": ["y" * 2_000_000]}
            problem_of(client.post("/v1/search", json=long), 413)
        assert not home.uploads.exists()

    def test_no_such_document(self, own_client: TestClient) -> None:
        document = first_page(own_client, "sailboat.png").removesuffix("-1")
        for wrong in ("x", document[:8], "sailboat.png"):
            problem_of(own_client.delete(f"/v1/documents/{wrong}"), 404)
        assert len(own_client.get("/v1/documents").json()["documents"]) == 12

    def test_another_process_removes(self, own_client: TestClient, own_home: Home) -> None:
        search = {"query": LENS, "top": 1}
        assert own_client.post("/v1/search", json=search).json()["hits"][0]["number"] == 4
        command = [sys.executable, "-m", "api.cli.main", "remove", "annual-report.pdf"]
        subprocess.run([*command, "--home", own_home.root], cwd=ROOT, check=True)
        hits = own_client.post("/v1/search", json=search).json()["hits"]
        assert all(hit["name"] != "annual-report.pdf" for hit in hits)

    def test_sweep(self, own_home: Home) -> None:
        old, new, used = (own_home.uploads / name for name in ("old", "new", "used"))
        for folder in (old, new, used):
            folder.mkdir(parents=True)
            (folder / "x.png").write_bytes(png("red"))
        past = time.time() - 2 * ABANDONED_AFTER
        os.utime(old, (past, past))
        sweep(own_home, [])
        assert {p.name for p in own_home.uploads.iterdir()} == {"new", "used"}


class TestGuard:
    TOKEN = "correct horse battery stäple"

    @pytest.fixture
    def guarded(self, sample_home: Home) -> Iterator[TestClient]:
        with open_app(sample_home, token=SecretStr(self.TOKEN)) as client:
            yield client

    @pytest.mark.parametrize(
        "shown",
        [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic correct", TOKEN, f"Basic {TOKEN}"],
    )
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/v1/documents"),
            ("POST", "/v1/search"),
            ("POST", "/v1/documents"),
            ("DELETE", "/v1/documents/x"),
            ("GET", "/v1/pages/x-1/image"),
            ("GET", "/openapi.json"),
            ("GET", "/nowhere"),
        ],
    )
    def test_refused(self, guarded: TestClient, method: str, path: str, shown: str | None) -> None:
        headers = {} if shown is None else {"Authorization": shown.encode()}
        response = guarded.request(method, path, headers=headers)
        told = problem_of(response, 401)
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert self.TOKEN not in str(told)

    def test_let_in(self, guarded: TestClient) -> None:
        headers = {"Authorization": f"bearer {self.TOKEN}".encode()}
        assert guarded.get("/v1/documents", headers=headers).status_code == 200
        assert guarded.get("/health").status_code == 200

    @pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "192.168.0.9"])
    def test_other_hosts(self, client: TestClient, host: str) -> None:
        problem_of(client.get("/v1/documents", headers={"Host": host}), 421)

    @pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
    def test_own_hosts(self, client: TestClient, host: str) -> None:
        headers = {"Host": host, "Origin": f"http://{host}"}
        assert client.get("/v1/documents", headers=headers).status_code == 200

    @pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9"])
    def test_other_origins(self, client: TestClient, origin: str) -> None:
        headers = {"Host": "localhost:8000", "Origin": origin}
        problem_of(client.post("/v1/documents", headers=headers), 403)

    def test_no_cors(self, client: TestClient) -> None:
        response = client.get("/v1/documents")
        assert not [name for name in response.headers if name.startswith("access-control")]


def test_no_telemetry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    app = create_app(Home(tmp_path))
    assert not any(app._telemetry.get(name) for name in ("tracing", "metrics", "logs"))
    assert app._telemetry["auto_configure"] is False


class TestProblems:
    def test_no_such_endpoint(self, client: TestClient) -> None:
        problem_of(client.get("/v2"), 404)
        problem_of(client.get("/v1/search"), 405)

    def test_crash(self, tmp_path: Path) -> None:
        app: FastAPI = create_app(Home(tmp_path), Settings(), hosts={"testserver"})

        @app.get("/crash")
        def crash() -> None:
            raise RuntimeError("secret detail")

        with TestClient(app, raise_server_exceptions=False) as client:
            told = problem_of(client.get("/crash"), 500)
        assert "secret" not in str(told)

    def test_an_error_has_its_class_status_else_its_familys(self) -> None:
        assert status_of(NeedsPassword("x", hint="y")) == 422
        assert status_of(HomeBusy("x", hint="y")) == 503
        assert status_of(DiskFull("x", hint="y")) == 507
        assert status_of(Unreachable("x", hint="y")) == 502
        assert status_of(PageglassError("x", hint="y")) == 500

    def test_every_status_is_of_an_error(self) -> None:
        assert set(STATUSES) <= {kind.code for kind in error_classes()}

    def test_openapi(self, client: TestClient) -> None:
        described = client.get("/openapi.json").json()
        assert set(described["paths"]) == {
            "/health",
            "/metrics",
            "/ready",
            "/v1/documents/{document}/file",
            "/v1/pages/{page}",
            "/v1/pages/{page}/explanation",
            "/v1/pages/{page}/text",
            "/v1/ask/image",
            "/v1/session",
            "/v1/status",
            "/v1/tags",
            "/v1/folders",
            "/v1/search",
            "/v1/search/image",
            "/v1/ask",
            "/v1/chat/completions",
            "/v1/models",
            "/v1/models/{model}",
            "/v1/extract",
            "/v1/documents",
            "/v1/documents/{document}",
            "/v1/jobs",
            "/v1/jobs/{job}",
            "/v1/jobs/{job}/events",
            "/v1/pages/{page}/image",
            "/v1/pages/{page}/map",
        }
        refused = described["paths"]["/v1/search"]["post"]["responses"]["422"]["content"]
        assert set(refused) == {"application/problem+json"}
        schemas = described["components"]["schemas"]
        for name in ("SearchRequest", "AskRequest", "HitBody", "AnswerBody", "ProblemBody"):
            assert schemas[name]["examples"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\scan.png", "scan.png"),
        (".hidden", "hidden"),
        ("..", "upload"),
        ("", "upload"),
        (None, "upload"),
        ("a\0b\n.pdf", "a_b_.pdf"),
        ("등대.pdf", "등대.pdf"),
        ("x" * 400 + ".pdf", "x" * 146 + ".pdf"),
        ("등" * 400 + ".pdf", "등" * 48 + ".pdf"),
    ],
)
def test_clean_name(sent: str | None, kept: str) -> None:
    assert clean_name(sent) == kept


def test_serve_and_stop(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "api.cli.main",
        "serve",
        "--port",
        "0",
        "--home",
        str(tmp_path),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        found = re.search(rb"http://127\.0\.0\.1:\d+", run.stderr.readline())
        assert found is not None
        with urllib.request.urlopen(f"{found[0].decode()}/health", timeout=30) as response:
            assert response.status == 200
        run.send_signal(signal.SIGINT)
        out, error = run.communicate(timeout=30)
    assert (run.returncode, out) == (0, b"")
    request, stopped = error.splitlines()
    assert re.search(rb"GET /health 200 [\d.]+ ms [0-9a-f]{32}$", request)
    assert stopped == b"Stopped."


def test_serve_where_the_port_is_taken(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "api.cli.main", "serve", "--port", port, "--home", str(tmp_path)],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert "cannot be listened on" in done.stderr


def test_no_path_of_the_server_is_in_a_problem(tmp_path: Path) -> None:
    with open_app(Home(tmp_path / "home")) as client:
        response = client.post("/v1/search", json={"query": "lens"})
        assert problem_of(response, 409)["detail"] == "There is no library in the data folder."
        assert str(tmp_path) not in response.text
