"""What docs/cli.md says that commands print, and their exit codes: run in turn."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app

ROOT = Path(__file__).parents[1]
SECTION = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8").partition("## What commands say")
ROWS = re.findall(
    r"^\| `pageglass (.+?)` \| (?:`(.+?)`)?(.*?) \| (\d+) \|$",
    SECTION[2].partition("\n## ")[0],
    re.MULTILINE,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = tmp_path / "files"
    files.mkdir()
    for name in ("annual-report.pdf", "sailboat.png"):
        shutil.copy(ROOT / "data" / "samples" / name, files)
    for name in ("a.abc", "b.abc", "c.xyz"):
        (files / name).write_text("words")
    (files / "broken.pdf").write_text("not a PDF")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, **more: str) -> Result:
    return CliRunner().invoke(
        app, arguments, env={"PAGEGLASS_HOME": "home", "PAGEGLASS_OCR": "none", **more}
    )


def test_commands_say_what_is_documented(folder: Path) -> None:
    assert len(ROWS) == 15
    for command, printed, rest, code in ROWS:
        done = run(*shlex.split(command))
        said = done.stderr + done.stdout
        assert done.exit_code == int(code), f"{command}: {said}"
        assert printed in said, f"{command}: {said}"
        if rest.startswith("nothing"):
            assert said == ""
    assert not (folder / "typo").exists()


def test_a_setting_that_is_mistyped_is_told_and_the_command_goes_on(folder: Path) -> None:
    done = run("list", PAGEGLASS_EVIDENCE_PAGE="3")
    assert "PAGEGLASS_EVIDENCE_PAGES may be meant" in done.stderr
    assert done.exit_code == 0
