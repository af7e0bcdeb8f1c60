"""Blocks of a snapshot, under keys of their content: only changed ones travel.

SQLite changes pages in place, so blocks of a fixed size are enough. The mirror's database
holds the same pages as the snapshot that it was made of, but for the first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ingest.replica.object_store import ObjectStore

BLOCK = 256 << 10
"""Bytes. With 4 MB, one document added to 1,000 pages changes every block (docs/scale.md)."""
BLOCKS = "blocks"
AT_ONCE = 8
"""Blocks that are sent or fetched at a time, and held in memory."""


def block_key(digest: str) -> str:
    """Key of a block."""
    return f"{BLOCKS}/{digest}"


def read_blocks(path: Path) -> Iterator[bytes]:
    """Blocks of a file, in order; the last may be shorter."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def hash_block(block: bytes) -> str:
    """Name of a block: the head of its SHA-256."""
    return hashlib.sha256(block).hexdigest()[:40]


def put_blocks(store: ObjectStore, path: Path, known: Collection[str]) -> int:
    """Send the blocks of a file that are not `known`; returns their bytes."""
    sent, seen = 0, set(known)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = []
        for block in read_blocks(path):
            digest = hash_block(block)
            if digest in seen:
                continue
            seen.add(digest)
            sent += len(block)
            waiting.append(pool.submit(store.write, block_key(digest), block))
            if len(waiting) == AT_ONCE:
                waiting.pop(0).result()
        for future in waiting:
            future.result()
    return sent


def fetch_blocks(
    store: ObjectStore, digests: Sequence[str], path: Path, local: Path | None = None
) -> int:
    """Write a file of these blocks; those at the same place of `local` are copied.

    Returns the bytes that were fetched.

    Raises:
        FileNotFoundError: the store no longer has one of them.
        ObjectStoreError
    """
    fetched = 0
    held = read_blocks(local) if local and local.exists() else iter(())
    with path.open("wb") as file, ThreadPoolExecutor(AT_ONCE) as pool:
        for at in range(0, len(digests), AT_ONCE):
            some = digests[at : at + AT_ONCE]
            blocks = {digest: block for digest in some if (block := _same(held, digest))}
            missing = [digest for digest in some if digest not in blocks]
            for digest, block in zip(
                missing, pool.map(store.read, map(block_key, missing)), strict=True
            ):
                blocks[digest] = block
                fetched += len(block)
            for digest in some:
                file.write(blocks[digest])
    return fetched


def _same(held: Iterator[bytes], digest: str) -> bytes:
    """The next block of a file if it has this digest, else nothing."""
    block = next(held, b"")
    return block if block and hash_block(block) == digest else b""


def pack_digests(digests: Sequence[str]) -> bytes:
    """The list of a snapshot's blocks, as it is stored."""
    return json.dumps(list(digests)).encode()


def unpack_digests(packed: bytes) -> list[str]:
    """The list that `pack_digests` packed."""
    digests: list[str] = json.loads(packed)
    return digests
