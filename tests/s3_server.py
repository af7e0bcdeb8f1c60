"""S3 API for tests: moto's in this process, or that of a server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def s3_server(address: str | None = None) -> Iterator[str]:
    """An empty bucket of an S3 API, and the environment that leads to it.

    Args:
        address: of a server, whose credentials are in the environment; None starts moto's.
    """
    import fsspec
    from moto.moto_api._internal.models import moto_api_backend
    from moto.server import ThreadedMotoServer

    server = None if address else ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        if server:
            server.start()
            host, port = server.get_host_and_port()
            address = f"http://{host}:{port}"
            patch.setenv("AWS_ACCESS_KEY_ID", "nobody")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ENDPOINT_URL", str(address))
        # Those that an earlier server was asked by know its address.
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        bucket = f"bucket-{uuid.uuid4().hex[:8]}" if not server else "bucket"
        fsspec.filesystem("s3", use_listings_cache=False).mkdir(bucket)
        try:
            yield f"s3://{bucket}"
        finally:
            if server:
                server.stop()
                # Buckets are kept in the process, whatever server made them.
                moto_api_backend.reset()
