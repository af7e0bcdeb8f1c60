"""The notebook docs/quickstart.ipynb runs from its first cell to its last, and is kept without outputs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "docs" / "quickstart.ipynb"
# The clients of Jupyter's own protocol, on this machine's sockets.
pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*IOLoop.*"),
]


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kernel of this interpreter, whatever kernels are installed."""
    spec = tmp_path / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        f'{{"argv": {str(command).replace(chr(39), chr(34))}, "display_name": "t", "language": "python"}}'
    )
    for name in ("JUPYTER_PATH", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("PAGEGLASS_WORKERS", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return "python3"


def shown(cell: Any) -> str:
    """What a cell shows as HTML, else as text."""
    parts = [output["data"] for output in cell["outputs"] if "data" in output]
    return "".join(data.get("text/html", data.get("text/plain", "")) for data in parts)


@pytest.mark.slow
def test_the_notebook_runs(kernel: str) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook, timeout=240, kernel_name=kernel,
        resources={"metadata": {"path": str(NOTEBOOK.parent)}},
    )  # fmt: skip
    client.execute()
    check(notebook)


def check(notebook: Any) -> None:
    cells = {
        cell["source"].split("\n")[-1].split("(")[0]: shown(cell)
        for cell in notebook.cells
        if cell["cell_type"] == "code"
    }
    assert "12 added" in cells["lib.ingest"]
    assert cells["hits"].count("<img") == 3
    assert "bicycle-wall.png" in cells["lib.search"]
    assert "142 steps" in cells["answer"]
    assert "<img" in cells["answer"]
    assert "Heat maps" in cells["lib.explain"]
    assert "Priya Lanwarne" in cells["lib.extract"]


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in notebook.cells if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    assert os.path.getsize(NOTEBOOK) < 10_000
