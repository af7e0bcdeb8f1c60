"""Blocks of a snapshot: only changed ones are sent and fetched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ingest.replica import snapshot_blocks
from ingest.replica.object_store import ObjectStore
from ingest.replica.snapshot_blocks import (
    BLOCKS,
    fetch_blocks,
    hash_block,
    pack_digests,
    put_blocks,
    read_blocks,
    unpack_digests,
)

SIZE = 1_000


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    pytest.importorskip("fsspec", reason="fsspec is not installed: no store is tested")
    monkeypatch.setattr(snapshot_blocks, "BLOCK", SIZE)
    return ObjectStore(f"file://{tmp_path}/store")


def known(store: ObjectStore) -> set[str]:
    return {key.rpartition("/")[2] for key in store.children(BLOCKS)}


def digests_of(path: Path) -> list[str]:
    return [hash_block(block) for block in read_blocks(path)]


@pytest.mark.parametrize(
    ("change", "travels"),
    [
        (lambda data: data, 0),
        (lambda data: data[:2_500] + b"!" + data[2_501:], SIZE),
        (lambda data: data + b"new", 503),  # the last block grows
        (lambda data: data[:3_000], 0),
        (lambda data: b"!" + data[1:9_999] + b"!" + data[10_000:], 2 * SIZE),
        (lambda data: data + data[:SIZE], SIZE),  # behind a block of 500: it is another one
    ],
)
def test_only_changed_blocks_travel(
    store: ObjectStore, tmp_path: Path, change: object, travels: int
) -> None:
    first, second, mirrored = tmp_path / "1", tmp_path / "2", tmp_path / "mirror"
    first.write_bytes(b"".join(bytes([at % 251]) * SIZE for at in range(10)) + b"r" * 500)
    assert put_blocks(store, first, known(store)) == 10_500
    assert fetch_blocks(store, digests_of(first), mirrored) == 10_500
    assert mirrored.read_bytes() == first.read_bytes()
    second.write_bytes(change(first.read_bytes()))  # type: ignore[operator]
    sent = put_blocks(store, second, known(store))
    assert sent in (travels, travels + 500)  # where what followed the rest moved
    digests = unpack_digests(pack_digests(digests_of(second)))
    assert fetch_blocks(store, digests, tmp_path / "new", mirrored) == sent
    assert (tmp_path / "new").read_bytes() == second.read_bytes()


def test_a_block_that_is_gone_is_told(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fetch_blocks(store, ["0" * 40], tmp_path / "new")


def test_a_damaged_copy_is_fetched_anew(store: ObjectStore, tmp_path: Path) -> None:
    path, copy = tmp_path / "1", tmp_path / "2"
    path.write_bytes(bytes(range(200)) * 20)
    put_blocks(store, path, ())
    copy.write_bytes(b"x" * 4_000)
    assert fetch_blocks(store, digests_of(path), tmp_path / "new", copy) == SIZE * 4
    assert (tmp_path / "new").read_bytes() == path.read_bytes()


def test_a_database_that_was_backed_up_has_the_blocks_of_its_source_but_the_first(
    tmp_path: Path,
) -> None:
    source, mirror = tmp_path / "source", tmp_path / "mirror"
    with closing(sqlite3.connect(source)) as db, closing(sqlite3.connect(mirror)) as target:
        db.execute("CREATE TABLE t (x)")
        db.executemany("INSERT INTO t VALUES (?)", [(f"{at:0400}",) for at in range(20_000)])
        db.commit()
        target.execute("PRAGMA journal_mode = WAL")
        db.backup(target)
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    here, there = digests_of(source), digests_of(mirror)
    assert len(here) > 2
    assert here[1:] == there[1:]
