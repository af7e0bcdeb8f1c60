"""Audit log: who did what; words of questions only where switched on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from make_library import write_document
from starlette.testclient import TestClient

from api.http.app import create_app
from api.http.protect.audit import AuditLogUnusable, find_action
from api.settings import Settings
from ingest.library.home import Home
from ingest.library.writer import LibraryWriter

QUERY = {"query": "lamp of the harbour"}


def served(tmp_path: Path, **settings: Any) -> TestClient:
    home = Home(tmp_path / "home")
    write_document(LibraryWriter(home), "a.pdf", "lamp")
    tokens = tmp_path / "tokens"
    tokens.write_text("ada read,write 0123456789abcdef0123456789abcdef\n")
    tokens.chmod(0o600)
    given = Settings.model_construct(
        audit_log=tmp_path / "audit.jsonl", tokens_file=tokens, **settings
    )
    headers = {"Authorization": "Bearer 0123456789abcdef0123456789abcdef"}
    return TestClient(create_app(home, given), base_url="http://127.0.0.1", headers=headers)


def lines(tmp_path: Path) -> list[dict[str, Any]]:
    text = (tmp_path / "audit.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_who_did_what_is_written_without_words(tmp_path: Path) -> None:
    with served(tmp_path) as client:
        client.get("/v1/documents")
        client.post("/v1/search", json={**QUERY, "top": 0}, headers={"X-Request-Id": "mine"})
        client.post("/v1/documents", files={"files": ("b.pdf", b"%PDF-1.4 broken")})
        client.delete("/v1/documents", params={"id": ["x" * 20, "y" * 20]})
        client.post("/v1/ask", json=QUERY, headers={"Authorization": "Bearer wrong"})
    assert (tmp_path / "audit.jsonl").stat().st_mode & 0o777 == 0o600
    written = lines(tmp_path)
    assert [(each["action"], each["client"], each["status"]) for each in written] == [
        ("search", "ada", 422),
        ("upload", "ada", 202),
        ("remove", "ada", 404),
    ]
    assert written[0]["request_id"] == "mine"
    assert written[1]["files"] == ["b.pdf"]
    assert written[2]["documents"] == ["x" * 20, "y" * 20]
    assert "harbour" not in (tmp_path / "audit.jsonl").read_text()
    assert all(each["time"] and "text" not in each for each in written)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/search", {**QUERY, "top": 0}),
        ("/v1/ask", {"messages": [{"role": "user", "content": QUERY["query"]}], "top": 0}),
    ],
)
def test_words_are_written_where_switched_on(
    tmp_path: Path, path: str, body: dict[str, Any]
) -> None:
    with served(tmp_path, audit_text=True) as client:
        client.post(path, json=body)
    assert [each.get("text") for each in lines(tmp_path)] == ["lamp of the harbour"]


def test_a_log_that_was_renamed_is_opened_anew(tmp_path: Path) -> None:
    with served(tmp_path) as client:
        client.post("/v1/search", json={})
        (tmp_path / "audit.jsonl").rename(tmp_path / "old")
        client.post("/v1/search", json={})
    assert len(lines(tmp_path)) == 1
    assert len((tmp_path / "old").read_text().splitlines()) == 1


def test_a_log_that_cannot_be_written_is_an_error_at_the_start(tmp_path: Path) -> None:
    settings = Settings.model_construct(audit_log=tmp_path / "none" / "audit.jsonl")
    with pytest.raises(AuditLogUnusable, match="cannot be written"):
        create_app(Home(tmp_path), settings)


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("POST", "/v1/ask/image", "ask"),
        ("DELETE", "/v1/documents/abc", "remove"),
        ("POST", "/mcp", "mcp"),
        ("GET", "/v1/documents", ""),
        ("POST", "/v1/searching", ""),
        ("POST", "/v1/session", ""),
    ],
)
def test_actions(method: str, path: str, action: str) -> None:
    assert find_action({"type": "http", "method": method, "path": path}) == action
