"""Stamps and hashes of files, ids of documents, sizes of folders."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from ingest.file_state import FileStamp, document_id, folder_size, hash_file, stamp_of


def test_a_stamp_changes_with_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    later = time.time_ns() + 10**12
    os.utime(path, ns=(7, later))
    assert stamp_of(path) == FileStamp.of(path) == FileStamp(5, later)
    os.utime(path, ns=(7, later + 1_000))
    assert stamp_of(path) == FileStamp(5, later + 1_000)
    path.write_bytes(b"123456")
    os.utime(path, ns=(7, later + 1_000))
    assert stamp_of(path) == FileStamp(6, later + 1_000)


def test_a_file_renamed_onto_another_of_its_size_and_time_has_another_stamp(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for path in (one, two):
        path.write_bytes(b"12345")
        os.utime(path, ns=(7, 1_000_000_001))
    before = FileStamp.of(one)
    time.sleep(0.02)  # the kernel's clock ticks every 10 ms at the slowest
    two.rename(one)
    assert one.stat().st_mtime_ns == 1_000_000_001
    assert FileStamp.of(one) != before


def test_what_is_not_there_has_no_stamp(tmp_path: Path) -> None:
    assert stamp_of(tmp_path / "nowhere") is None
    with pytest.raises(FileNotFoundError):
        FileStamp.of(tmp_path / "nowhere")


def test_a_hash_is_sha256_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hash_file(path) == sha256
    assert document_id(sha256) == "ba7816bf8f01cfea4141"
    path.write_bytes(bytes(1_000_000))
    assert hash_file(path) == hashlib.sha256(bytes(1_000_000)).hexdigest()


def test_what_is_no_file_is_not_hashed(tmp_path: Path) -> None:
    """A pipe that nobody writes to would be read for ever."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(OSError, match="it is no file"):
            hash_file(path)
    with pytest.raises(FileNotFoundError):
        hash_file(tmp_path / "nowhere")


def test_a_folder_is_as_large_as_its_files(tmp_path: Path) -> None:
    assert folder_size(tmp_path / "nowhere") == 0
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "one").write_bytes(bytes(10))
    (tmp_path / "a" / "b" / "two").write_bytes(bytes(5))
    assert folder_size(tmp_path) == 15
    assert folder_size(tmp_path / "a") == 5
