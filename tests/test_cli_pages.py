"""From a result to its page: ranks, addresses, snippets, filters, viewers, completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pymupdf
import pytest
from typer.testing import CliRunner, Result

from api.cli.commands import open_page
from api.cli.commands.explain import draw_bar
from api.cli.hit_view import mark_words
from api.cli.main import app
from api.rag.query_filters import split_filters
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.pages import PageNotFound


def run(home: Home, *arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["--home", str(home.root), *arguments], input=stdin)


def test_a_result_has_its_path_and_a_photo_no_page_number(sample_home: Home) -> None:
    done = run(sample_home, "search", "a red bicycle by a wall", "--top", "1")
    first, snippet, path = done.stdout.splitlines()
    assert first.endswith("  bicycle-wall.png")
    assert snippet.strip() == "(image)"
    assert Path(path.strip()) == Path("data/samples/bicycle-wall.png")


def test_a_rank_names_the_page_in_the_next_command(sample_home: Home, tmp_path: Path) -> None:
    found = run(sample_home, "search", "how many steps to the lamp", "--top", "3", "--json")
    pages = [json.loads(line)["page"] for line in found.stdout.splitlines()]
    for rank, page in enumerate(pages, 1):
        opened = json.loads(run(sample_home, "open", str(rank), "--print", "--json").stdout)
        assert opened["page"] == page
    explained = json.loads(run(sample_home, "explain", "1", "--json").stdout)
    assert explained["page"] == pages[0]
    assert {token["word"] for token in explained["tokens"]} >= {"lamp", "steps"}
    for command in (["open", "4"], ["open", "0"], ["explain", "4"], ["explain", "lamp"]):
        refused = run(sample_home, *command)
        assert refused.exit_code == 2, refused.output
    other = Home(tmp_path / "other")
    assert run(other, "open", "1").exit_code == 1  # nothing is ingested there


def test_what_a_viewer_is_given(sample_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    monkeypatch.setattr(open_page.webbrowser, "open", lambda url: given.append(url) or True)
    monkeypatch.setattr(open_page.typer, "launch", lambda path: given.append(path) or 0)
    assert run(sample_home, "open", "annual-report.pdf-4").exit_code == 0
    assert run(sample_home, "open", "teapot.jpg").exit_code == 0
    assert run(sample_home, "open", "teapot.jpg", "--web").exit_code == 0
    pdf, photo, web = given
    assert pdf.startswith("file:///")
    assert pdf.endswith("/annual-report.pdf#page=4")
    assert photo.endswith("/teapot.jpg")
    key = Library(sample_home).page("teapot.jpg").key
    assert web == f"http://127.0.0.1:8000/p/{key}"
    monkeypatch.setattr(open_page.webbrowser, "open", lambda url: False)
    failed = run(sample_home, "open", "annual-report.pdf-4")
    assert failed.exit_code == 1
    assert "--preview" in failed.stderr


def test_a_preview_without_a_terminal_is_made_of_blocks(sample_home: Home) -> None:
    done = run(sample_home, "open", "teapot.jpg", "--preview")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "teapot.jpg"
    assert {len(line) for line in lines[1:] if line} == {60}


def test_an_address_without_a_number_is_for_one_page(sample_home: Home) -> None:
    library = Library(sample_home)
    assert str(library.page("teapot.jpg")) == "teapot.jpg"
    assert str(library.page("volunteer-form.pdf")) == "volunteer-form.pdf, page 1"
    with pytest.raises(PageNotFound, match="has 7 pages"):
        library.page("annual-report.pdf")
    for address in ("nosuch.jpg", "nosuch.jpg-3"):  # a number would not help
        refused = run(sample_home, "open", address, "--print")
        assert refused.exit_code == 4
        assert "There is no document 'nosuch.jpg'." in refused.stderr
        assert "`pageglass list` shows them" in refused.stderr


@pytest.mark.parametrize("query", ["qzxwv", "photosynthesis", "recipe for pancakes"])
def test_nothing_near_is_said(sample_home: Home, query: str) -> None:
    done = run(sample_home, "search", query, "--json")
    assert (done.exit_code, done.stdout) == (4, "")
    assert "--all" in json.loads(done.stderr)["hint"]
    assert run(sample_home, "search", query, "--all").exit_code == 0


@pytest.mark.parametrize("query", ["a mushroom in the woods", "boat", "등대", "6,735", "stairs"])
def test_what_is_near_is_shown(sample_home: Home, query: str) -> None:
    assert run(sample_home, "search", query).exit_code == 0


def test_filters_inside_a_query(sample_home: Home) -> None:
    done = run(sample_home, "search", "lamp file:project-deck.pdf", "--json")
    names = {json.loads(line)["name"] for line in done.stdout.splitlines()}
    assert names == {"project-deck.pdf"}
    assert run(sample_home, "search", "lamp file:nosuch.pdf").exit_code == 4
    assert run(sample_home, "search", "lamp tag:nosuch").exit_code == 4


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("a lamp", ("a lamp", [], [])),
        ("FILE:a.pdf  lamp tag:boat tag:sea", ("lamp", ["a.pdf"], ["boat", "sea"])),
        ('lamp file:"annual report.pdf"', ("lamp", ["annual report.pdf"], [])),
        # No filters: inside a word, with a space behind, a URL.
        ("profile:a", ("profile:a", [], [])),
        ("the file: a.pdf", ("the file: a.pdf", [], [])),
        ("open file:///etc", ("open file:///etc", [], [])),
    ],
)
def test_split_filters(query: str, parts: tuple[str, list[str], list[str]]) -> None:
    assert split_filters(query) == parts


def test_matched_words_are_bold() -> None:
    marked = mark_words("The lamp climbs 142 steps, slowly", "how many STEPS to climb?")
    assert marked == "The lamp \x1b[1mclimbs\x1b[0m 142 \x1b[1msteps,\x1b[0m slowly"


@pytest.mark.parametrize(
    ("score", "bar"), [(-1, ""), (0, ""), (1, "████"), (2, "████"), (0.28, "█▏")]
)
def test_bars(score: float, bar: str) -> None:
    assert draw_bar(score, 4) == bar


def encrypted(path: Path) -> Path:
    with pymupdf.open() as pdf:
        pdf.new_page().insert_text((72, 72), "The ferry leaves at nine.")
        pdf.save(path, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="s3cret", owner_pw="0wner")
    return path


def test_a_password_comes_from_a_file_or_stdin(tmp_path: Path) -> None:
    home, pdf = Home(tmp_path / "home"), encrypted(tmp_path / "locked.pdf")
    secret = tmp_path / "secret"
    secret.write_text("wrong\n")
    ingest = ["ingest", str(pdf), "--ocr", "none"]
    assert run(home, *ingest, "--password-file", str(secret)).exit_code == 3
    secret.write_text("s3cret\r\n")
    assert run(home, *ingest, "--password-file", str(secret)).exit_code == 0
    run(home, "remove", "locked.pdf")
    assert run(home, *ingest, "--password-file", "-", stdin="s3cret\n").exit_code == 0
    for options in (["--password"], ["--password-file", "no/such"]):
        refused = run(home, *ingest, *options)
        assert refused.exit_code == 2
        assert "--password-file" in refused.stderr or "cannot be read" in refused.stderr


def test_a_password_is_typed_unseen() -> None:
    terminal, inside = os.openpty()
    code = "from api.cli.password import read_password; print(read_password(True, None))"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        stdin=inside,
        stdout=subprocess.PIPE,
        stderr=inside,
        text=True,
    )
    shown = b""
    while b"Password: " not in shown:  # the space comes once the echo is off
        shown += os.read(terminal, 1024)
    os.write(terminal, b"s3cret\n")
    typed, _ = process.communicate(timeout=60)
    assert typed == "s3cret\n"
    shown += os.read(terminal, 1024)
    assert b"s3cret" not in shown
    os.close(inside)
    os.close(terminal)


def test_help_of_a_command() -> None:
    assert "--like" in CliRunner().invoke(app, ["help", "search"]).stdout
    assert CliRunner().invoke(app, ["help"]).stdout.count("\n") > 20
    assert CliRunner().invoke(app, ["help", "nosuch"]).exit_code == 2


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("open annu", ["annual-report.pdf-"]),
        ("open teap", ["teapot.jpg"]),
        ("explain x project-deck.pdf-", [f"project-deck.pdf-{n}" for n in range(1, 7)]),
        ("search lamp -d scan", ["scanned-letter.pdf"]),
        ("ask lamp --model o", ["openai:", "ollama:", "openrouter:"]),
        ("sea", ["search"]),
    ],
)
def test_completion(sample_home: Home, line: str, completed: list[str]) -> None:
    words = f"pageglass --home {sample_home.root} {line}"
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[0] = 'pageglass'; import api.cli.main as m; m.main()"],
        env={
            **os.environ,
            "_PAGEGLASS_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        },
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.split() == completed


def test_a_document_is_renamed(own_home: Home) -> None:
    done = run(own_home, "rename", "teapot.jpg", "Grandmother's  teapot", "--json")
    assert json.loads(done.stdout)["title"] == "Grandmother's teapot"
    found = run(own_home, "search", '"grandmother"', "--json")
    assert json.loads(found.stdout.splitlines()[0])["name"] == "teapot.jpg"
    assert run(own_home, "rename", "teapot.jpg", " ").exit_code == 2
    assert run(own_home, "rename", "nosuch.jpg", "x").exit_code == 4
