from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from api.cli.main import app
from api.printable import plain, readable_question, shorten
from ingest.choose import default_images, default_pages
from ingest.library.home import Home

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "data" / "samples"
COMMAND = [sys.executable, "-m", "api.cli.main"]


def run(*arguments: str, home: Home | Path | None = None) -> Result:
    root = home.root if isinstance(home, Home) else home
    return CliRunner().invoke(app, ["--home", str(root), *arguments] if root else [*arguments])


def records(result: Result) -> list[dict[str, Any]]:
    """Every line of stdout, each of which must be a JSON object."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def letter(path: Path, text: str = "The ferry leaves at nine.", pages: int = 1) -> Path:
    """A PDF of plain text, which is quick to ingest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pymupdf.open() as pdf:
        for number in range(1, pages + 1):
            pdf.new_page().insert_text((72, 72), f"{text} Page {number}.")
        pdf.save(path)
    return path


def read_terminal(descriptor: int) -> Iterator[str]:
    """What a program writes to its terminal, until it ends."""
    with contextlib.suppress(OSError):  # Linux says EIO where the other end is closed
        while written := os.read(descriptor, 4096):
            yield written.decode("utf-8", "replace")
    os.close(descriptor)


def interrupt(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Ctrl-C, pressed again each ten seconds: on a machine at its limit one has been seen to be lost."""
    for _ in range(6):
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    raise AssertionError("Ctrl-C did not stop it")


class TestIngest:
    def test_new_then_unchanged_then_json_is_pure(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        letter(tmp_path / "in" / "ferry.pdf")
        (tmp_path / "in" / "bad.pdf").write_bytes(b"")
        first = run("ingest", str(tmp_path / "in"), "--json", "--ocr", "none", home=home)
        assert first.exit_code == 3
        events = records(first)
        assert events[0]["event"] == "looked"
        assert {event["event"] for event in events} >= {"opened", "encoded", "added", "failed"}
        assert events[-1] == {
            **events[-1],
            "event": "done",
            "added": 1,
            "failed": 1,
            "pages": 1,
        }
        failed = next(event for event in events if event["event"] == "failed")
        assert failed["path"].endswith("/bad.pdf")
        assert failed["reason"] == "bad.pdf is empty."
        assert "bad.pdf is empty." in first.stderr

        second = run("ingest", str(tmp_path / "in"), home=home)
        assert second.exit_code == 3
        assert second.stdout == ""
        assert "0 added (0 pages), 1 unchanged, 1 failed" in second.stderr
        assert "bad.pdf is empty." in second.stderr

        quiet = run("ingest", str(tmp_path / "in" / "ferry.pdf"), "--quiet", home=home)
        assert (quiet.exit_code, quiet.stdout, quiet.stderr) == (0, "", "")

        status = records(run("status", "--verify", "--json", home=home))[0]
        assert (status["documents"], status["pages"], status["disagreements"]) == (1, 1, [])
        assert [failure["reason"] for failure in status["failures"]] == ["bad.pdf is empty."]

    def test_names_that_are_no_text(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        folder = os.fsencode(tmp_path / "in")
        os.mkdir(folder)
        with open(folder + b"/caf\xe9 \x1b[31m\n.pdf", "wb") as file:
            file.write(letter(tmp_path / "ferry.pdf").read_bytes())
        with open(folder + b"/\xff.pdf", "wb") as file:
            file.write(b"")
        result = run("ingest", os.fsdecode(folder), "--json", "--ocr", "none", home=home)
        assert result.exit_code == 3
        assert "\\xff.pdf" in result.stderr
        added = next(r for r in records(result) if r["event"] == "added")
        assert added["name"].startswith("caf\\xe9")
        listed = run("list", home=home)
        assert "caf\\xe9 \\x1b[31m .pdf" in listed.stdout
        assert "\x1b" not in listed.stdout + result.stderr
        assert run("remove", added["document"], home=home).exit_code == 0

    def test_nothing_to_read(self, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        result = run("ingest", str(tmp_path / "in"), home=tmp_path / "home")
        assert result.exit_code == 4
        assert "error: No file of a kind that is read was found." in result.stderr

    def test_path_that_is_not_there(self, tmp_path: Path) -> None:
        ferry = letter(tmp_path / "ferry.pdf")
        for missing in ("nowhere.pdf", "no*.pdf"):
            result = run("ingest", str(ferry), str(tmp_path / missing), home=tmp_path / "home")
            assert result.exit_code == 2
            assert missing in result.stderr
        assert not (tmp_path / "home").exists()

    def test_what_failed_before_is_quiet(self, tmp_path: Path) -> None:
        home, bad = tmp_path / "home", tmp_path / "bad.xyz"
        bad.write_bytes(b"\0\1\2 no kind of file")
        first = run("ingest", str(bad), "--quiet", home=home)
        assert first.exit_code == 3
        assert "Read are PDF, PNG, JPEG" in first.stderr
        again = run("ingest", str(bad), "--quiet", home=home)
        assert (again.exit_code, again.stderr) == (0, "")
        assert run("ingest", str(bad), home=home).exit_code == 3

    def test_what_was_removed_stays_removed(self, tmp_path: Path) -> None:
        home, folder = tmp_path / "home", tmp_path / "in"
        ferry = letter(folder / "ferry.pdf")
        letter(folder / "train.pdf", "The train leaves at ten.")
        run("ingest", str(folder), "--ocr", "none", home=home)
        run("remove", "ferry.pdf", "train.pdf", home=home)
        (folder / "copy.pdf").write_bytes(ferry.read_bytes())
        result = run("ingest", str(folder), "--ocr", "none", "--json", home=home)
        assert result.exit_code == 0
        left_out = [r["paths"] for r in records(result) if r["event"] == "stayed_removed"]
        assert [[Path(path).name for path in paths] for paths in left_out] == [
            ["ferry.pdf", "train.pdf"],
            ["copy.pdf"],
        ]
        assert "3 files that were removed left out (--again" in result.stderr

        named = run("ingest", str(ferry), "--ocr", "none", home=home)
        assert "1 added (1 page)" in named.stderr
        letter(folder / "train.pdf", "The train leaves at eleven.")
        changed = run("ingest", str(folder), "--ocr", "none", home=home)
        assert "1 added (1 page), 1 unchanged, 1 known under another name" in changed.stderr
        run("remove", "ferry.pdf", home=home)
        again = run("ingest", str(folder), "--again", "--ocr", "none", home=home)
        assert "1 added (1 page)" in again.stderr

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["--ocr", "psychic"],
            ["--dpi", "7"],
            ["--workers", "-1"],
            ["--no-such-option"],
        ],
    )
    def test_usage(self, tmp_path: Path, arguments: list[str]) -> None:
        named = [str(SAMPLES / "teapot.jpg")] if arguments else []
        result = run("ingest", *named, *arguments, home=tmp_path / "home")
        assert result.exit_code == 2
        assert result.stdout == ""

    def test_home_that_cannot_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        photo = str(SAMPLES / "teapot.jpg")
        result = run("ingest", photo, "--json", home=tmp_path / "file" / "home")
        assert result.exit_code == 1
        error = json.loads(result.stderr)
        assert set(error) == {"error", "hint"}
        assert "--home" in error["hint"]

    def test_rebuild_changes_no_answer(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        letter(tmp_path / "in" / "ferry.pdf", pages=3)
        letter(tmp_path / "in" / "bread.pdf", "The bakery opens at seven.")
        assert run("ingest", str(tmp_path / "in"), "--ocr", "none", home=home).exit_code == 0
        asked = ["search", "When does the bakery open?", "--json"]
        before = [(hit["page"], hit["score"]) for hit in records(run(*asked, home=home))]
        rebuilt = run("ingest", "--rebuild", "--json", home=home)
        assert rebuilt.exit_code == 0
        assert {(r["event"], r["encoder"]) for r in records(rebuilt)} == {
            *(("indexed", name) for name in default_pages()),
            ("indexed", default_images()),
        }
        after = [(hit["page"], hit["score"]) for hit in records(run(*asked, home=home))]
        assert after == before
        assert run("status", "--verify", home=home).exit_code == 0

    def test_ctrl_c_keeps_what_was_added(self, tmp_path: Path) -> None:
        for name in ("a.pdf", "b.pdf", "c.pdf"):
            letter(tmp_path / name, f"This is {name}.", pages=40)
        command = [*COMMAND, "ingest", str(tmp_path), "--home", str(tmp_path / "home"), "--json"]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["event"] == "looked"
            assert json.loads(process.stdout.readline())["event"] == "loading"
            assert json.loads(process.stdout.readline())["event"] == "opened"
            rest, error = interrupt(process)
        assert process.returncode == 130
        assert all(json.loads(line) for line in rest.splitlines())
        said = json.loads(error.splitlines()[-1])
        assert "kept" in said["error"]
        assert "goes on" in said["hint"]
        assert run("status", "--verify", home=tmp_path / "home").exit_code == 0

    def test_bar_on_a_terminal(self, tmp_path: Path) -> None:
        letter(tmp_path / "ferry.pdf")
        outer, inner = pty.openpty()
        command = [
            *COMMAND,
            "ingest",
            str(tmp_path / "ferry.pdf"),
            "--ocr",
            "none",
            "--encoder",
            "minilm",
        ]
        with subprocess.Popen(
            [*command, "--home", str(tmp_path / "home")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=inner,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        ) as process:
            os.close(inner)
            seen = "".join(read_terminal(outer))
            assert process.stdout is not None
            assert process.stdout.read() == b""
        assert process.returncode == 0
        assert "files" in seen
        assert "1 added (1 page)" in seen


class TestSearch:
    def test_hits(self, sample_home: Home) -> None:
        result = run(
            "search", "Who was in charge of repairing the lens?", "--top", "3", "--json",
            home=sample_home,
        )  # fmt: skip
        hits = records(result)
        assert result.exit_code == 0
        assert [hit["rank"] for hit in hits] == [1, 2, 3]
        assert (hits[0]["name"], hits[0]["number"]) == ("annual-report.pdf", 4)
        assert set(hits[0]) == {
            "rank", "score", "page", "document", "name", "number", "regions", "signals", "caption",
            "note", "page_label", "start", "end", "width", "height", "revision", "kind",
        }  # fmt: skip
        left, top, right, bottom = hits[0]["regions"][0]["box"]
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1

    def test_shown_to_people(self, sample_home: Home) -> None:
        result = run("search", "the glass conservator", "-n", "1", home=sample_home)
        assert "annual-report.pdf, page 4" in result.stdout
        assert "Hanneke Vos" in result.stdout
        assert "\x1b" not in result.stdout

    def test_images_by_text(self, sample_home: Home) -> None:
        hits = records(
            run("search", "a red bicycle by a wall", "--images", "--json", home=sample_home)
        )
        assert hits[0]["name"] == "bicycle-wall.png"

    def test_like_a_picture(self, sample_home: Home) -> None:
        result = run("search", "--like", str(SAMPLES / "sailboat.png"), "--json", home=sample_home)
        assert records(result)[0]["name"] == "sailboat.png"

    def test_like_something_else(self, sample_home: Home, tmp_path: Path) -> None:
        (tmp_path / "x.png").write_bytes(b"no picture")
        broken = run("search", "--like", str(tmp_path / "x.png"), home=sample_home)
        missing = run("search", "--like", str(tmp_path / "y.png"), home=sample_home)
        assert (broken.exit_code, missing.exit_code) == (1, 1)
        assert "y.png cannot be opened" in missing.stderr

    def test_within_documents(self, sample_home: Home) -> None:
        hits = records(
            run(
                "search", "the lens", "--all", "-d", "project-deck.pdf", "-d", "volunteer-form.pdf",
                "--json", home=sample_home,
            )
        )  # fmt: skip
        assert {hit["name"] for hit in hits} == {"project-deck.pdf", "volunteer-form.pdf"}

    def test_no_such_document(self, sample_home: Home) -> None:
        result = run("search", "x", "--document", "none.pdf", "--json", home=sample_home)
        assert (result.exit_code, result.stdout) == (4, "")
        assert "none.pdf" in json.loads(result.stderr)["error"]

    @pytest.mark.parametrize("arguments", [[], [" "], ["x", "--like", "y.png"], ["x", "-n", "0"]])
    def test_usage(self, sample_home: Home, arguments: list[str]) -> None:
        result = run("search", *arguments, home=sample_home)
        assert (result.exit_code, result.stdout) == (2, "")

    def test_no_library(self, tmp_path: Path) -> None:
        result = run("search", "x", home=tmp_path)
        assert result.exit_code == 1
        assert "error: There is no library" in result.stderr
        assert "pageglass ingest" in result.stderr

    def test_bytes_that_are_no_text(self, sample_home: Home) -> None:
        assert run("search", "caf\udce9 lens", "--json", home=sample_home).exit_code == 0


class TestAsk:
    def test_answer_with_its_pages_saved(self, sample_home: Home, tmp_path: Path) -> None:
        result = run(
            "ask", "Who was in charge of repairing the lens?", "--json", "--save-page",
            str(tmp_path / "pages"), home=sample_home,
        )  # fmt: skip
        assert result.exit_code == 0
        (answer,) = records(result)
        assert "Hanneke Vos" in answer["text"]
        assert not answer["declined"]
        assert all(citation["verified"] for citation in answer["citations"])
        cited = {(c["label"], c["name"], c["number"]) for c in answer["citations"]}
        assert (1, "annual-report.pdf", 4) in cited
        assert len(answer["saved"]) == len(cited)
        first = Path(answer["saved"][0])
        assert first.name == "1-annual-report-page-4.png"
        with Image.open(first) as marked:
            assert marked.format == "PNG"

    def test_shown_to_people(self, sample_home: Home) -> None:
        result = run("ask", "Who was in charge of repairing the lens?", home=sample_home)
        assert "\n[1] annual-report.pdf, page 4\n" in result.stdout
        assert result.stdout.count("Hanneke Vos") == 1
        assert "No language model was used" in result.stderr

    def test_declines(self, sample_home: Home) -> None:
        result = run("ask", "What is the boiling point of tungsten?", home=sample_home)
        assert result.exit_code == 4
        assert "below the threshold of" in result.stdout

    def test_no_such_model(self, sample_home: Home) -> None:
        result = run("ask", "x", "--model", "oracle", home=sample_home)
        assert (result.exit_code, result.stdout) == (2, "")

    def test_empty_question(self, sample_home: Home) -> None:
        assert run("ask", "  ", home=sample_home).exit_code == 2

    def test_pages_that_cannot_be_saved(self, sample_home: Home, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        result = run(
            "ask", "Who was in charge of repairing the lens?", "--save-page",
            str(tmp_path / "file"), home=sample_home,
        )  # fmt: skip
        assert result.exit_code == 1
        assert "--save-page" in result.stderr


class TestLibrary:
    def test_list(self, sample_home: Home) -> None:
        shown = run("list", home=sample_home).stdout.splitlines()
        listed = records(run("list", "--json", home=sample_home))
        assert len(shown) == len(listed) + 1 == 13
        assert [r["name"] for r in listed] == sorted(path.name for path in SAMPLES.iterdir())

    def test_list_of_nothing(self, tmp_path: Path) -> None:
        result = run("list", "--json", home=tmp_path)
        assert (result.exit_code, result.stdout) == (0, "")
        assert f"no documents in {tmp_path} yet" in run("list", home=tmp_path).stderr

    def test_remove_by_name(self, own_home: Home) -> None:
        result = run("remove", "sailboat.png", "teapot.jpg", "--json", home=own_home)
        assert result.exit_code == 0
        assert [r["name"] for r in records(result)] == ["sailboat.png", "teapot.jpg"]
        left = {r["name"] for r in records(run("list", "--json", home=own_home))}
        assert len(left) == 10
        assert not left & {"sailboat.png", "teapot.jpg"}
        assert run("status", "--verify", home=own_home).exit_code == 0

    def test_remove_is_all_or_nothing(self, own_home: Home) -> None:
        result = run("remove", "sailboat.png", "nothing.png", home=own_home)
        assert result.exit_code == 4
        assert len(records(run("list", "--json", home=own_home))) == 12

    def test_status_tells_of_damage(self, own_home: Home) -> None:
        next(own_home.pages.rglob("*.webp")).unlink()
        result = run("status", "--verify", home=own_home)
        assert result.exit_code == 1
        assert "error: " in result.stderr

    def test_status_of_nothing(self, tmp_path: Path) -> None:
        result = run("status", "--verify", "--json", home=tmp_path)
        assert result.exit_code == 0
        assert records(result)[0]["documents"] == 0
        assert not (tmp_path / "library.sqlite3").exists()

    def test_broken_database(self, tmp_path: Path) -> None:
        (tmp_path / "library.sqlite3").write_bytes(b"this is no database" * 100)
        result = run("list", home=tmp_path)
        assert result.exit_code == 1
        assert "error: The library cannot be used" in result.stderr


class TestProgram:
    def test_version(self) -> None:
        result = run("--version")
        assert result.exit_code == 0
        assert result.stdout.startswith("pageglass 0.")

    def test_home_before_or_after_the_command(
        self, sample_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PAGEGLASS_HOME", str(tmp_path))
        root = str(sample_home.root)
        for arguments in (["--home", root, "list"], ["list", "--home", root]):
            assert "teapot.jpg" in run(*arguments).stdout
        assert "teapot.jpg" not in run("list").stdout

    def test_bad_setting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PAGEGLASS_WORKERS", "s3cret")
        result = run("list")
        assert result.exit_code == 2
        assert "PAGEGLASS_WORKERS" in result.stderr
        assert "s3cret" not in result.output

    def test_unknown_command(self) -> None:
        assert run("frobnicate").exit_code == 2

    def test_reader_that_stops_early(self, sample_home: Home) -> None:
        script = (
            f"{sys.executable} -m api.cli.main list --json --home {sample_home.root} | head -n 1"
        )
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", script],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)

    def test_narrow_encoding(self, sample_home: Home) -> None:
        done = subprocess.run(
            [*COMMAND, "search", "야간 개방", "--home", str(sample_home.root)],
            cwd=ROOT, capture_output=True, check=False,
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
        )  # fmt: skip
        assert done.returncode == 0
        assert b"korean-notice.pdf" in done.stdout

    def test_a_variable_that_names_no_setting(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PAGEGLASS_ENCODR", "conse")
        monkeypatch.setenv("PAGEGLASS_XYZZY", "1")
        result = run("list", "--json", home=tmp_path)
        assert (result.exit_code, result.stdout) == (0, "")
        assert "PAGEGLASS_ENCODR is no setting: PAGEGLASS_ENCODER may be meant." in result.stderr
        assert "PAGEGLASS_XYZZY is no setting.\n" in result.stderr

    @pytest.mark.parametrize(
        "command", ["list", "status", "search x", "ask x", "tags", "duplicates", "remove x"]
    )
    def test_reading_creates_no_folder(self, tmp_path: Path, command: str) -> None:
        run(*command.split(), home=tmp_path / "typo")
        assert not (tmp_path / "typo").exists()

    def test_serve_needs_a_token_beyond_this_machine(self, tmp_path: Path) -> None:
        result = run("serve", "--host", "0.0.0.0", home=tmp_path)
        assert result.exit_code == 2
        assert "PAGEGLASS_TOKEN" in result.stderr


def test_plain() -> None:
    assert plain("tab\tline\nbell\x07 caf\udce9 \ud800 등대 é") == (
        "tab line bell\\x07 caf\\xe9 \\ud800 등대 é"
    )


def test_shorten() -> None:
    assert shorten("one  two\nthree", 9) == "one two…"
    assert shorten("short", 9) == "short"


def test_readable_question() -> None:
    assert readable_question("caf\udcc3\udca9 \udcff") == "café \ufffd"


def test_ingest_names_what_it_leaves_out_and_what_is_gone(tmp_path: Path) -> None:
    folder, home = tmp_path / "in", tmp_path / "home"
    letter(folder / "a.pdf")
    gone = letter(folder / "b.pdf", "The crane is red.")
    (folder / "notes.xyz").write_text("x")
    said = run("ingest", str(folder), home=home)
    assert said.exit_code == 0
    assert "1 file of kinds that are not read left out: .xyz 1 (notes.xyz)." in said.stderr
    gone.unlink()
    for number in range(8):
        (folder / f"{number}.DWG").touch()
    (folder / "README").touch()
    said = run("ingest", str(folder), home=home)
    assert (
        "10 files of kinds that are not read left out: .dwg 8, no suffix 1, .xyz 1." in said.stderr
    )
    events = records(run("ingest", str(folder), "--json", home=home))
    [left_out] = [event for event in events if event["event"] == "left_out"]
    assert left_out["suffixes"] == {".dwg": 8, ".xyz": 1, "": 1}
    assert [event["path"] for event in events if event["event"] == "gone"] == [str(gone)]
    assert events[-1]["left_out"] == 10
