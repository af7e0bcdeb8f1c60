"""The examples in docstrings give what they show."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("ingest", "retrieval", "generation", "api", "pageglass")
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for layer in LAYERS
    for path in (ROOT / layer).rglob("*.py")
    if "\n    >>> " in path.read_text(encoding="utf-8")
)


def test_examples_are_found() -> None:
    assert {"retrieval.fuse", "retrieval.scoring.maxsim", "retrieval.query.compose"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    found = doctest.testmod(import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
