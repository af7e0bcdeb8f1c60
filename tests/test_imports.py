"""Lazy imports: what a fresh interpreter must not load."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.library.home import Home

ROOT = Path(__file__).parents[1]
HEAVY = {"chromadb", "torch", "onnxruntime", "transformers", "fastapi", "numpy", "pymupdf", "PIL"}


def loaded_by(code: str, **environment: str) -> set[str]:
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment or None,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["ask", "--help"], ["finetune", "--help"], ["--version"]]
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = f"sys.argv[1:] = {arguments!r}; from api.cli.main import main; main()"
    assert not loaded_by(code) & HEAVY


def test_app_loads_no_model_library() -> None:
    loaded = loaded_by("import api.http.app")
    assert "fastapi" in loaded
    assert not loaded & {"chromadb", "torch", "transformers", "onnxruntime", "timm"}


def test_search_loads_no_torch(sample_home: Home) -> None:
    home = str(sample_home.root)
    code = f"sys.argv[1:] = ['search', 'lens', '--home', {home!r}]; from api.cli.main import main; main()"
    loaded = loaded_by(code)
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "transformers", "timm", "fastapi"}


def test_reading_a_pdf_loads_no_layout_models() -> None:
    assert not loaded_by("import ingest.files.pdf") & {"pymupdf4llm", "onnxruntime"}


def test_onnxruntime_reports_nothing(tmp_path: Path) -> None:
    outside = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    loaded = loaded_by(
        "from ingest.encoders.embedded.minilm import load_minilm;"
        " load_minilm(1).encode_queries(['lens'])",
        **{**outside, "XDG_CACHE_HOME": str(tmp_path)},
    )
    assert "onnxruntime" in loaded
    assert not list(tmp_path.glob("**/.onnxruntime"))
