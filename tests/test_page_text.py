"""Words of pages in reading order: on the command line, over HTTP and in Python."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

import pageglass
from api.cli.main import app
from api.http.app import create_app
from api.page_text import page_markdown, page_text
from ingest.library.home import Home
from ingest.page import Word

DECK = "project-deck.pdf-1"
BOX = (0.1, 0.1, 0.2, 0.12)


def test_blocks_have_marks_in_markdown() -> None:
    rows = [("Costs", "heading"), ("North", "row"), ("South", "row"), ("a *b*", "text")]
    words = [
        Word(text, (0.1, 0.1 * at, 0.2, 0.1 * at + 0.02), at, role)  # type: ignore[arg-type]
        for at, (text, role) in enumerate(rows, 1)
    ]
    assert page_markdown(words) == "## Costs\n\n| North |\n| South |\n\na \\*b\\*"
    assert page_text([*words, Word("secret", BOX, 9, "hidden")]) == (
        "Costs\n\nNorth\n\nSouth\n\na *b*"
    )


def test_every_door_gives_the_same_words(sample_home: Home) -> None:
    run = CliRunner().invoke
    home = ["--home", str(sample_home.root)]
    printed = run(app, ["text", DECK, *home]).stdout.strip()
    assert printed
    record = json.loads(run(app, ["text", DECK, "--json", *home]).stdout)
    assert record["text"] == printed
    assert all(len(word["box"]) == 4 for block in record["blocks"] for word in block["words"])
    assert run(app, ["text", DECK, "--markdown", *home]).exit_code == 0
    with TestClient(create_app(sample_home, hosts={"testserver"})) as client:
        assert client.get(f"/v1/pages/{DECK}/text").json() == record
        plain = client.get(f"/v1/pages/{DECK}/text", params={"format": "text"})
        assert plain.text == printed
        assert plain.headers["content-type"].startswith("text/plain")
        assert client.get(f"/v1/pages/{DECK}/text?format=xml").status_code == 422
    with pageglass.open(sample_home.root) as client_:
        assert client_.text(DECK) == [printed]


def test_a_file_is_read_and_not_kept(tmp_path: Path) -> None:
    photo = Path(__file__).parents[1] / "data" / "samples" / "scanned-letter.pdf"
    result = CliRunner().invoke(app, ["text", str(photo), "--home", str(tmp_path / "home")])
    assert result.exit_code == 0
    assert len(result.stdout.split()) > 20
    assert not (tmp_path / "home" / "library.sqlite3").exists()


@pytest.mark.parametrize("page", ["none-1", "project-deck.pdf-99"])
def test_a_page_that_is_not_there(page: str, sample_home: Home) -> None:
    result = CliRunner().invoke(app, ["text", page, "--home", str(sample_home.root)])
    assert result.exit_code == 4
