"""A server that was sent hostile files: it answers others, and stops when it is told to."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
import pytest
from bombs import count_lie, nested_forms, png, shared_kids

from ingest.library.home import Home

ROOT = Path(__file__).parents[1]


@contextmanager
def serving(home: Home, **settings: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server of a home, as a process of its own: its address and the process."""
    command = [sys.executable, "-m", "api.cli.main", "serve", "--port", "0"]
    with subprocess.Popen(
        [*command, "--home", str(home.root)],
        cwd=ROOT, env={**os.environ, **settings}, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        try:
            found = re.search(rb"http://127\.0\.0\.1:\d+", process.stderr.readline())
            assert found is not None
            Thread(target=process.stderr.read, daemon=True).start()
            yield found[0].decode(), process
        finally:
            process.kill()


def post(url: str, name: str, data: bytes, **fields: str) -> tuple[int, dict[str, Any]]:
    """Send a file in a form: the status and the body of the answer."""
    edge = uuid.uuid4().hex
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'
        for k, v in fields.items()
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = "".join([*parts, head]).encode() + data + f"\r\n--{edge}--\r\n".encode()
    request = urllib.request.Request(
        url, body, {"Content-Type": f"multipart/form-data; boundary={edge}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def health(url: str) -> int:
    with urllib.request.urlopen(f"{url}/health", timeout=20) as response:
        return int(response.status)


def wait_for_reader(process: subprocess.Popen[bytes], request: Future[Any]) -> None:
    """Wait until a worker of the server is busy with the request."""
    while not request.done():
        for child in psutil.Process(process.pid).children():
            times = child.cpu_times()
            if times.user + times.system > 2:
                return
    raise AssertionError(f"the request has ended: {request.result()}")


def test_a_file_without_end_is_refused_while_others_are_answered(own_home: Home) -> None:
    forms = nested_forms(8)
    with (
        serving(own_home, PAGEGLASS_FILE_TIMEOUT="12") as (url, process),
        ThreadPoolExecutor(4) as pool,
    ):
        slow = [
            pool.submit(post, f"{url}/v1/extract", "forms.pdf", forms, schema="invoice"),
            pool.submit(post, f"{url}/v1/search/image", "big.png", png(10_900, 10_900, 8, 6)),
            pool.submit(post, f"{url}/v1/extract", "pages.pdf", shared_kids(7), schema="invoice"),
        ]
        wait_for_reader(process, slow[0])
        answered = 0
        while not slow[0].done():
            assert health(url) == 200
            answered += 1
        assert answered > 3
        kinds = [
            (status, body["type"].split(":")[-1]) for status, body in (r.result() for r in slow)
        ]
        assert kinds == [(422, "read-timeout"), (422, "unreadable-file"), (422, "too-many-pages")]
        assert "forms.pdf was not read within 12 s" in slow[0].result()[1]["detail"]
        status, body = post(f"{url}/v1/extract", "lie.pdf", count_lie(50_000), schema="invoice")
        assert (status, body.get("type")) != (422, "urn:pageglass:problem:too-many-pages")


@pytest.mark.slow
def test_a_server_stops_while_such_a_file_is_read(tmp_path: Path) -> None:
    with serving(Home(tmp_path)) as (url, process), ThreadPoolExecutor(1) as pool:
        slow = pool.submit(
            post, f"{url}/v1/extract", "forms.pdf", nested_forms(8), schema="invoice"
        )
        wait_for_reader(process, slow)
        workers = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        _, alive = psutil.wait_procs(workers, timeout=20)
        assert not alive
        assert slow.exception(30) or slow.result()[0] >= 400
