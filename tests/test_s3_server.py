"""The S3 API of tests: each has buckets of its own."""

from __future__ import annotations

import fsspec
from s3_server import s3_server


def test_a_second_server_has_none_of_the_first_ones_objects() -> None:
    for _ in range(2):
        with s3_server() as bucket:
            files = fsspec.filesystem("s3", use_listings_cache=False)
            assert files.ls(bucket) == []
            files.pipe(f"{bucket}/a.txt", b"lamp")
