"""Version of the program."""

from __future__ import annotations

from pathlib import Path


def find_version() -> str:
    """Installed version, or that of pyproject.toml where the source is run."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pageglass")
    except PackageNotFoundError:
        import tomllib

        source = Path(__file__).parents[1] / "pyproject.toml"
        return str(tomllib.loads(source.read_text(encoding="utf-8"))["project"]["version"])
