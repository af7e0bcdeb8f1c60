"""A full disk, told from other errors of the system, of SQLite and of Chroma."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest
from chromadb.errors import InternalError

from ingest.disk.full_disk import LITTLE_SPACE, DiskFull, disk_full, has_little_space, is_disk_full


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (OSError(errno.EACCES, "no space left for you"), False),
        (sqlite3.OperationalError("database or disk is full"), True),
        (sqlite3.OperationalError("database is locked"), False),
        (InternalError("Error: (code: 13) database or disk is full"), True),
        (InternalError("Error: No space left on device (os error 28)"), True),
        (InternalError("Error: not found"), False),
        (ValueError("disk is full"), False),
    ],
)
def test_a_full_disk_is_told_from_other_errors(error: Exception, full: bool) -> None:
    assert is_disk_full(error) == full


def test_the_error_names_the_folder_and_what_to_do(tmp_path: Path) -> None:
    error = disk_full(tmp_path)
    assert isinstance(error, DiskFull)
    assert str(tmp_path) in error.message
    assert "Make room" in error.hint


@pytest.mark.parametrize(("free", "little"), [(LITTLE_SPACE - 1, True), (LITTLE_SPACE, False)])
def test_little_space_is_less_than_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, little: bool
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    assert has_little_space(tmp_path) == little
