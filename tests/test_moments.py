"""Moments: a video from ingest to search, answer, citation and player."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from live_server import live_server
from make_library import write_document
from make_video import SUBTITLES, make_video
from PIL import Image
from typer.testing import CliRunner
from web_browser import Visit, browser, missing

import pageglass
from api.cli.main import app as cli
from api.http.app import create_app
from api.settings import Settings
from ingest.add import AddSettings, add
from ingest.files.render import RenderSettings
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter
from ingest.page import TimeSpan

SAMPLES = Path(__file__).parents[1] / "data" / "samples"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three shots of two seconds: a lighthouse, a teapot, a mushroom; words in the first two."""
    folder = tmp_path_factory.mktemp("films")
    shown = [SAMPLES / name for name in ("lighthouse.png", "teapot.jpg", "mushroom.png")]
    scenes = [(np.asarray(Image.open(path).convert("RGB").resize((320, 192))), 2) for path in shown]
    (folder / "talk.srt").write_text(SUBTITLES)
    return make_video(folder / "talk.mp4", scenes, size=(320, 192))


@pytest.fixture(scope="module")
def home(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("moments") / "home")
    settings = AddSettings(RenderSettings(ocr="none"), ("minilm", "conse"), workers=1)
    list(add(home, [film], settings))
    return home


@pytest.fixture(scope="module")
def client(home: Home) -> Iterator[TestClient]:
    settings = Settings(ocr="none", workers=1)
    with TestClient(create_app(home, settings, hosts={"testserver"})) as client:
        yield client


def run(home: Home, *arguments: str) -> list[str]:
    result = CliRunner().invoke(cli, ["--home", str(home.root), *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_shots_are_pages_with_times(home: Home) -> None:
    library = Library(home)
    (document,) = library.documents()
    assert (document.kind, document.title, document.page_count) == ("video", "", 3)
    spans = [TimeSpan(0, 2), TimeSpan(2, 4), TimeSpan(4, 6)]
    assert [record.page.span for record in library.page_records()] == spans
    assert library.page("talk.mp4-2").span == spans[1]
    assert str(library.page("talk.mp4-3")) == "talk.mp4, 0:04"


def test_a_video_has_one_row_with_its_moments(home: Home, film: Path) -> None:
    lines = run(home, "search", "tea for the guests", "--all")
    assert lines[0].endswith("talk.mp4, 0:02")
    assert "Tea was served to 37 guests" in lines[1]
    assert "also at 0:00 (" in lines[2]
    assert "0:04 (" in lines[2]
    (opened,) = run(home, "open", "1", "--print", "--json")
    assert json.loads(opened)["start"] == 2
    assert json.loads(opened)["place"] == str(film)


def test_a_moment_is_found_by_what_it_shows(home: Home) -> None:
    first, *_ = run(home, "search", "a red mushroom", "--images", "--json")
    hit = json.loads(first)
    assert (hit["kind"], hit["start"], hit["end"]) == ("video", 4, 6)


def test_an_answer_cites_the_time(home: Home) -> None:
    (line,) = run(home, "ask", "How many guests were served tea?", "--json")
    answer = json.loads(line)
    (citation,) = answer["citations"]
    assert "37 guests" in citation["quote"]
    assert (citation["start"], citation["verified"]) == (2, True)
    assert run(home, "ask", "How many guests were served tea?")[-1] == "[1] talk.mp4, 0:02"


def test_the_server_sends_times_and_parts_of_the_file(client: TestClient, film: Path) -> None:
    found = client.post("/v1/search", json={"query": "tea", "kind": "video"}).json()["hits"]
    assert found[0]["start"] == 2
    page = client.get(f"/v1/pages/{found[0]['page']}").json()
    assert (page["start"], page["end"]) == (2, 4)
    address = f"/v1/documents/{found[0]['document']}/file"
    part = client.get(address, headers={"Range": "bytes=0-99"})
    assert part.status_code == 206
    assert part.headers["content-type"] == "video/mp4"
    assert part.content == film.read_bytes()[:100]
    assert "media-src 'self'" in client.get("/").headers["content-security-policy"]


def test_a_browser_plays_from_there(
    home: Home, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    run(home, "open", "talk.mp4-3")
    assert opened == [f"{film.as_uri()}#t=4"]


def test_a_library_of_before_is_read(tmp_path: Path) -> None:
    old = Home(tmp_path / "home")
    writer = LibraryWriter(old)
    document = write_document(writer, "report.pdf", "one", "two")
    writer._db.execute("DROP TABLE shots")
    library = Library(old)
    assert library.page(f"{document.id}-2").span is None
    assert [record.page.span for record in library.page_records()] == [None, None]
    LibraryWriter(old)
    assert library.page(f"{document.id}-2").span is None


def test_results_of_python_have_the_time(home: Home) -> None:
    with pageglass.open(home.root) as client:
        hit: Any = client.search("tea for the guests", top=1)[0]
        assert hit.page.span == TimeSpan(2, 4)
        assert hit.to_dict()["start"] == 2


@pytest.mark.browser
@pytest.mark.skipif(bool(missing()), reason=missing() or "has a browser")
def test_the_web_app_plays_moments(home: Home) -> None:
    with live_server(home.root) as server, browser() as launched:
        window = Visit(launched, server.url)
        page = window.open("/search?q=tea+for+the+guests")
        page.locator(".page-hits li a[data-hit]").first.wait_for()
        assert page.locator(".page-hits > li").count() == 1
        assert page.locator(".moments .moment").all_inner_texts() == ["0:00", "0:02", "0:04"]
        page.locator(".page-hits a[data-hit]").click()
        page.locator(".player video").wait_for()
        ready = "() => { const v = document.querySelector('video'); return v.readyState > 0 && !v.seeking && v.currentTime; }"
        page.wait_for_timeout(300)
        assert page.evaluate(ready) == 2
        page.locator(".player .moment", has_text="0:04").click()
        page.locator(".viewer-tools", has_text="0:04").wait_for()
        page.wait_for_timeout(300)
        assert page.evaluate(ready) == 4
        if folder := os.environ.get("SHOTS"):
            page.screenshot(path=f"{folder}/web.png")
        window.close()
