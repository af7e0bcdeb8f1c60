"""Documents, pages, tags and status over HTTP: what the web app asks for."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from make_library import write_document
from PIL import Image

import pageglass
from api.http.app import create_app
from api.http.document_paging import cut_list, sort_list
from api.http.thumbnails import Thumbnails
from api.schemas.documents import DocumentBody
from api.settings import Settings
from ingest.add import add
from ingest.annotate.edit import InvalidEdit, edit
from ingest.choose import default_images, default_pages
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter
from ingest.page import Document
from ingest.verify import verify

SAMPLES = Path(__file__).parents[1] / "data" / "samples"


def open_app(home: Home, **settings: Any) -> TestClient:
    settings = {"ocr": "none", "workers": 1, **settings}
    return TestClient(create_app(home, Settings(**settings), hosts={"testserver"}))


@pytest.fixture(scope="module")
def client(sample_home: Home) -> Iterator[TestClient]:
    with open_app(sample_home) as client:
        yield client


@pytest.fixture
def own_client(own_home: Home) -> Iterator[TestClient]:
    with open_app(own_home) as client:
        yield client


def id_of(client: TestClient, name: str) -> str:
    listed = client.get("/v1/documents").json()["documents"]
    return next(str(d["document"]) for d in listed if d["name"] == name)


# --- the list


def test_folders_are_listed_and_filter(client: TestClient) -> None:
    [folder] = client.get("/v1/folders").json()["folders"]
    assert folder == {"folder": str(SAMPLES), "documents": len(list(SAMPLES.iterdir()))}
    found = client.get("/v1/documents", params={"folder": folder["folder"]}).json()
    assert found["count"] == folder["documents"]


@pytest.mark.parametrize("sort", ["name", "-name", "added", "-bytes", "pages", "title"])
def test_a_list_in_parts_is_the_whole_list(client: TestClient, sort: str) -> None:
    whole = client.get("/v1/documents", params={"sort": sort}).json()
    assert whole["next_cursor"] is None
    parts, cursor = [], None
    while True:
        params = {"sort": sort, "limit": 5} | ({"cursor": cursor} if cursor else {})
        part = client.get("/v1/documents", params=params).json()
        assert part["count"] == whole["count"] == len(whole["documents"])
        parts += part["documents"]
        if not (cursor := part["next_cursor"]):
            break
    assert parts == whole["documents"]


def document(name: str, pages: int = 1) -> Document:
    return Document(name, name, name, (), "pdf", name, pages, 1, "r", "2026-01-01")


def test_what_is_removed_between_two_parts_is_neither_skipped_nor_repeated() -> None:
    names = [document(name) for name in "abcdef"]
    first, cursor = cut_list(sort_list(names, "name"), "name", None, 3)
    left = [each for each in names if each.name not in "bc"] + [document("aa")]
    second, end = cut_list(sort_list(left, "name"), "name", cursor, 3)
    assert ([d.name for d in first], [d.name for d in second], end) == (
        ["a", "b", "c"], ["d", "e", "f"], None,
    )  # fmt: skip


@pytest.mark.parametrize("cursor", ["x", "", "é", "bnVsbA==", "WyJuYW1lIiwgMSwgIngiXQ==", "WyItbmFtZSIsICJhIiwgIngiXQ=="])  # fmt: skip
def test_cursors_that_are_none_are_refused(client: TestClient, cursor: str) -> None:
    response = client.get("/v1/documents", params={"cursor": cursor, "limit": 2})
    assert response.status_code == 422
    assert response.json()["type"].endswith("invalid-cursor")


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"q": "ANNUAL report"}, {"annual-report.pdf"}),
        ({"q": "nothing-like-it"}, set()),
        ({"kind": "pdf", "q": "korean"}, {"korean-notice.pdf"}),
    ],
)
def test_a_list_is_filtered(client: TestClient, params: dict[str, str], found: set[str]) -> None:
    body = client.get("/v1/documents", params=params).json()
    assert {d["name"] for d in body["documents"]} == found
    assert body["count"] == len(found)


# --- one document


def test_one_document_is_shown(client: TestClient) -> None:
    listed = client.get("/v1/documents").json()["documents"][0]
    assert client.get(f"/v1/documents/{listed['document']}").json() == listed
    assert client.get(f"/v1/documents/{listed['document'][:8]}").status_code == 404


def test_a_title_and_tags_are_found_at_once_and_stay(own_client: TestClient) -> None:
    one = id_of(own_client, "annual-report.pdf")
    response = own_client.patch(
        f"/v1/documents/{one}", json={"title": " The zirconium\n ledger ", "tags": ["b", "a", "a"]}
    )
    assert response.json()["title"] == "The zirconium ledger"
    assert response.json()["tags"] == ["a", "b"]
    hits = own_client.post("/v1/search", json={"query": "zirconium", "top": 100}).json()["hits"]
    assert max(hits, key=lambda hit: hit["signals"].get("bm25", 0))["document"] == one
    tagged = own_client.post("/v1/search", json={"query": "lens", "tags": ["a"]}).json()["hits"]
    assert {hit["document"] for hit in tagged} == {one}
    tags = {tag["tag"]: tag for tag in own_client.get("/v1/tags").json()["tags"]}
    assert tags["a"] == {"tag": "a", "pages": 7, "documents": 1}
    assert own_client.get("/v1/documents", params={"tag": "a"}).json()["count"] == 1
    changed = own_client.patch(f"/v1/documents/{one}", json={"tags": []}).json()
    assert (changed["title"], changed["tags"]) == ("The zirconium ledger", [])
    assert own_client.get("/v1/tags").json()["tags"] == []


def test_title_and_tags_stay_when_the_document_is_read_anew(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    writer = LibraryWriter(home)
    write_document(writer, "one", "a kettle", document_id="one")
    edit(home, "one", title="Zirconium", tags=["kitchen"])
    write_document(writer, "one", "a kettle", "and a cup", document_id="one")
    again = writer.document("one")
    assert (again.title, again.tags, again.page_count) == ("Zirconium", ("kitchen",), 2)
    assert writer.tag_counts() == {"kitchen": 2}


def test_the_source_of_a_title_is_kept(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    writer = LibraryWriter(home)
    write_document(writer, "a.pdf", "a kettle", document_id="a" * 20, title="Kettles")
    first = DocumentBody.of(writer.document("a.pdf"))
    # As one that an older version wrote: nothing was noted of the title.
    assert (first.title, first.title_source) == ("Kettles", None)
    write_document(writer, "b.pdf", "", document_id="b" * 20)
    untitled = DocumentBody.of(writer.document("b.pdf"))
    assert (untitled.title, untitled.title_source) == ("b.pdf", "file name")
    again = {"document_id": "a" * 20, "title": "Heads", "title_source": "heading"}
    write_document(writer, "a.pdf", "a kettle", **again)
    assert writer.document("a.pdf").title_source == "heading"
    assert edit(home, "a.pdf", title="Zirconium").title_source == "user"
    write_document(writer, "a.pdf", "a kettle", **again)
    assert Library(home).document("a.pdf").title_source == "user"


def test_a_home_without_sources_of_titles_is_read_as_it_is(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    writer = LibraryWriter(home)
    write_document(writer, "a.pdf", "a kettle", document_id="a" * 20, title="Kettles")
    writer.close()
    with closing(sqlite3.connect(home.database)) as database:
        database.execute("DROP TABLE title_sources")
    assert Library(home).document("a.pdf").title_source is None
    assert edit(home, "a.pdf", title="Zirconium").title_source == "user"


def test_every_door_tells_the_source_of_a_title(client: TestClient, sample_home: Home) -> None:
    listed = client.get("/v1/documents").json()["documents"]
    sources = {document["name"]: document["title_source"] for document in listed}
    assert sources["annual-report.pdf"] in ("metadata", "heading")
    assert None not in sources.values()
    with pageglass.open(sample_home.root) as library:
        assert {d.name: d.title_source for d in library.list()} == sources


def test_several_documents_are_removed_together(own_client: TestClient, own_home: Home) -> None:
    ids = [id_of(own_client, name) for name in ("annual-report.pdf", "teapot.jpg", "sailboat.png")]
    before = own_client.get("/v1/documents").json()["count"]
    refused = own_client.delete("/v1/documents", params={"id": [*ids, "0" * 20]})
    assert (refused.status_code, refused.json()["type"]) == (
        404,
        "urn:pageglass:problem:document-not-found",
    )
    assert own_client.get("/v1/documents").json()["count"] == before
    # The one that is named twice is removed once.
    response = own_client.delete("/v1/documents", params={"id": [*ids, ids[0]]})
    assert (response.status_code, response.content) == (204, b"")
    left = own_client.get("/v1/documents").json()
    assert left["count"] == before - 3
    assert not {document["document"] for document in left["documents"]} & set(ids)
    assert verify(own_home) == []


@pytest.mark.parametrize("ids", [[], ["0" * 101], ["0" * 20] * 1_001])
def test_a_removal_of_no_or_of_too_many_documents_is_refused(
    client: TestClient, ids: list[str]
) -> None:
    assert client.delete("/v1/documents", params={"id": ids}).status_code == 422


def test_python_edits_too(own_home: Home) -> None:
    with pageglass.open(own_home.root) as library:
        edited = library.edit("teapot.jpg", title="Zirconium", tags="kitchen")
        assert (edited.title, edited.tags) == ("Zirconium", ("kitchen",))
        assert library.tags()["kitchen"] == 1
        assert library.edit("teapot.jpg", tags=[]).tags == ()


def test_labels_that_are_found_leave_given_tags(own_home: Home) -> None:
    one = edit(own_home, "teapot.jpg", tags=["kitchen"])
    writer = LibraryWriter(own_home)
    page = writer.page(f"{one.id}-1")
    writer.set_labels(["teapot"])
    writer.set_tags(one, {1: {"teapot": 0.8}})
    assert writer.tags(page) == {"kitchen": 1.0, "teapot": 0.8}
    writer.set_document_tags(one.id, [])
    assert writer.tags(page) == {"teapot": 0.8}


@pytest.mark.parametrize("given", [{"title": " "}, {"title": "x" * 501}, {"tags": [""]}, {"tags": ["x" * 101]}, {"tags": [str(i) for i in range(51)]}])  # fmt: skip
def test_odd_titles_and_tags_are_refused(own_home: Home, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidEdit):
        edit(own_home, "teapot.jpg", **given)
    with open_app(own_home) as client:
        response = client.patch(f"/v1/documents/{id_of(client, 'teapot.jpg')}", json=given)
        assert response.status_code == 422


# --- the original


def test_the_original_comes_whole_and_in_parts(client: TestClient) -> None:
    url = f"/v1/documents/{id_of(client, 'annual-report.pdf')}/file"
    content = (SAMPLES / "annual-report.pdf").read_bytes()
    whole = client.get(url)
    assert whole.content == content
    assert whole.headers["content-disposition"] == 'attachment; filename="annual-report.pdf"'
    assert "sandbox" in whole.headers["content-security-policy"]
    part = client.get(url, headers={"Range": "bytes=5-14"})
    assert (part.status_code, part.content) == (206, content[5:15])
    assert part.headers["content-range"] == f"bytes 5-14/{len(content)}"
    beyond = client.get(url, headers={"Range": f"bytes={len(content)}-"})
    assert beyond.status_code == 416


def test_an_original_that_has_changed_is_not_given(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.new("RGB", (80, 60), "teal").save(path)
    home = Home(tmp_path / "home")
    list(add(home, [path]))
    with open_app(home) as client:
        url = f"/v1/documents/{id_of(client, 'photo.png')}/file"
        assert client.get(url).status_code == 200
        content = path.read_bytes()
        path.write_bytes(content)  # another time, the same bytes
        assert client.get(url).status_code == 200
        path.write_bytes(content[:-1] + b"x")
        assert client.get(url).json()["type"].endswith("original-not-found")
        path.unlink()
        assert client.get(url).status_code == 404


# --- pages


def test_a_page_has_its_words_and_size(client: TestClient) -> None:
    one = id_of(client, "annual-report.pdf")
    body = client.get(f"/v1/pages/{one}-4").json()
    assert (body["number"], body["pages"], body["kind"]) == (4, 7, "pdf")
    words = [word["text"] for word in body["words"]]
    assert {"Hanneke", "lens"} <= {word.strip(".,") for word in words}
    for word in body["words"]:
        left, top, right, bottom = word["box"]
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
    with Image.open(io.BytesIO(client.get(f"/v1/pages/{one}-4/image").content)) as image:
        assert image.size == (body["width"], body["height"])
    hit = client.post("/v1/search", json={"query": "lens", "top": 1}).json()["hits"][0]
    assert (hit["width"], hit["height"]) == (body["width"], body["height"])
    assert (hit["kind"], hit["revision"]) == ("pdf", body["revision"])


def test_an_image_comes_at_a_width_and_is_kept_by_revision(client: TestClient) -> None:
    one = id_of(client, "annual-report.pdf")
    page = client.get(f"/v1/pages/{one}-1").json()
    url = f"/v1/pages/{one}-1/image"
    for params, width in (({"width": 120}, 120), ({"width": 120, "dpr": 2}, 240), ({"width": 4096}, page["width"])):  # fmt: skip
        found = client.get(url, params={**params, "revision": page["revision"]})
        with Image.open(io.BytesIO(found.content)) as image:
            assert image.width == width
            assert image.height == pytest.approx(width * page["height"] / page["width"], abs=1)
        assert "immutable" in found.headers["cache-control"]
    stale = client.get(url, params={"width": 120, "revision": "older"})
    assert stale.headers["cache-control"] == "private, no-cache"
    assert stale.headers["etag"] != client.get(url).headers["etag"]
    assert client.get(url, params={"width": 15}).status_code == 422


def test_thumbnails_are_kept_up_to_their_bytes() -> None:
    picture = io.BytesIO()
    Image.effect_noise((200, 200), 90).convert("RGB").save(picture, "WEBP")
    kept = Thumbnails(kept_bytes=20_000)
    sizes = [len(kept.make(f"p-{i}", "r", 100, picture.getvalue())) for i in range(30)]
    left = [i for i in range(30) if kept.find(f"p-{i}", "r", 100)]
    assert left == list(range(30 - len(left), 30))
    assert 0 < sum(sizes[i] for i in left) <= 20_000


def test_an_explanation_has_a_score_a_token(client: TestClient) -> None:
    one = id_of(client, "annual-report.pdf")
    url = f"/v1/pages/{one}-4/explanation"
    body = client.get(url, params={"query": "lens repair"}).json()
    assert {"lens", "repair"} <= {token["word"] for token in body["tokens"]}


# --- composed search


def by_parts(client: TestClient, **fields: str) -> Any:
    form = [(name, (None, value)) for name, value in fields.items()]
    return client.post("/v1/search/image", files=form)  # type: ignore[arg-type]


def test_texts_and_pages_compose(client: TestClient) -> None:
    boat = f"{id_of(client, 'sailboat.png')}-1"
    like = by_parts(client, like=boat, top="1").json()["hits"]
    assert like[0]["name"] == "sailboat.png"
    away = by_parts(client, text="a boat", unlike=boat).json()["hits"]
    assert away[0]["name"] != "sailboat.png"
    only = by_parts(client, text="a boat", kind="pdf").json()["hits"]
    assert {hit["kind"] for hit in only} <= {"pdf"}
    assert by_parts(client, top="3").json()["type"].endswith("invalid-search")
    assert by_parts(client, like="none-1").status_code == 404


# --- status and odd parameters


def test_status_counts_and_checks(client: TestClient) -> None:
    body = client.get("/v1/status").json()
    assert (body["documents"], body["checks"]) == (len(list(SAMPLES.iterdir())), None)
    assert {index["encoder"] for index in body["indexes"]} == {*default_pages(), default_images()}
    checks = client.get("/v1/status", params={"checks": "true"}).json()["checks"]
    assert {"ok"} <= {check["state"] for check in checks} <= {"ok", "note", "broken"}


def test_an_empty_home_has_a_status(tmp_path: Path) -> None:
    with open_app(Home(tmp_path / "home")) as client:
        assert client.get("/v1/status").json()["documents"] == 0
        assert client.get("/v1/tags").json() == {"tags": []}
        assert client.get("/v1/folders").json() == {"folders": []}
        assert client.get("/v1/documents").json()["count"] == 0


@pytest.mark.parametrize("path", ["/v1/documents", "/v1/jobs", "/v1/status", "/v1/tags", "/v1/session", "/v1/pages/x-1/image", "/metrics"])  # fmt: skip
def test_unknown_query_parameters_are_refused(client: TestClient, path: str) -> None:
    response = client.get(path, params={"sorted": "name"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["at"] == "query.sorted"
