"""Crash recovery: a few of the kills of benchmarks/kill.py."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from benchmarks.kill import ROOT, fingerprint, ingest_and_kill
from ingest.add import add
from ingest.library.home import Home
from ingest.verify import verify

FILES = [
    str(ROOT / "data" / "samples" / name)
    for name in ("korean-notice.pdf", "project-deck.pdf", "teapot.jpg", "volunteer-form.pdf")
]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("whole")
    list(add(Home(home), FILES))
    return fingerprint(home)


@pytest.mark.parametrize("number", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_killed_ingest_is_made_whole_by_the_next(
    expected: dict[str, Any], tmp_path: Path, number: int
) -> None:
    home = tmp_path / "home"
    ingest_and_kill(home, FILES, random.Random(number).uniform(2, 6))
    list(add(Home(home), FILES))
    assert verify(Home(home)) == []
    assert fingerprint(home) == expected
