"""The README, the Makefile and the docs say what is so."""

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("#")[0].strip()
    for line in README.splitlines()
    if line.startswith("pageglass ") and "`" not in line
]


def first_sentence(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.split("\n")[0].rstrip(".")


def test_the_tree_has_every_file_with_its_own_first_line():
    tree = README.split("```\n")[-2].splitlines()
    expected = []
    for folder in dict.fromkeys(line.split()[0] for line in tree if not line.startswith(" ")):
        expected.append(f"{folder:26}{first_sentence(ROOT / folder / '__init__.py')}")
        for path in sorted((ROOT / folder).glob("*.py")):
            if path.name != "__init__.py":
                expected.append(f"{'  ' + path.name:26}{first_sentence(path)}")
    assert tree == expected


def test_no_package_is_missing_from_the_tree():
    packages = {
        str(path.parent.relative_to(ROOT)) + "/"
        for folder in ("ingest", "retrieval", "generation", "api")
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert len(packages) == 8
    assert all(f"\n{package} " in README for package in packages)


@pytest.fixture(scope="module")
def home_of_readme(sample_home, tmp_path_factory):
    import shutil

    return shutil.copytree(sample_home.root, tmp_path_factory.mktemp("readme") / "home")


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


def test_make_runs_what_the_readme_says():
    listed = subprocess.run(
        ["make", "--dry-run", "--always-make", "demo", "test"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "--require-hashes" in listed
    assert "pageglass ingest data/samples" in listed
    assert listed.count("pageglass ask") == 2
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
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_importing_the_street_needs_no_torch():
    code = "import api.http.app, api.cli.main, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
