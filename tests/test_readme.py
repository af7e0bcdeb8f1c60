"""The README, the Makefile and the links of the documentation."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from make_library import copy_home
from typer.testing import CliRunner

from api.cli.main import app
from ingest.library.home import Home

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("pageglass ")
]


def test_it_is_short():
    assert len(README.splitlines()) <= 120


@pytest.fixture(scope="module")
def home_of_readme(sample_home, tmp_path_factory):
    return copy_home(sample_home, tmp_path_factory.mktemp("readme") / "home").root


def test_the_readme_shows_every_command():
    assert {command.split()[1] for command in COMMANDS} == {
        "ingest", "ask", "search", "list", "status", "remove", "doctor",
    }  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_readme_works(command, home_of_readme, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.setenv("PAGEGLASS_HOME", str(home_of_readme))
    done = CliRunner().invoke(app, shlex.split(command)[1:])
    assert done.exit_code == 0, done.output


def test_the_python_example_runs(home_of_readme, tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "data").symlink_to(ROOT / "data")
    copy_home(Home(home_of_readme), tmp_path / "papers-home")
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "142" in done.stdout


@pytest.mark.parametrize("document", ["README.md", "docs", "CONTRIBUTING.md"])
def test_extras_that_are_named_exist(document):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    path = ROOT / document
    texts = [
        each.read_text(encoding="utf-8")
        for each in (path.glob("*.md") if path.is_dir() else [path])
    ]
    named = {
        extra
        for text in texts
        for group in re.findall(r"(?:pageglass|\.)\[([a-z,]+)\]", text)
        for extra in group.split(",")
    }
    if document == "README.md":
        table = README.partition("| extra | adds |")[2].partition("\n\n")[0]
        rows = table.strip().splitlines()[1:]
        named |= {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
        assert named == set(project["optional-dependencies"])
    assert named <= set(project["optional-dependencies"])


def test_make_runs_what_the_readme_says():
    listed = subprocess.run(
        ["make", "--dry-run", "--always-make", "demo", "test"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "--require-hashes" in listed
    assert "pageglass ingest data/samples data/formats data/videos" in listed
    assert listed.count("pageglass ask") == 3
    assert "--images" in listed
    assert ".venv/bin/pytest" in listed
    assert ".venv/bin/deptry" in listed
    assert ".venv-core/bin/pageglass ask" in listed


@pytest.mark.parametrize(("name", "least"), [("core", 90), ("dev", 200)])
def test_the_locks_name_no_host_and_hash_everything(name, least):
    lock = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in lock
    pinned = re.findall(r"^[a-z0-9][\w.\-]*\s*={2,3}", lock, re.MULTILINE | re.IGNORECASE)
    assert len(pinned) > least
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=\w)", lock.strip()))


def test_the_core_is_locked_to_the_versions_of_the_whole_and_has_no_torch():
    core, dev = (
        set(re.findall(r"^([\w.\-]+)={2,3}([^\s;]+)", text, re.MULTILINE))
        for text in (
            (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
            for name in ("core", "dev")
        )
    )
    assert core <= dev
    assert not {name for name, _ in core} & {"torch", "transformers", "openai", "mcp", "scipy"}


def test_links_lead_somewhere():
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_importing_the_program_needs_no_torch():
    code = "import api.http.app, api.cli.main, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
