"""Uploads of every kind: opened by content, and given out as they came, never to be run."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.http.app import create_app
from api.settings import Settings
from ingest.library.home import Home

FORMATS = Path(__file__).parents[1] / "data" / "formats"
ACTIVE = b"<html><body><h1>Pier</h1><p>The pier is shut.</p><script>alert(1)</script></body></html>"
DRAWING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><script>alert(1)</script>'
    b'<text x="9" y="40">Chart</text></svg>'
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory):
    settings = Settings(
        home=tmp_path_factory.mktemp("home"), ocr="none", dpi=50, workers=1, office="text"
    )
    with TestClient(create_app(Home(settings.home), settings, hosts={"testserver"})) as client:
        yield client


def test_uploads_of_each_kind_are_found_shown_and_removed(client: TestClient) -> None:
    sent = {"pier.html": ACTIVE, "chart.svg": DRAWING, "notes.md": b"# Oil\n\nForty litres.\n"}
    sent |= {path.name: path.read_bytes() for path in FORMATS.iterdir()}
    files = [("files", (name, data)) for name, data in sent.items()]
    answer = client.post("/v1/documents", params={"wait": True}, files=files)
    kinds = {file["file"]: file["document"]["kind"] for file in answer.json()["files"]}
    assert kinds == {
        **{"pier.html": "text", "chart.svg": "image", "notes.md": "text", "handbook.epub": "book"},
        **{"visitors.eml": "mail", "rules.docx": "office", "lens.pptx": "office"},
        **{"oil.xlsx": "office", "notice.hwpx": "office", "boat.heic": "image"},
    }
    for file in answer.json()["files"]:
        got = client.get(f"/v1/documents/{file['document']['document']}/file")
        assert got.content == sent[file["file"]]
        assert got.headers["content-type"] == "application/octet-stream"
        assert got.headers["content-disposition"].startswith("attachment")
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in got.headers["content-security-policy"]
    listed = client.get("/v1/documents").json()["documents"]
    assert "visitors.eml › boats.csv" in {document["name"] for document in listed}
    found = client.post("/v1/search", json={"query": "forty litres", "kind": "text"}).json()
    assert found["hits"][0]["name"] == "notes.md"
    assert client.post("/v1/search", json={"query": "x", "kind": "film"}).status_code == 422
    ids = [document["document"] for document in listed if document["paths"]]
    assert client.delete("/v1/documents", params={"id": ids}).status_code in (200, 204)
    assert client.get("/v1/documents").json()["count"] == 0


def test_the_types_of_an_original_are_named(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    answers = paths["/v1/documents/{document}/file"]["get"]["responses"]
    types = {"application/octet-stream", "video/*", "audio/*"}
    assert answers["200"]["content"].keys() == answers["206"]["content"].keys() == types
