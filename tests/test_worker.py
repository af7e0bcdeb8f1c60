"""Worker processes never run the caller's script."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from make_pdf import make_pdf

ROOT = Path(__file__).parents[1]

# Without `if __name__ == "__main__"`, on purpose.
SCRIPT = """
import sys
from ingest.add import AddSettings, add
from ingest.event import Done
from ingest.files.render import RenderSettings
from ingest.library.home import Home

settings = AddSettings(RenderSettings(dpi=36, ocr="none"), encoders=("minilm",), workers=2)
done = [event for event in add(Home("home"), ["files"], settings) if isinstance(event, Done)]
print("counted", done[0].added, done[0].pages, flush=True)
"""


@pytest.mark.parametrize(
    "way",
    ["file", "stdin", *(pytest.param(way, marks=pytest.mark.slow) for way in ("code", "module"))],
)
def test_a_script_without_a_main_guard_ingests(tmp_path: Path, way: str) -> None:
    (tmp_path / "files").mkdir()
    for name in ("a.pdf", "b.pdf"):
        make_pdf(tmp_path / "files" / name, f"The file {name} has one page.")
    (tmp_path / "script.py").write_text(SCRIPT)
    command = {
        "file": ["script.py"],
        "code": ["-c", SCRIPT],
        "stdin": ["-"],
        "module": ["-m", "script"],
    }[way]
    path = os.pathsep.join([str(ROOT), str(tmp_path)])
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(SCRIPT if way == "stdin" else "", timeout=120)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        pytest.fail("the script hangs")
    assert process.returncode == 0, said
    assert [line for line in said.splitlines() if "counted" in line] == ["counted 2 2"]
