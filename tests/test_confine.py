"""Confined programs: they read their folder and what is installed, and nothing else."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.files.formats.confine import confined

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or ctypes.CDLL(None).syscall(444, None, 0, 1) < 4,
    reason="needs Landlock with its network rules",
)


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        confined(command, str(folder)), capture_output=True, text=True, check=False, cwd=folder
    )


def test_a_program_reads_and_writes_its_folder_alone(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (work / "own.txt").write_text("own")
    done = run(work, "/bin/sh", "-c", "cat own.txt > copy.txt; cat copy.txt ../secret.txt; exit 7")
    assert (done.returncode, done.stdout) == (7, "own")
    assert "Permission denied" in done.stderr
    run(work, "/bin/sh", "-c", "echo changed > ../secret.txt")
    assert (tmp_path / "secret.txt").read_text() == "secret"


def test_a_program_reaches_no_network(tmp_path: Path) -> None:
    code = "import socket; socket.create_connection(('127.0.0.1', 9))"
    done = run(tmp_path, os.path.realpath(sys.executable), "-I", "-S", "-c", code)
    assert "PermissionError" in done.stderr
