"""The built wheel, installed outside the checkout over the core's packages alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from make_pdf import make_pdf

ROOT = Path(__file__).parents[1]
CORE = ROOT / ".venv-core"
PACKAGES = ("ingest", "retrieval", "generation", "api", "pageglass")
PDF = ROOT / "data" / "samples" / "volunteer-form.pdf"

needs_core = pytest.mark.skipif(
    not (CORE / "ready").is_file(), reason="no environment of the core: make .venv-core/ready"
)


def run(*command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing of this process's environment but the paths."""
    given = [str(part) for part in command]
    done = subprocess.run(
        given, capture_output=True, text=True, check=False, timeout=240,
        cwd=more.pop("cwd", None), env={"PATH": os.environ["PATH"], **more},
    )  # fmt: skip
    assert done.returncode == 0, f"{given}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(
        *(sys.executable, "-m", "pip", "wheel", ROOT, "--wheel-dir", folder, "-qq"),
        *("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"),
    )
    (built,) = folder.glob("pageglass-*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with the wheel, which sees the packages of `.venv-core`."""
    folder = tmp_path_factory.mktemp("outside") / "env"
    run(CORE / "bin" / "python", "-m", "venv", "--without-pip", folder)
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    core, own = (run(env / "bin" / "python", "-c", where).stdout.strip() for env in (CORE, folder))
    # Its .pth files are not read from here, so the checkout that it has as editable is not seen.
    Path(own, "core.pth").write_text(f"{core}\n", encoding="utf-8")
    run(
        *(CORE / "bin" / "python", "-m", "pip", "--python", folder / "bin" / "python"),
        *("install", "-qq", "--no-deps", "--no-index", "--ignore-installed", wheel),
    )
    return folder


def test_the_wheel_holds_the_packages_their_data_and_the_notices(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} >= {*PACKAGES}
    assert not tops & {"tests", "data", "docs", "benchmarks"}
    files = {name.rpartition("/")[2] for name in names}
    assert {"vocab.txt", "labels.npy", "LICENSE", "NOTICE"} <= files
    assert all(f"{package}/py.typed" in names for package in PACKAGES)
    sources = {str(p.relative_to(ROOT)) for top in PACKAGES for p in (ROOT / top).rglob("*.py")}
    assert sources <= set(names)


@needs_core
def test_it_ingests_a_pdf_and_answers_outside_the_checkout(
    environment: Path, tmp_path: Path
) -> None:
    make_pdf(tmp_path / "tower.pdf", "The tower was built in 1874. It has 212 steps to the lamp.")
    program = environment / "bin" / "pageglass"
    user = {"cwd": str(tmp_path), "HOME": str(tmp_path)}
    run(program, "ingest", "tower.pdf", "--home", "home", **user)
    answer = run(program, "ask", "How many steps has the tower?", "--home", "home", **user)
    assert "212 steps" in answer.stdout
    assert "tower.pdf, page 1" in answer.stdout


@needs_core
def test_it_is_the_wheel_with_the_core_alone(environment: Path, tmp_path: Path) -> None:
    script = (
        "import importlib.util as util, api, ingest, retrieval, generation, pageglass\n"
        "print(api.__file__, ingest.__file__, retrieval.__file__, generation.__file__, pageglass.__file__)\n"
        "print([name for name in ('torch', 'transformers', 'openai', 'mcp', 's3fs')"
        " if util.find_spec(name)])"
    )
    lines = run(environment / "bin" / "python", "-c", script, cwd=str(tmp_path)).stdout.splitlines()
    assert all(path.startswith(str(environment)) for path in lines[0].split())
    assert lines[1] == "[]"


@needs_core
def test_all_that_it_requires_is_there(environment: Path) -> None:
    run(
        *(CORE / "bin" / "python", "-m", "pip", "--python", environment / "bin" / "python"),
        *("check", "--disable-pip-version-check"),
    )


@needs_core
def test_an_extra_is_asked_for_by_its_command(environment: Path, tmp_path: Path) -> None:
    program = environment / "bin" / "pageglass"
    done = subprocess.run(
        [program, "ingest", str(PDF), "--encoder", "clip:o/m", "--home", str(tmp_path / "home")],
        capture_output=True, text=True, check=False, timeout=120,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "pip install 'pageglass[models]'" in re.sub(r"\s+", " ", done.stderr)
    assert "Traceback" not in done.stderr
