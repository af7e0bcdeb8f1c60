"""A server as a process of its own, for tests that stop, kill and leave it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pymupdf

from ingest.library.home import Home

ROOT = Path(__file__).parents[1]


class LiveServer:
    """`pageglass serve` on a free port; its log is kept."""

    def __init__(self, home: Path, *options: str, **settings: str) -> None:
        command = [
            sys.executable,
            "-m",
            "api.cli.main",
            "serve",
            "--port",
            "0",
            "--home",
            str(home),
            *options,
        ]
        environment = {f"PAGEGLASS_{name.upper()}": value for name, value in settings.items()}
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={
                **os.environ,
                "PAGEGLASS_OCR": "none",
                "PAGEGLASS_DPI": "40",
                "PAGEGLASS_WORKERS": "1",
                **environment,
            },
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._address = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._address.wait(60), self.log
        self.url = re.search(r"https?://\S+", self.log)[0]  # type: ignore[index]
        self.client = httpx2.Client(base_url=self.url, timeout=120)

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if "pageglass is at http" in line:
                self._address.set()

    def until_ready(self) -> None:
        """Wait until the models are loaded."""
        deadline = time.monotonic() + 120
        while self.client.get("/ready").status_code != 200:
            assert time.monotonic() < deadline, self.log
            time.sleep(0.1)

    def upload(self, *files: tuple[str, bytes], **params: Any) -> Any:
        sent = [("files", file) for file in files]
        return self.client.post("/v1/documents", files=sent, params=params)

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/v1/jobs/{job_id}").json()
        return found

    def until(self, job_id: str, condition: Any, seconds: float = 90) -> dict[str, Any]:
        """The job once a condition holds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            job = self.job(job_id)
            if condition(job):
                return job
            time.sleep(0.05)
        raise AssertionError((job, self.log[-5_000:]))

    def ended(self, job_id: str) -> dict[str, Any]:
        return self.until(job_id, lambda job: job["finished_at"])

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Send a signal, unless it has ended already, and wait for its end."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(60)
        self._reader.join(10)
        self.client.close()
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


@contextmanager
def live_server(home: Path, *options: str, **settings: str) -> Iterator[LiveServer]:
    server = LiveServer(home, *options, **settings)
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)


def files_below(home: Home) -> list[str]:
    """Names of files of jobs and uploads."""
    folders = [home.uploads, *(p for p in (home.root / "jobs").glob("*") if p.is_dir())]
    return sorted(p.name for folder in folders for p in folder.rglob("*") if p.is_file())


def wait_for_no_files(home: Home) -> None:
    """Wait until what was sent to a server has been removed."""
    for _ in range(600):
        if not files_below(home):
            return
        time.sleep(0.05)
    raise AssertionError(files_below(home))


def pdf_of(pages: int, name: str) -> bytes:
    """A PDF of pages with a few words each, unlike those of any other name."""
    pdf = pymupdf.open()
    for number in range(1, pages + 1):
        pdf.new_page().insert_text((72, 72), f"Record {number} of {name} was counted again.")
    return bytes(pdf.tobytes(deflate=True, no_new_id=True))
