"""Scratch folder of a process that converts files."""

from __future__ import annotations

import tempfile
from pathlib import Path


def scratch_folder(pid: int) -> Path:
    """Folder of a process for files that it makes; who ends the process deletes it."""
    return Path(tempfile.gettempdir()) / f"pageglass-office-{pid}"
