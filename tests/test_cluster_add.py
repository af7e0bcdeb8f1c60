"""Ingest on a Ray cluster of two nodes: the same library, whatever is killed on the way."""

from __future__ import annotations

import _socket
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pymupdf
import pytest

from benchmarks.same_library import assert_same
from ingest.add import AddSettings, add
from ingest.cluster.cluster_add import add_on_cluster
from ingest.cluster.cluster_reader import ClusterReader, hash_settings
from ingest.cluster.ray_cluster import ClusterUnreachable
from ingest.cluster.slice_file import pack_slice, unpack_slice
from ingest.encoders.encoder import EncoderFacts, Encoding
from ingest.encoders.load import load_encoder
from ingest.event import Added, Done, DuplicateFound, Event, Failed, FileOpened, PagesRead
from ingest.files.render import Inspection, RenderSettings
from ingest.library.home import Home
from ingest.page import Page, Rendered, Word
from ingest.readers.limits import ReadLimits
from ingest.shards.reshard import reshard
from ingest.shards.shard_layout import shard_homes

SETTINGS = AddSettings(RenderSettings(dpi=50, ocr="none"), encoders=("minilm",), workers=1)
QUERY = "the storm bell"
TOPICS = "lamp oil wick lens keeper tower storm harbour boat fog bell anchor".split()


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of a cluster of two nodes with a CPU each."""
    pytest.importorskip("ray", reason="ray is not installed: no cluster is tested")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        node: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80 << 20}
        nodes = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
        nodes.add_node(**node)
        guard, own = socket.socket.connect, nodes.address.rpartition(":")[0]

        def connect(sock: socket.socket, to: Any) -> None:
            (_socket.socket.connect if to[0] == own else guard)(sock, to)

        patch.setattr(socket.socket, "connect", connect)
        yield nodes.address
        nodes.shutdown()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PDF of three slices, one of a page, a copy of it, and a file that is none."""
    found = tmp_path_factory.mktemp("files")
    for name, count in (("book.pdf", 35), ("note.pdf", 1)):
        with pymupdf.open() as pdf:
            for number in range(1, count + 1):
                page = pdf.new_page(width=300, height=200)
                page.insert_text((20, 30), f"Chapter of the {TOPICS[number % len(TOPICS)]}")
                page.insert_text((20, 60), f"Page {number} of {name} tells its story.")
            pdf.save(found / name)
    (found / "copy.pdf").write_bytes((found / "note.pdf").read_bytes())
    (found / "broken.pdf").write_bytes(b"%PDF-1.4 and then nothing")
    return found


@pytest.fixture(scope="module")
def plain(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, list[Event]]:
    """The library that this machine alone makes of the folder."""
    home = Home(tmp_path_factory.mktemp("plain"))
    return home, list(add(home, [folder], SETTINGS))


def test_a_cluster_makes_the_library_that_one_machine_makes(
    cluster: str, folder: Path, plain: tuple[Home, list[Event]], tmp_path: Path
) -> None:
    """In shards, too: they are made one of for the comparison."""
    home, before = Home(tmp_path), plain[1]
    list(reshard(home, 2))
    events = list(add_on_cluster(home, [folder], SETTINGS, cluster))
    assert list((home.root / "work").iterdir()) == []
    list(reshard(home, 1))
    assert_same(plain[0], *shard_homes(home).values(), QUERY)
    for kind in (Added, DuplicateFound, Failed, FileOpened, PagesRead):
        count = sum(isinstance(event, kind) for event in events)
        assert count == sum(isinstance(event, kind) for event in before), kind
    ends = [replace(each[-1], seconds=0.0) for each in (events, before)]  # type: ignore[type-var]
    assert ends[0] == ends[1]


