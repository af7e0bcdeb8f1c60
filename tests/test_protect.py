"""Protection of the server: tokens, scopes, sites, rates, headers, slow connections."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from live_server import live_server
from starlette.responses import PlainTextResponse, StreamingResponse

from api.http.app import create_app
from api.http.protect.access import needed_scope
from api.http.protect.connection import ConnectionLimits, limited_protocol
from api.http.protect.rate_limit import RateLimitMiddleware
from api.http.protect.security_headers import HEADERS
from api.http.protect.tokens import InvalidTokens, Tokens, read_tokens
from api.settings import InvalidSetting, Settings, read_settings
from ingest.library.home import Home

READ, WRITE, BOTH = "read-token-1", "write-token-2", "both-token-3"


def make_tokens(path: Path, *lines: str) -> Path:
    given = lines or (f"ada read {READ}", f"bob write {WRITE}", f"cy read,write {BOTH}")
    path.write_text("# who may what\n\n" + "\n".join(given) + "\n")
    return path


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def open_app(home: Home, **settings: Any) -> TestClient:
    app = create_app(home, Settings(ocr="none", workers=1, **settings), hosts={"testserver"})
    return TestClient(app)


@pytest.fixture(scope="module")
def client(sample_home: Home) -> Iterator[TestClient]:
    with open_app(sample_home) as client:
        yield client


# --- tokens


def test_each_token_can_what_its_scopes_say(sample_home: Home, tmp_path: Path) -> None:
    with open_app(sample_home, tokens_file=make_tokens(tmp_path / "tokens")) as client:
        for token, reads, writes in ((READ, 200, 403), (WRITE, 403, 404), (BOTH, 200, 404)):
            headers = bearer(token)
            assert client.get("/v1/documents", headers=headers).status_code == reads
            search = client.post("/v1/search", json={"query": "lens"}, headers=headers)
            assert search.status_code == reads
            gone = client.delete("/v1/documents/no-such-one", headers=headers)
            assert gone.status_code == writes, gone.text
        refused = client.delete("/v1/documents/x", headers=bearer(READ))
        assert refused.json()["type"].endswith("insufficient-scope")
        assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]
        assert client.get("/v1/documents", headers=bearer("other")).status_code == 401
        assert client.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/v1/documents", "read"),
        ("HEAD", "/v1/documents", "read"),
        ("POST", "/v1/documents", "write"),
        ("DELETE", "/v1/documents/a", "write"),
        ("DELETE", "/v1/documents", "write"),
        ("DELETE", "/v1/jobs/a", "write"),
        ("GET", "/v1/jobs/a/events", "read"),
        ("POST", "/v1/documentsx", "read"),
        ("POST", "/v1/ask", "read"),
        ("POST", "/mcp", "read"),
    ],
)
def test_scopes_by_method_and_path(method: str, path: str, scope: str) -> None:
    assert needed_scope(method, path) == scope


def test_tokens_are_rotated_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.http.protect.tokens.LOOK_EVERY", 0.0)
    path = make_tokens(tmp_path / "tokens")
    tokens = Tokens(path=path)
    assert tokens.find(READ).name == "ada"  # type: ignore[union-attr]
    make_tokens(path, "ada read,write another-token")
    assert tokens.find(READ) is None
    assert tokens.find("another-token").scopes == {"read", "write"}  # type: ignore[union-attr]
    path.write_text("not a line of tokens at all\n")
    assert tokens.find("another-token") is not None  # a broken file changes nothing
    path.unlink()
    assert tokens.find("another-token") is not None


def test_a_token_in_the_file_may_be_a_digest(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"secret").hexdigest()
    tokens = Tokens("single", make_tokens(tmp_path / "tokens", f"ada read sha256:{digest}"))
    assert tokens.find("secret") is not None
    assert tokens.find(digest) is None
    assert tokens.find("single").scopes == {"read", "write"}  # type: ignore[union-attr]
    assert tokens.find("schlüssel") is None


@pytest.mark.parametrize(
    "line",
    [
        "ada read",
        "ada reads token",
        "ada read,admin token",
        "a/b read token",
        "ada read sha256:12",
        "ada read to\u200bken",
        "ada read one two",
    ],
)
def test_lines_that_are_no_tokens_are_named_and_not_repeated(tmp_path: Path, line: str) -> None:
    with pytest.raises(InvalidTokens, match=r"Line 3|line 3") as caught:
        read_tokens(make_tokens(tmp_path / "tokens", line))
    assert "ken" not in str(caught.value).replace("token", "")


def test_files_without_tokens_or_with_two_of_a_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidTokens, match="same name"):
        read_tokens(make_tokens(tmp_path / "a", "ada read one", "ada read two"))
    with pytest.raises(InvalidTokens, match="none"):
        read_tokens(make_tokens(tmp_path / "b", "# nothing"))
    with pytest.raises(InvalidTokens, match="cannot be read"):
        read_tokens(tmp_path / "gone")


@pytest.mark.parametrize(
    "token", ["token ", " token", "to\tken", "token\n", "to\nken", "to\x00ken"]
)
@pytest.mark.parametrize("name", ["token", "chroma_token"])
def test_tokens_that_no_header_carries_are_refused_at_the_start(name: str, token: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        read_settings(**{name: token})
    assert name in caught.value.message
    assert token not in caught.value.message


# --- sites and hosts


@pytest.mark.parametrize(
    "path", ["/health", "/v1/documents", "/openapi.json", "/v1/pages/x-1/image"]
)
@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "odd"])
def test_pages_of_other_sites_are_refused_everywhere(
    client: TestClient, path: str, site: str
) -> None:
    response = client.get(path, headers={"Sec-Fetch-Site": site})
    assert response.status_code == 403
    assert response.json()["type"].endswith("wrong-origin")


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_the_own_page_and_the_address_bar_are_served(client: TestClient, site: str) -> None:
    assert client.get("/v1/documents", headers={"Sec-Fetch-Site": site}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["user@127.0.0.1", "user:pass@localhost", "127.0.0.1:80:80", "local host", "localhost/", "", "[::1", "localhost#"],
)  # fmt: skip
def test_odd_hosts_are_refused(client: TestClient, host: str) -> None:
    assert client.get("/v1/documents", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "[::1]:8000", "testserver"])
def test_names_of_this_machine_are_served(client: TestClient, host: str) -> None:
    assert client.get("/health", headers={"Host": host}).status_code == 200


# --- headers


def test_every_response_has_the_security_headers(client: TestClient) -> None:
    document = client.get("/v1/documents").json()["documents"][0]["document"]
    image = client.get(f"/v1/pages/{document}-1/image")
    responses = [
        client.get("/health"),
        client.get("/openapi.json"),
        client.get("/no-such-path"),
        client.put("/health"),
        client.post("/v1/search", json={}),
        client.get("/v1/documents", headers={"Host": "evil.test"}),
        client.get("/v1/documents", headers={"Sec-Fetch-Site": "cross-site"}),
        client.post("/v1/search", content=b"x" * 1_100_000),
        client.get("/v1/pages/nothing-1/image"),
        image,
        client.get(f"/v1/pages/{document}-1/image", headers={"If-None-Match": image.headers.get("etag", "")}),
    ]  # fmt: skip
    for response in responses:
        for name, value in HEADERS.items():
            if name != "Cache-Control":
                assert response.headers[name] == value, (response.url, response.status_code, name)
        assert "Cache-Control" in response.headers
    assert len({response.status_code for response in responses}) > 5


def test_a_crash_has_the_security_headers_too(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("api.engine.Engine.library", crash)
    response = client.get("/v1/documents")
    assert response.status_code == 500
    assert set(HEADERS) <= {name.title() for name in response.headers} | set(HEADERS)
    assert response.headers["X-Content-Type-Options"] == "nosniff"


# --- rates


def test_too_many_requests_of_one_token_are_told_when_to_come_back(
    sample_home: Home, tmp_path: Path
) -> None:
    tokens = make_tokens(tmp_path / "tokens")
    with open_app(sample_home, tokens_file=tokens, rate_limit="3/minute") as client:
        answers = [client.get("/v1/documents", headers=bearer(READ)) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
        assert answers[-1].json()["type"].endswith("too-many-requests")
        assert client.get("/v1/documents", headers=bearer(BOTH)).status_code == 200
        assert client.get("/health").status_code == 200


@pytest.mark.parametrize("rate", ["many", "0/minute", "5/fortnight", "5", "-1/hour"])
def test_rates_that_are_none_are_refused(rate: str) -> None:
    with pytest.raises(InvalidSetting, match="rate_limit"):
        read_settings(rate_limit=rate)


def test_requests_at_once_are_counted_until_the_end_of_their_answer() -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def stream() -> Any:
        yield b"first"
        started.set()
        await go_on.wait()
        yield b"last"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        response = (
            StreamingResponse(stream()) if scope["path"] == "/stream" else PlainTextResponse("")
        )
        await response(scope, receive, send)

    limited = RateLimitMiddleware(app, concurrent=1)

    async def ask(path: str, client: str) -> int:
        statuses: list[int] = []

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        async def receive() -> Any:
            await asyncio.sleep(60)

        scope = {
            "type": "http",
            "path": path,
            "method": "GET",
            "headers": [],
            "pageglass.client": client,
        }
        await limited(scope, receive, send)
        return statuses[0]

    async def run() -> None:
        running = asyncio.create_task(ask("/stream", "ada"))
        await started.wait()
        assert await ask("/other", "ada") == 429
        assert await ask("/other", "bob") == 200
        assert await ask("/health", "ada") == 200
        go_on.set()
        assert await running == 200
        assert await ask("/other", "ada") == 200

    asyncio.run(run())


# --- connections


class Served:
    """An application on a free port with limits of connections, in a thread."""

    def __init__(self, limits: ConnectionLimits) -> None:
        app = FastAPI()

        @app.post("/body")
        async def body(data: dict[str, int]) -> int:
            return len(data)

        @app.get("/large")
        def large() -> StreamingResponse:
            return StreamingResponse(b"x" * 65_536 for _ in range(10_000))

        @app.get("/")
        def hello() -> str:
            return "hello"

        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = self.socket.getsockname()
        config = uvicorn.Config(
            app, http=limited_protocol(limits), log_level="warning", lifespan="off"
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})
        self.thread.start()

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=30)

    def stop(self) -> None:
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(30)
        self.socket.close()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    limits = ConnectionLimits(
        head_seconds=1, body_seconds=1, body_rate=1_000, write_seconds=1, connections=20
    )
    served = Served(limits)
    yield served
    served.stop()


def ended(connection: socket.socket) -> bytes:
    """What comes until the server closes the connection."""
    received = b""
    try:
        while part := connection.recv(65_536):
            received += part
    except ConnectionResetError:
        pass
    return received


def drip(connection: socket.socket, data: bytes, every: float = 0.1) -> None:
    for at in range(len(data)):
        try:
            connection.sendall(data[at : at + 1])
        except OSError:
            return
        time.sleep(every)


def test_a_connection_that_says_nothing_is_closed(served: Served) -> None:
    with served.connect() as connection:
        ended(connection)


def test_a_head_that_comes_letter_by_letter_is_ended(served: Served) -> None:
    with served.connect() as connection:
        head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"a" * 100
        thread = threading.Thread(target=drip, args=(connection, head))
        thread.start()
        assert b"408" in ended(connection)
        thread.join(30)


def test_a_second_head_that_comes_slowly_is_ended(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200 OK" in connection.recv(65_536)
        thread = threading.Thread(
            target=drip, args=(connection, b"GET / HTTP/1.1\r\nX: " + b"a" * 100)
        )
        thread.start()
        ended(connection)
        thread.join(30)


def test_a_body_that_comes_letter_by_letter_is_ended(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(
            b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
        )
        thread = threading.Thread(target=drip, args=(connection, b"{" + b" " * 100))
        thread.start()
        assert b"408" in ended(connection)
        thread.join(30)


def test_a_body_that_comes_fast_enough_is_read(served: Served) -> None:
    with served.connect() as connection:
        body = b'{"a": 1' + b" " * 8_000 + b"}"
        connection.sendall(
            b"POST /body HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)
        )
        for at in range(0, len(body), 1_000):
            connection.sendall(body[at : at + 1_000])
            time.sleep(0.2)  # 1.8 s in all: more than a body has without bytes
        assert b"200 OK" in ended(connection)


def test_a_client_that_does_not_read_is_ended(served: Served) -> None:
    with served.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        deadline = time.monotonic() + 30
        while served.server.server_state.connections and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not served.server.server_state.connections


def test_no_more_connections_are_kept_than_the_limit(served: Served) -> None:
    held = [served.connect() for _ in range(20)]
    try:
        time.sleep(0.3)
        with served.connect() as one_more:
            assert b"503" in ended(one_more)
    finally:
        for connection in held:
            connection.close()
    time.sleep(0.2)
    with served.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"200 OK" in ended(connection)


# --- a browser

CHROMIUM = "/usr/bin/chromium"
ATTACK = """<!doctype html><pre id=out></pre><script>
const urls = %s, said = [];
const note = (what, url) => { said.push(what + " " + url);
  document.getElementById("out").textContent = said.join("\\n"); };
