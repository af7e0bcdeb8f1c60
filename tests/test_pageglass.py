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


@pytest.mark.slow
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
