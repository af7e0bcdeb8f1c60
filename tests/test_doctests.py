"""The examples in docstrings give what they show."""

from __future__ import annotations

import ast
import doctest
import importlib

import pytest
from test_layout import MODULES

FEWEST = 10


def modules_with_doctests() -> dict[str, int]:
    """Modules of the product whose docstrings have examples, and how many docstrings those are."""
    found = {}
    for name, path in MODULES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        docs = (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, nodes))
        if count := sum(">>>" in (text or "") for text in docs):
            found[name] = count
    return found


FOUND = modules_with_doctests()


@pytest.mark.parametrize("name", sorted(FOUND))
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert (result.failed, result.attempted > 0) == (0, True)


def test_there_are_enough() -> None:
    assert sum(FOUND.values()) >= FEWEST