for (const url of urls) {
  const image = new Image(); image.onload = () => note("loaded", url);
  image.onerror = () => note("refused", url); image.src = url;
  const script = document.createElement("script"); script.onload = () => note("ran", url);
  script.onerror = () => note("script-refused", url); script.src = url; document.head.append(script);
  fetch(url).then(() => note("fetched", url), () => note("fetch-refused", url));
  fetch(url, {mode: "no-cors"}).then(r => note(r.type + "-" + r.status, url), () => note("opaque-refused", url));
}
</script>"""


@pytest.mark.slow
@pytest.mark.skipif(not os.access(CHROMIUM, os.X_OK), reason="needs Chromium")
def test_a_page_of_another_site_learns_nothing_in_a_browser(own_home: Home, tmp_path: Path) -> None:
    """It tells by onload and onerror whether a file is there, if the server lets it."""
    with live_server(own_home.root) as server:
        document = server.client.get("/v1/documents").json()["documents"][0]["document"]
        image = f"{server.url}/v1/pages/{document}-1/image"
        assert server.client.get(image).status_code == 200
        urls = [
            image,
            f"{image}?highlight=lens",
            f"{server.url}/v1/pages/none-1/image",
            f"{server.url}/v1/pages/{document}-1/map?query=lens",
            f"{server.url}/health",
        ]
        page = ATTACK % urls

        class Attacker(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_: object) -> None:
                pass

        with HTTPServer(("127.0.0.1", 0), Attacker) as other:
            thread = threading.Thread(target=other.serve_forever)
            thread.start()
            try:
                for name in ("127.0.0.1", "localhost"):  # same-site, and cross-site
                    shown = _visit(f"http://{name}:{other.server_port}/", tmp_path / name)
                    said = re.findall(r"^(?:.*>)?([\w-]+) (http://\S+?)(?:<.*)?$", shown, re.M)
                    by_url = {url: sorted(what for what, one in said if one == url) for url in urls}
                    assert all(by_url.values()), shown
                    outcomes = {tuple(told) for told in by_url.values()}
                    assert len(outcomes) == 1, by_url
                    assert not {"loaded", "ran", "fetched"} & set(next(iter(outcomes)))
            finally:
                other.shutdown()
                thread.join(30)
        refused = [line for line in server.lines if "/v1/pages/" in line and " 403 " in line]
        assert refused


def _visit(url: str, profile: Path) -> str:
    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--disable-extensions", f"--user-data-dir={profile}",
        "--virtual-time-budget=8000", "--dump-dom", url,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout
