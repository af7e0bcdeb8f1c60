"""Which version this is."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def find_version() -> str:
    """The installed version; where pageglass runs from its source, what pyproject.toml says."""
    try:
        return version("pageglass")
    except PackageNotFoundError:
        source = Path(__file__).parents[1] / "pyproject.toml"
        return str(tomllib.loads(source.read_text(encoding="utf-8"))["project"]["version"])
