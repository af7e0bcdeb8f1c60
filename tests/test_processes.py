"""Several server processes on one home: sessions, jobs, figures, and one that is killed."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import httpx2
import psutil
import pytest
from live_server import ROOT, LiveServer, live_server

TOKEN = "a-long-random-text-of-a-server"
KEY = {"Authorization": f"Bearer {TOKEN}"}
MANY = 12
"""Connections, so that each of two processes gets some."""


def servers(live: LiveServer) -> list[int]:
    return sorted(child.pid for child in psutil.Process(live.process.pid).children())


def each(live: LiveServer, path: str, **options: object) -> list[httpx2.Response]:
    """Answers over connections of their own."""
    answers = []
    for _ in range(MANY):
        with httpx2.Client(base_url=live.url, timeout=60) as client:
            answers.append(client.get(path, **options))  # type: ignore[arg-type]
    return answers


def answered(live: LiveServer) -> float:
    text = live.client.get("/metrics", headers=KEY).text
    found = re.findall(r'requests_total\{.*route="/v1/session".*\} (\S+)', text)
    return sum(map(float, found))


def until_started(live: LiveServer) -> None:
    """The address is told before a process answers there."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(f"{live.url}/health", timeout=5).status_code == 200:
                return
    raise AssertionError(live.log)


def test_two_processes_are_one_server(tmp_path: Path) -> None:
    with live_server(tmp_path, "--processes", "2", token=TOKEN) as live:
        until_started(live)
        for answer in each(live, "/health"):
            assert answer.status_code == 200
        first = servers(live)
        assert len(first) == 2

        signed = live.client.post(
            "/v1/session", json={"token": TOKEN}, headers={"Origin": live.url}
        )
        assert signed.status_code == 200, signed.text
        cookies = {"Cookie": f"pageglass_session={signed.cookies['pageglass_session']}"}
        assert all(a.json()["signed_in"] for a in each(live, "/v1/session", headers=cookies))
        assert answered(live) == MANY + 1

        sent = [("files", ("broken.pdf", b"%PDF-1.7 nothing more"))]
        job = live.client.post("/v1/documents", files=sent, headers=KEY, params={"wait": "false"})
        place = f"/v1/jobs/{job.json()['id']}"
        events = each(live, f"{place}/events", headers=KEY)
        assert all('"failed"' in answer.text for answer in events)
        assert {a.json()["state"] for a in each(live, place, headers=KEY)} == {"failed"}

        psutil.Process(first[0]).kill()
        deadline = time.monotonic() + 60
        while (now := servers(live)) == first or len(now) < 2:
            assert time.monotonic() < deadline, live.log
            time.sleep(0.1)
        assert all(a.json()["signed_in"] for a in each(live, "/v1/session", headers=cookies))
        assert live.stop(signal.SIGTERM) == 0
        assert "another is started" in live.log


def run_script(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("lives", [0.0, 0.5])
def test_a_process_is_replaced_however_short_its_life_once_one_has_served(
    tmp_path: Path, lives: float
) -> None:
    """The first two end, at once or later; the third stays, and is stopped with SIGTERM."""
    code = dedent(f"""
        import logging, os, sys, time
        from pathlib import Path
        from api.http.processes import run_processes

        logging.basicConfig(stream=sys.stdout)
        folder = Path({str(tmp_path)!r})

        def serve(started):
            number = len(list(folder.iterdir()))
            (folder / str(number)).touch()
            started()
            if number == 2:
                os.kill(os.getppid(), 15)
                time.sleep(60)
            time.sleep({lives})
            os._exit(3)

        sys.exit(run_processes(1, serve))
    """)
    done = run_script(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("has ended (code 3); another is started") == 2


def test_processes_that_cannot_start_end_the_server() -> None:
    code = dedent("""
        import logging, sys
        from api.http.processes import run_processes

        def serve(started):
            raise ValueError("no such model")

        logging.basicConfig(stream=sys.stdout)
        sys.exit(run_processes(3, serve))
    """)
    done = run_script(code)
    assert done.returncode == 1
    assert "could not start (code 1)" in done.stdout
    assert "another is started" not in done.stdout
