"""Shared fixtures: no environment, no network, and the sample corpus ingested once."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from make_library import copy_home
from s3_server import s3_server

from benchmarks.chroma_server import running
from ingest.add import AddSettings, add
from ingest.event import Added, Done
from ingest.files.render import RenderSettings
from ingest.index.server import Server
from ingest.library.home import Home

# Before torch is imported, here and in programs that tests start. Tiny models are no faster on more
# threads, and far slower where other tests want the cores too.
os.environ["OMP_NUM_THREADS"] = "1"
# Programs that tests press Ctrl-C on must not inherit from whoever started the tests that it is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

OUTSIDE = ("PAGEGLASS_", "XDG_", "ANTHROPIC_", "OPENAI_", "GEMINI_", "GOOGLE_")
S3_SERVER = os.environ.get("TEST_S3_SERVER", "")
"""Address of an S3 server that tests use in place of moto, by the credentials in the environment."""
SAMPLES = Path(__file__).parents[1] / "data" / "samples"
SAMPLE_HOME = pytest.StashKey[Home]()


@pytest.fixture(scope="session", autouse=True)
def closed_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No settings from outside, no home but a new one, no way out of this machine."""
    connect = socket.socket.connect

    def connect_here(sock: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "localhost"
        if host not in {"127.0.0.1", "::1", "localhost"}:
            raise OSError(f"a test tried to reach {host}")
        connect(sock, address)

    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(OUTSIDE) or name.lower().endswith("_proxy"):
                patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("user")))
        patch.setattr(socket.socket, "connect", connect_here)
        yield


@pytest.fixture(scope="session", autouse=True)
def encoders_in_use() -> Iterator[None]:
    """Embedded encoders that a test loads stay loaded for the next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingest.encoders.load._used", {})
        yield


@pytest.fixture(scope="module", autouse=True)
def samples_stay(request: pytest.FixtureRequest) -> Iterator[None]:
    """A module that changes `sample_home` fails, not one that comes later."""
    yield
    if home := request.session.stash.get(SAMPLE_HOME, None):
        with closing(sqlite3.connect(f"file:{home.database}?mode=ro", uri=True)) as database:
            (documents,) = database.execute("SELECT count(*) FROM documents").fetchone()
        assert documents == len(list(SAMPLES.iterdir()))


@pytest.fixture(scope="session")
def sample_home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The sample corpus, ingested. For reading only; `own_home` may be changed."""
    home = Home(tmp_path_factory.mktemp("samples"))
    request.session.stash[SAMPLE_HOME] = home
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _ingest_samples(home)
        return home
    # One process ingests, the others copy: a home that several used gave disk errors.
    shared = tmp_path_factory.getbasetemp().parent / "samples"
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            _ingest_samples(home)
            copy_home(home, Path(f"{shared}.part")).root.rename(shared)
            return home
    shutil.copytree(shared, home.root, dirs_exist_ok=True)
    return home


def _ingest_samples(home: Home) -> None:
    events = list(add(home, [SAMPLES]))
    assert isinstance(events[-1], Done)
    assert sum(isinstance(event, Added) for event in events) == len(list(SAMPLES.iterdir()))


@pytest.fixture(scope="session")
def four_documents(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Four of the samples under MiniLM alone. For reading only."""
    home = Home(tmp_path_factory.mktemp("four"))
    names = ("annual-report.pdf", "korean-notice.pdf", "project-deck.pdf", "volunteer-form.pdf")
    settings = AddSettings(RenderSettings(ocr="none", dpi=40), encoders=("minilm",))
    events = list(add(home, [SAMPLES / name for name in names], settings))
    assert sum(isinstance(event, Added) for event in events) == len(names)
    return home


@pytest.fixture
def plain_home(four_documents: Home, tmp_path: Path) -> Home:
    """A copy of `four_documents`, to be changed at will: soon opened by a server or a program."""
    return copy_home(four_documents, tmp_path / "home")


@pytest.fixture
def own_home(sample_home: Home, tmp_path: Path) -> Home:
    """A copy of `sample_home`, to be changed at will."""
    return copy_home(sample_home, tmp_path / "home")


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """An S3 API with an empty bucket: moto's, or that of a server (`TEST_S3_SERVER`)."""
    with s3_server(S3_SERVER) as bucket:
        yield bucket


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Chroma server of its own, as `chroma run` starts it."""
    with running(tmp_path_factory.mktemp("chroma")) as (_, url):
        yield Server(url)


@pytest.fixture(params=["embedded", "server"])
def chroma(request: pytest.FixtureRequest) -> Server | None:
    """Each test that asks for it runs with the embedded Chroma, and with a server."""
    if request.param == "embedded":
        return None
    server: Server = request.getfixturevalue("chroma_server")
    return server


@pytest.fixture
def each_home(own_home: Home, chroma: Server | None) -> Home:
    """A copy of `sample_home` whose records are in the Chroma of `chroma`."""
    home = Home(own_home.root, chroma)
    list(add(home, []))
    return home