DRIVER = """
import os, signal, sys
from ingest.cluster.cluster_add import add_on_cluster
from ingest.event import FileOpened, PagesRead
from ingest.library.home import Home
from test_cluster_add import SETTINGS
for event in add_on_cluster(Home(sys.argv[1]), [sys.argv[2]], SETTINGS, sys.argv[3]):
    if isinstance(event, FileOpened) and event.page_count > 1:
        print("opened", flush=True)
        sys.stdin.readline()
    if isinstance(event, PagesRead) and event.number > 16:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def kill_workers() -> int:
    """Kill every process of the cluster that reads or encodes; returns how many."""
    killed = 0
    for process in psutil.Process().children(recursive=True):
        if re.match(r"ray::(read_slice|EncoderActor|IDLE)", " ".join(process.cmdline())):
            process.kill()
            killed += 1
    return killed


def test_what_is_killed_goes_on_from_the_slices_that_are_done(
    cluster: str,
    folder: Path,
    plain: tuple[Home, list[Event]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = Path(__file__).parents[1]
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(tmp_path), str(folder), cluster],
        cwd=root,
        env={"PYTHONPATH": f"{root}:{root / 'tests'}", "PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with driver:
        assert driver.stdout
        assert driver.stdin
        assert driver.stdout.readline() == "opened\n"
        assert kill_workers()
        driver.stdin.write("\n")
        driver.stdin.flush()
        assert driver.wait(120) == -9
    there = sorted(path.name for path in tmp_path.glob("work/*/*.safetensors"))
    assert {"000001.safetensors", "000017.safetensors"} <= set(there)
    readers: list[ClusterReader] = []
    close = ClusterReader.finish
    monkeypatch.setattr(
        ClusterReader, "finish", lambda self: (readers.append(self), close(self))[1]
    )
    assert isinstance(list(add_on_cluster(Home(tmp_path), [folder], SETTINGS, cluster))[-1], Done)
    assert readers[0].started <= 3  # of five: two of the book's were there
    assert_same(plain[0], Home(tmp_path), QUERY)


def test_no_cluster_is_an_error_with_the_way_out(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="ray is not installed: no cluster is tested")
    for address in ("127.0.0.1:1", "nowhere"):
        with pytest.raises(ClusterUnreachable, match=f"no Ray cluster at '{address}'") as caught:
            list(add_on_cluster(Home(tmp_path), [], SETTINGS, address))
        assert "ray start" in caught.value.hint


def test_a_slice_comes_back_as_it_was() -> None:
    words = (
        Word("lamp", (1 / 3, 0.1, 0.5, 0.2), 2, "heading", (0.1, 0.2, 1 / 7, 0.4)),
        Word("등대", (0, 0, 1, 1)),
    )
    pages = [
        Rendered(Page("d", 4, "n"), b"four", 30, 20, words, ((0.1, 0.2, 0.3, 0.4),), "text", label="iv"),
        Rendered(Page("d", 5, "n"), b"", 3, 2, (), (), "none", note="Torn.", unreadable=True),
    ]  # fmt: skip
    vectors = load_encoder("minilm", Encoding()).encode_pages(pages)
    inspection = Inspection("pdf", 9, "Title", True)
    packed = pack_slice(inspection, "The title", pages, {"minilm": vectors})
    back = unpack_slice(packed, "d", "n")
    assert (back.inspection, back.title) == (inspection, "The title")
    assert [replace(page, prepared={}) for page in back.pages] == pages
    for page, seen in zip(back.pages, vectors, strict=True):
        assert np.array_equal(page.prepared["minilm"].vectors, seen.vectors)
        assert np.array_equal(page.prepared["minilm"].boxes, seen.boxes)


def test_the_key_depends_on_what_the_pages_do() -> None:
    facts = EncoderFacts("minilm", "m", 384, "text", True, (0, 1), {"onnx": "1"}, 16)
    base = RenderSettings()
    changed = [
        hash_settings(replace(base, dpi=100), [facts]),
        hash_settings(replace(base, ocr="none"), [facts]),
        hash_settings(base, [replace(facts, model="other")]),
        hash_settings(base, [replace(facts, provenance={"onnx": "2"})]),
        hash_settings(base, []),
    ]
    first = hash_settings(base, [facts])
    assert len({first, *changed}) == 6
    assert hash_settings(replace(base, password="secret"), [facts]) == first


def test_limits_of_a_task_are_those_of_one_machine(folder: Path) -> None:
    from ingest.cluster.slice_task import SliceJob, load_bytes, read_slice

    job = SliceJob("d", "book.pdf", "book.pdf", 1)
    data = load_bytes(folder / "book.pdf")
    error, pages = read_slice(data, job, SETTINGS.render, ReadLimits(seconds=0.001), {})
    assert getattr(error, "code", "") == "read-timeout"
    assert "book.pdf was not read within" in str(error)
    assert pages == []
