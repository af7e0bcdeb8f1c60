"""Sign-in of a browser: cookie, requests of other sites, and the end of a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.http.app import create_app
from api.http.protect.sessions import COOKIE, Sessions
from api.http.protect.tokens import Tokens
from api.settings import Settings
from ingest.library.home import Home

TOKEN = "a-long-random-text-of-a-server"
SAME = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def client(sample_home: Home) -> Iterator[TestClient]:
    settings = Settings(ocr="none", workers=1, token=TOKEN)
    with TestClient(create_app(sample_home, settings)) as client:
        yield client


def sign_in(client: TestClient) -> None:
    response = client.post("/v1/session", json={"token": TOKEN}, headers=SAME)
    assert response.status_code == 200
    told = response.headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=strict" in told
    assert TOKEN not in told


def test_a_browser_signs_in_and_out(client: TestClient) -> None:
    assert client.get("/v1/documents").status_code == 401
    assert client.get("/v1/session").json()["signed_in"] is False
    sign_in(client)
    assert client.get("/v1/session").json() == {
        "token_needed": True, "signed_in": True, "name": "token", "scopes": ["read", "write"],
    }  # fmt: skip
    assert client.get("/v1/documents").status_code == 200
    secret = client.cookies[COOKIE]
    assert client.delete("/v1/session", headers=SAME).status_code == 204
    client.cookies.set(COOKIE, secret)
    assert client.get("/v1/documents").status_code == 401


def test_a_wrong_token_gets_no_cookie(client: TestClient) -> None:
    response = client.post("/v1/session", json={"token": "wrong"}, headers=SAME)
    assert response.status_code == 401
    assert "set-cookie" not in response.headers
    assert "wrong" not in response.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
        {},
    ],
)
def test_the_cookie_alone_changes_nothing_for_other_sites(
    client: TestClient, headers: dict[str, str]
) -> None:
    sign_in(client)
    response = client.delete("/v1/documents/none", headers=headers)
    assert response.status_code == 403
    assert response.json()["type"].endswith("wrong-origin")
    assert client.delete("/v1/documents/none", headers=SAME).status_code == 404


def test_other_sites_read_nothing_by_the_cookie(client: TestClient) -> None:
    sign_in(client)
    response = client.get("/v1/documents", headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403


def test_other_sites_sign_nobody_in(client: TestClient) -> None:
    foreign = {"Origin": "http://evil.test"}
    assert client.post("/v1/session", json={"token": TOKEN}, headers=foreign).status_code == 403


@pytest.mark.parametrize("cookie", ["", "x", "a" * 10_000, 'pageglass_session="', "é=1; pageglass_session=x"])  # fmt: skip
def test_odd_cookies_are_no_session(client: TestClient, cookie: str) -> None:
    response = client.get("/v1/documents", headers={"Cookie": cookie.encode()})  # type: ignore[dict-item]
    assert response.status_code == 401


def test_a_session_ends_with_its_token(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text("ada read one-long-random-text-1234\n")
    tokens = Tokens(None, path)
    sessions = Sessions(tokens)
    token = tokens.find("one-long-random-text-1234")
    assert token
    secret = sessions.start(token)
    assert sessions.find(secret) == token
    path.write_text("ada read another-long-random-text-99\n")
    tokens._looked = 0.0
    assert sessions.find(secret) is None


@pytest.mark.parametrize("path", ["/", "/ask", "/search", "/docs", "/status", "/signin", "/p/x-1"])
def test_the_pages_of_the_app_need_no_token_and_hold_no_data(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "annual-report" not in response.text


def test_the_samples_need_no_token_and_lead_to_no_other_file(client: TestClient) -> None:
    names = client.get("/app/samples").json()
    assert "annual-report.pdf" in names
    assert client.get("/app/samples/annual-report.pdf").content.startswith(b"%PDF")
    for name in ("..%2F..%2Fpyproject.toml", "../../pyproject.toml", "none.pdf"):
        assert client.get(f"/app/samples/{name}").status_code in (401, 404)


def test_links_of_other_sites_open_the_app_and_nothing_else(sample_home: Home) -> None:
    settings = Settings(ocr="none", workers=1)
    visit = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}  # fmt: skip
    with TestClient(create_app(sample_home, settings, hosts={"testserver"})) as client:
        assert client.get("/p/x-1", headers=visit).status_code == 200
        assert client.get("/v1/documents", headers=visit).status_code == 403
        framed = {**visit, "Sec-Fetch-Dest": "iframe"}
        assert client.get("/p/x-1", headers=framed).status_code == 403
