from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from make_library import copy_home
from pydantic import ValidationError
from typer.testing import CliRunner

from api.cli.main import app
from api.settings import Settings
from ingest.add import add
from ingest.encoders.encoder import Encoding
from ingest.index.index import open_indexes
from ingest.index.server import ChromaRefused, ChromaUnreachable, RecordsMissing, Server, disconnect
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.rebuild import rebuild_indexes
from ingest.verify import verify
from retrieval.search import Searcher

TOKEN = "a-token-nobody-may-see"


def names(server: Server, home: Home) -> list[str]:
    client = server.connect()
    found = [c.name for c in client.list_collections() if f"-{home.id}-" in c.name]
    disconnect(client)
    return sorted(found)


def through_chroma(home: Home) -> list[str]:
    searcher = Searcher(home, exhaustive_pages=0)
    try:
        return [hit.page.key for hit in searcher.search("lamp", top=5)]
    finally:
        searcher.close()


def test_a_home_moves_to_a_server_and_back(own_home: Home, chroma_server: Server) -> None:
    before = through_chroma(own_home)
    there = Home(own_home.root, chroma_server)
    with pytest.raises(RecordsMissing, match="records"):
        through_chroma(there)
    list(add(there, []))
    assert not there.chroma.exists()
    assert len(names(chroma_server, there)) == len(open_indexes(own_home))
    assert verify(there) == []
    assert through_chroma(there) == before
    with pytest.raises(RecordsMissing, match="embedded"):
        through_chroma(own_home)
    list(add(own_home, []))
    assert verify(own_home) == []
    assert through_chroma(own_home) == before


def test_a_collection_left_behind_is_not_taken_for_the_present_one(
    own_home: Home, chroma_server: Server
) -> None:
    """Away from the server and to it again."""
    there = Home(own_home.root, chroma_server)
    list(add(there, []))
    old = names(chroma_server, there)
    list(add(own_home, []))
    list(add(there, []))
    assert len(set(names(chroma_server, there)) - set(old)) == len(open_indexes(own_home))
    assert verify(there) == []


@pytest.mark.slow
def test_a_rebuild_leaves_no_old_collection(own_home: Home, chroma_server: Server) -> None:
    home = Home(own_home.root, chroma_server)
    list(add(home, []))
    old = names(chroma_server, home)
    encoders = [index.manifest.encoder for index in open_indexes(home)]
    list(rebuild_indexes(home, encoders, Encoding(), dpi=144))
    assert len(names(chroma_server, home)) == len(old) == len(open_indexes(home))
    assert not set(names(chroma_server, home)) & set(old)
    assert verify(home) == []


def test_two_homes_share_a_server(own_home: Home, chroma_server: Server) -> None:
    first = Home(own_home.root, chroma_server)
    other = copy_home(own_home, own_home.root.with_name("other")).root
    second = Home(other, chroma_server)
    assert first.id != second.id
    list(add(first, []))
    list(add(second, []))
    index = open_indexes(second)[0]
    index.records.delete([document.id for document in Library(second).documents()])
    index.records.close()
    assert verify(first) == []
    assert verify(second) != []


def test_a_server_that_is_not_there(own_home: Home) -> None:
    nowhere = Server("http://127.0.0.1:9")
    with pytest.raises(ChromaUnreachable, match="chroma run"):
        nowhere.connect()
    with pytest.raises(ChromaUnreachable):
        list(add(Home(own_home.root, nowhere), []))
    assert verify(own_home) == []


def test_a_tenant_that_is_not_there(chroma_server: Server) -> None:
    with pytest.raises(ChromaRefused, match="Check the tenant"):
        Server(chroma_server.url, tenant="nobody").connect()


@pytest.fixture
def guarded() -> Iterator[str]:
    """A server that knows another token."""

    class AuthMiddleware(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append({name.lower(): value for name, value in self.headers.items()})
            body = json.dumps({"error": "AuthError", "message": "Forbidden"}).encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    seen: list[dict[str, str]] = []
    with HTTPServer(("127.0.0.1", 0), AuthMiddleware) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
    assert seen[0]["x-chroma-token"] == TOKEN
    assert seen[0]["authorization"] == f"Bearer {TOKEN}"


def test_a_token_that_is_refused_is_not_shown(guarded: str) -> None:
    server = Server(guarded, token=TOKEN)
    with pytest.raises(ChromaRefused, match="does not accept the token") as caught:
        server.connect()
    assert TOKEN not in str(caught.value) + repr(server)


@pytest.mark.parametrize(
    "url", ["chroma:8000", "ftp://host", "http://me:secret@host", "http://host/api", "http://"]
)
def test_an_address_that_cannot_be(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("PAGEGLASS_CHROMA", url)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert "secret" not in str(caught.value)


def test_doctor_asks_the_server(
    monkeypatch: pytest.MonkeyPatch, own_home: Home, chroma_server: Server
) -> None:
    for url, state in ((chroma_server.url, "ok"), ("http://127.0.0.1:9", "broken")):
        monkeypatch.setenv("PAGEGLASS_CHROMA", url)
        done = CliRunner().invoke(app, ["--home", str(own_home.root), "doctor", "--json"])
        found = [json.loads(line) for line in done.stdout.splitlines()]
        assert [f["state"] for f in found if f["topic"] == "chroma"] == [state]
        assert [f["name"] for f in found if f["topic"] == "chroma"] == [url]
