"""The package `pageglass`: light, complete, typed, and sure of the packages beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import pageglass
from ingest import error

ROOT = Path(__file__).parents[1]
PACKAGES = ("ingest", "retrieval", "generation", "api", "pageglass")
HEAVY = {
    "PIL", "chromadb", "fastapi", "numpy", "onnxruntime", "pydantic", "pymupdf", "rich", "torch",
    "transformers", "typer",
}  # fmt: skip


def run_python(code: str, *path: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*path, ROOT)))}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def test_importing_it_loads_nothing_heavy() -> None:
    done = run_python("import pageglass, sys; print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & HEAVY


def test_every_exported_name_is_there() -> None:
    assert pageglass.__all__ == sorted(pageglass.__all__)
    assert set(pageglass.__all__) == {*pageglass._MODULE_OF, "open"}
    for name in pageglass.__all__:
        assert getattr(pageglass, name) is not None
    assert {*pageglass.__all__, "__version__"} == set(dir(pageglass))
    assert pageglass.__version__
    with pytest.raises(AttributeError):
        _ = pageglass.nothing


def test_every_family_of_errors_is_exported() -> None:
    families = {
        name
        for name, value in vars(error).items()
        if isinstance(value, type) and issubclass(value, error.PageglassError)
    }
    assert families <= set(pageglass.__all__)
    assert issubclass(pageglass.ModelError, pageglass.PageglassError)


@pytest.mark.parametrize("name", PACKAGES)
def test_each_package_is_typed(name: str) -> None:
    assert (ROOT / name / "py.typed").exists()


def test_a_foreign_package_in_front_is_refused(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "__init__.py").write_text("")
    done = run_python("import pageglass", tmp_path)
    assert done.returncode == 1
    assert "ImportError" in done.stderr
    assert str(tmp_path / "api") in done.stderr
    assert "'api'" in done.stderr


def test_a_package_that_was_overwritten_is_refused(tmp_path: Path) -> None:
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    assert run_python("import pageglass", tmp_path).returncode == 0
    (tmp_path / "retrieval" / "__init__.py").write_text('"""Another distribution\'s."""\n')
    done = run_python("import pageglass", tmp_path)
    assert done.returncode == 1
    assert str(tmp_path / "retrieval") in done.stderr


CONSUMER = """
import pageglass
from pageglass import CitedAnswer, Client, SearchHit

with pageglass.open("home", dpi=100) as lib:
    report = lib.ingest("papers/", progress=True, ocr="none")
    hits = lib.search("noise", top=5)
    answer = lib.ask("Why?", history=[])
    pieces = lib.ask("Why?", stream=True)
    record = lib.extract(hits[0], "form")
    reveal_type(lib)
    reveal_type(report.added[0].name)
    reveal_type(hits[0].image(highlight=True).size)
    reveal_type(hits[:2])
    reveal_type(answer.citations[0].boxes)
    reveal_type(next(pieces))
    reveal_type(record.pages)
    reveal_type(lib.list())
    reveal_type(lib.tags())
    reveal_type(lib.explain("noise", hits[0]).tokens)


def best(found: pageglass.SearchResults) -> SearchHit:
    return found[0]


def wrong(lib: Client) -> CitedAnswer:
    lib.ingest("papers/", colour="red")
    return lib.search("noise")
"""


def test_a_consumer_sees_full_types(tmp_path: Path) -> None:
    script = tmp_path / "consumer.py"
    script.write_text(CONSUMER)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull,
         "--follow-imports=silent", "--cache-dir", str(tmp_path / "cache"), str(script)],
        env={**os.environ, "MYPYPATH": "", "PYTHONPATH": str(ROOT)},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    revealed = [
        line.split("Revealed type is ")[1].strip('"')
        for line in done.stdout.splitlines()
        if "Revealed" in line
    ]
    assert len(revealed) == 10, done.stdout + done.stderr
    assert "Any" not in " ".join(revealed)
    assert revealed[0] == "api.python.client.Client"
    assert "PageCitation" in revealed[5]
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert len(errors) == 2, done.stdout
    assert "colour" in errors[0]
    assert "SearchResults" in errors[1]


def test_a_script_without_a_main_guard_uses_the_door(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import pageglass\n"
        "lib = pageglass.open('home', ocr='none', dpi=50, workers=2)\n"
        f"report = lib.ingest([{str(ROOT / 'data/samples/volunteer-form.pdf')!r},"
        f" {str(ROOT / 'data/samples/korean-notice.pdf')!r}])\n"
        "print('added', len(report.added), lib.search('volunteer')[0].page)\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.stdout == "added 2 volunteer-form.pdf, page 1\n", done.stderr


def test_modules_of_exports_are_importable() -> None:
    for module in pageglass._EXPORTS:
        import_module(module)
