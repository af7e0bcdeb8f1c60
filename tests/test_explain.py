from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from typer.testing import CliRunner

from api.cli.main import app
from api.http.app import create_app
from ingest.library.home import Home
from ingest.page import Page, PageVectors, QueryVectors
from retrieval.error import PageNotEncoded
from retrieval.explain.explain import explain_rows
from retrieval.explain.heatmap import draw_heatmap
from retrieval.search import Searcher

QUERY = "How many steps do you have to climb to reach the lamp?"


def made() -> tuple[QueryVectors, PageVectors]:
    """Two tokens and four rows: the left and right half of the page, the whole of it, and nowhere."""
    query = QueryVectors(np.eye(2, dtype=np.float32), ("lamp", "oil"))
    rows = np.array([[0.6, 0.8], [1, 0], [0.8, 0.6], [0, 1]], np.float32)
    boxes = np.array([[0, 0, 0.5, 1], [0.5, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]], np.float32)
    return query, PageVectors(rows, boxes)


def test_maxsim_taken_apart_by_hand() -> None:
    query, seen = made()
    explained = explain_rows(Page("doc", 1), "minilm", query, np.array([3, 1], np.float32), seen)
    lamp, oil = explained.tokens
    assert (lamp.word, lamp.weight, lamp.score) == ("lamp", 3, 1)
    assert lamp.box == (0.5, 0, 1, 1)
    assert oil.score == 1
    assert oil.box == (0, 0, 0, 0)  # its best row is nowhere on the page
    assert explained.score == pytest.approx((3 * 1 + 1 * 1) / 4)


def test_heat_by_hand() -> None:
    query, seen = made()
    explained = explain_rows(Page("doc", 1), "minilm", query, np.array([3, 1], np.float32), seen)
    # lamp's cosines of the placed rows: 0.6, 1, 0.8; where boxes overlap the higher one counts.
    np.testing.assert_allclose(explained.heat(0, 4, 1), [[0.5, 0.5, 1, 1]], atol=1e-6)
    # oil: 0.8, 0, 0.6
    np.testing.assert_allclose(explained.heat(1, 4, 1), [[1, 1, 0.75, 0.75]], atol=1e-6)
    # all: (3 lamp + oil) / 4 = 0.65, 0.75, 0.75
    np.testing.assert_allclose(explained.heat(None, 4, 1), [[1, 1, 1, 1]], atol=1e-5)


def test_what_no_row_covers_is_no_number() -> None:
    query, _ = made()
    seen = PageVectors(
        np.eye(2, dtype=np.float32), np.array([[0, 0, 0.5, 0.5], [0, 0, 0, 0]], np.float32)
    )
    heat = explain_rows(Page("doc", 1), "e", query, np.ones(2, np.float32), seen).heat(0, 2, 2)
    assert np.isnan(heat).tolist() == [[False, True], [True, True]]


def test_the_map_is_warm_where_the_page_answers_and_clear_elsewhere() -> None:
    query, _ = made()
    seen = PageVectors(
        np.array([[1, 0], [0, 1]], np.float32),
        np.array([[0.5, 0, 1, 1], [0, 0, 0.5, 0.5]], np.float32),
    )
    explained = explain_rows(Page("doc", 1), "e", query, np.ones(2, np.float32), seen)
    page = io.BytesIO()
    Image.new("RGB", (900, 900), "white").save(page, "PNG")
    drawn = np.asarray(Image.open(io.BytesIO(draw_heatmap(page.getvalue(), explained, 0))))
    assert drawn[450, 700].tolist() != [255, 255, 255]
    assert drawn[450, 700, 0] > drawn[450, 700, 2]  # warm
    assert drawn[800, 100].tolist() == [255, 255, 255]


def test_the_searcher_explains_what_it_found(sample_home: Home) -> None:
    searcher = Searcher(sample_home)
    hit = searcher.search(QUERY, top=1)[0]
    explained = searcher.explain(QUERY, hit.page)
    assert explained.encoder == "minilm"
    assert explained.score == pytest.approx(hit.signals["late.minilm"], abs=1e-3)
    steps = next(match for match in explained.tokens if match.word == "steps")
    words = searcher.library.words(hit.page)
    center = (steps.box[0] + steps.box[2]) / 2, (steps.box[1] + steps.box[3]) / 2
    on = [
        w.text
        for w in words
        if w.box[0] <= center[0] <= w.box[2] and w.box[1] <= center[1] <= w.box[3]
    ]
    assert any(re.search("step|stair", word, re.IGNORECASE) for word in on)
    with pytest.raises(PageNotEncoded, match="nobody"):
        searcher.explain(QUERY, hit.page, "nobody")


def test_explain_as_typed(sample_home: Home, tmp_path: Path) -> None:
    page = Searcher(sample_home).search(QUERY, top=1)[0].page
    out = tmp_path / "map.png"

    def run(*arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(
            app, ["--home", str(sample_home.root), "explain", QUERY, *arguments]
        )
        return result.exit_code, result.stdout, result.stderr

    code, said, noted = run(page.key, "--out", str(out))
    assert code == 0
    assert "steps" in said
    assert str(out) in noted
    with Image.open(out) as sheet:
        assert sheet.width > 1000
    code, said, _ = run(page.key, "--token", "lamp", "--out", str(out), "--json")
    assert code == 0
    record = json.loads(said)
    assert record["page"] == page.key
    assert record["saved"] == str(out)
    with Image.open(out) as one:
        assert one.width == 900
    assert run(page.key, "--token", "zebra")[0] == 2
    assert run("nothing-1")[0] == 4


def test_a_map_over_http(sample_home: Home) -> None:
    page = Searcher(sample_home).search(QUERY, top=1)[0].page
    with TestClient(create_app(sample_home), base_url="http://127.0.0.1") as client:
        whole = client.get(f"/v1/pages/{page.key}/map", params={"query": QUERY})
        assert whole.status_code == 200
        assert whole.headers["content-type"] == "image/png"
        one = client.get(f"/v1/pages/{page.key}/map", params={"query": QUERY, "token": 2})
        with Image.open(io.BytesIO(one.content)) as picture:
            assert picture.width == 900
        assert (
            client.get(
                f"/v1/pages/{page.key}/map", params={"query": QUERY, "token": 99}
            ).status_code
            == 404
        )
        assert client.get(f"/v1/pages/{page.key}/map", params={"query": " "}).status_code == 422
        assert client.get("/v1/pages/nothing-1/map", params={"query": "x"}).status_code == 404
