"""Crash recovery: a few of the kills of benchmarks/kill.py."""

import random

import pytest

from benchmarks.kill import ROOT, fingerprint, ingest, kill_and_recover
from ingest.library.home import Home
from ingest.verify import verify

FILES = [
    str(ROOT / "data" / "samples" / name)
    for name in ("korean-notice.pdf", "project-deck.pdf", "teapot.jpg", "volunteer-form.pdf")
]


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    home = tmp_path_factory.mktemp("whole")
    assert ingest(home, FILES).wait() == 0
    return fingerprint(home)


@pytest.mark.parametrize("number", range(3))
def test_a_killed_ingest_is_made_whole_by_the_next(expected, tmp_path, number):
    moment = random.Random(number).uniform(2, 6)
    kill_and_recover(tmp_path / "home", FILES, moment)
    assert verify(Home(tmp_path / "home")) == []
    assert fingerprint(tmp_path / "home") == expected
