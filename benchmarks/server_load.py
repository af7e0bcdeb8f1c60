"""Server under load: latency and memory while documents are uploaded and removed.

    python -m benchmarks.server_load [--clients 64] [--seconds 60] [--pages 1000] [--fresh]
        [--searches] [--rerank none]

A server over the samples answers CLIENTS clients, each sending its next request
once the last is answered: searches, answers, page images and lists. Meanwhile
PDFs of PAGES pages are uploaded as jobs, one after the other, and one-page files are
uploaded and removed. Client and server share the machine. Memory is that of the
server and its workers, shared pages counted once (PSS, Linux). Processor time is that
of the server without its workers. With --fresh no query is asked twice, else there are
five. With --searches there are no other requests and no uploads. Exits 1 on an error.
For a soak: --clients 8 --seconds 1800 --pages 100.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from json import dumps
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pymupdf

ROOT = Path(__file__).parents[1]
QUERIES = (
    "How many steps do you have to climb to reach the lamp?",
    "Which keeper's daughter gave away her father's telescope?",
    "a red bicycle by a wall",
    "opening hours in winter",
    "What does a ticket cost?",
)
MIX = {"search": 0.75, "page image": 0.15, "documents": 0.06, "ask": 0.04}
"""Share of each kind of request."""


@dataclass
class Figures:
    """What a run has measured."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    """Seconds since the start, megabytes."""
    processor: float = 0.0
    """Processor seconds of the server, without its workers."""

    async def timed(self, kind: str, sent: Any) -> httpx.Response | None:
        """Await a request, and count it; None where it failed."""
        started = time.monotonic()
        try:
            response: httpx.Response = await sent
        except httpx.HTTPError as error:
            self.errors.append(f"{kind}: {type(error).__name__} {error}")
            return None
        self.seconds[kind].append(time.monotonic() - started)
        if response.status_code >= 400:
            self.errors.append(f"{kind}: {response.status_code} {response.text[:200]}")
            return None
        return response


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pages", type=int, default=1_000)
    parser.add_argument("--fresh", action="store_true", help="ask no query twice")
    parser.add_argument("--searches", action="store_true", help="nothing but searches")
    parser.add_argument("--rerank", default="auto", help="PAGEGLASS_RERANK of the server")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pageglass-load-") as folder:
        home = Path(folder, "home")
        command = [sys.executable, "-m", "api.cli.main"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PAGEGLASS_")}
        environment["PAGEGLASS_RERANK"] = args.rerank
        subprocess.run(
            [*command, "ingest", str(ROOT / "data" / "samples"), "--quiet", "--home", str(home)],
            cwd=ROOT,
            env=environment,
            check=True,
        )
        with Path(folder, "log").open("w+b") as log:
            server = subprocess.Popen(
                [*command, "serve", "--port", "0", "--home", str(home)],
                cwd=ROOT,
                env=environment,
                stderr=log,
            )
            try:
                figures = asyncio.run(run(address_in(Path(folder, "log")), server.pid, args))
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(60)
    report(figures, args)
    sys.exit(bool(figures.errors))


def address_in(log: Path, pause: float = 0.1) -> str:
    """Address of the server, once it says so; looked for after each pause, in seconds."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if found := re.search(r"http://\S+", log.read_text(encoding="utf-8")):
            return found[0]
        time.sleep(pause)
    sys.exit("the server does not start")


async def run(address: str, pid: int, args: argparse.Namespace) -> Figures:
    """Load the server for the given time."""
    figures = Figures()
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, timeout=300, limits=limits) as client:
        # The first requests load the models: they are not measured.
        for query in QUERIES:
            found = await client.post("/v1/search", json={"query": query})
        (await client.post("/v1/ask", json={"query": QUERIES[0]})).raise_for_status()
        pages = [hit["page"] for hit in found.json()["hits"]]
        until = time.monotonic() + args.seconds
        before = _processor_seconds(pid)
        uploads = [] if args.searches else [_upload_large(client, figures, args.pages, until)]
        uploads += [] if args.searches else [_upload_and_remove(client, figures, until)]
        await asyncio.gather(
            _watch(figures, pid, until),
            *uploads,
            *(_client(address, figures, pages, seed, until, args) for seed in range(args.clients)),
        )
        figures.processor = _processor_seconds(pid) - before
    return figures


async def _client(
    address: str,
    figures: Figures,
    pages: list[str],
    seed: int,
    until: float,
    args: argparse.Namespace,
) -> None:
    choice, client = random.Random(seed), _Connection(address)
    while time.monotonic() < until:
        kind = "search" if args.searches else choice.choices(list(MIX), list(MIX.values()))[0]
        own = f" {choice.getrandbits(32):x}" if args.fresh else ""
        query = {"query": choice.choice(QUERIES) + own}
        match kind:
            case "search":
                sent = client.post("/v1/search", json=query)
            case "ask":
                sent = client.post("/v1/ask", json=query)
            case "page image":
                sent = client.get(f"/v1/pages/{choice.choice(pages)}/image")
            case _:
                sent = client.get("/v1/documents")
        await figures.timed(kind, sent)


class _Connection:
    """HTTP connection with as little work as can be: the machine is the server's too."""

    def __init__(self, address: str) -> None:
        self._host, _, port = address.removeprefix("http://").partition(":")
        self._port = int(port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, json: dict[str, Any]) -> httpx.Response:
        return await self._send("POST", path, dumps(json).encode())

    async def get(self, path: str) -> httpx.Response:
        return await self._send("GET", path, b"")

    async def _send(self, method: str, path: str, body: bytes) -> httpx.Response:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=1 << 22)
        reader, writer = self._streams
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", answer)
        assert length, answer
        content = await reader.readexactly(int(length[1]))
        return httpx.Response(int(answer.split(b" ", 2)[1]), content=content)


async def _upload_large(
    client: httpx.AsyncClient, figures: Figures, pages: int, until: float
) -> None:
    """Upload a large PDF as a job, wait for its end, remove it, and begin again."""
    number = 0
    while time.monotonic() < until:
        number += 1
        pdf = await asyncio.to_thread(make_pdf, pages, f"volume {number}")
        started = time.monotonic()
        sent = client.post("/v1/documents", files={"files": (f"volume{number}.pdf", pdf)})
        if (response := await figures.timed("upload, to its job", sent)) is None:
            return
        job = response.json()
        while job["state"] in {"queued", "running"} and time.monotonic() < until:
            await asyncio.sleep(0.5)
            job = (await client.get(f"/v1/jobs/{job['id']}")).json()
        kind = f"job of {pages} pages"
        match job["state"]:
            case "done":
                figures.seconds[kind].append(time.monotonic() - started)
                document = job["files"][0]["document"]["document"]
                await figures.timed("remove", client.delete(f"/v1/documents/{document}"))
            case "queued" | "running":
                figures.seconds[f"{kind}, not finished"].append(time.monotonic() - started)
            case state:
                figures.errors.append(f"{kind}: {state} {job}")


async def _upload_and_remove(client: httpx.AsyncClient, figures: Figures, until: float) -> None:
    number = 0
    while time.monotonic() < until:
        number += 1
        files = {"files": (f"note{number}.pdf", make_pdf(1, f"note {number}"))}
        sent = client.post("/v1/documents", params={"wait": "true"}, files=files)
        if response := await figures.timed("upload of one page, to its end", sent):
            document = response.json()["files"][0]["document"]["document"]
            await figures.timed("remove", client.delete(f"/v1/documents/{document}"))
        await asyncio.sleep(2)


async def _watch(figures: Figures, pid: int, until: float) -> None:
    started = time.monotonic()
    while time.monotonic() < until:
        figures.memory.append((time.monotonic() - started, _memory(pid)))
        await asyncio.sleep(5)


def _processor_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _memory(pid: int) -> float:
    """Megabytes of a process and those below it."""
    total = 0.0
    try:
        server = psutil.Process(pid)
        for process in [server, *server.children(recursive=True)]:
            total += process.memory_full_info().pss / 1e6
    except psutil.NoSuchProcess:
        pass  # a worker that has just ended
    return total


def make_pdf(pages: int, name: str) -> bytes:
    """PDF of pages with some 40 words each, unlike those of any other name."""
    pdf = pymupdf.open()
    for number in range(1, pages + 1):
        lines = [f"Record {number} of {name}."]
        lines += [f"Entry {number * 8 + line} was counted in {name} again." for line in range(6)]
        pdf.new_page().insert_text((72, 72), lines, fontsize=12)
    return bytes(pdf.tobytes(deflate=True))


def report(figures: Figures, args: argparse.Namespace) -> None:
    """Print the figures as a table."""
    load = os.getloadavg()[0]
    print(f"{args.clients} clients, {args.seconds:.0f} s, {os.cpu_count()} cores, load {load:.1f}")
    print("| request | count | p50 ms | p95 ms | max ms |\n|---|---|---|---|---|")
    for kind, seconds in sorted(figures.seconds.items()):
        p50, p95, most = np.percentile(seconds, [50, 95, 100]) * 1000
        print(f"| {kind} | {len(seconds)} | {p50:.0f} | {p95:.0f} | {most:.0f} |")
    asked = sum(len(figures.seconds[kind]) for kind in MIX)
    print(
        f"{asked / args.seconds:.0f} requests a second,"
        f" {1000 * figures.processor / max(asked, 1):.1f} ms of processor time each"
    )
    print(f"errors: {len(figures.errors)}")
    for error in figures.errors[:10]:
        print(f"  {error}")
    at, memory = (np.array(column) for column in zip(*figures.memory, strict=True))
    print(f"memory: {memory[0]:.0f} MB at first, {memory.max():.0f} at most, {memory[-1]:.0f} last")
    later = at > at[-1] / 3
    if later.sum() > 10:
        slope = np.polyfit(at[later], memory[later], 1)[0] * 3600
        print(f"memory over the last two thirds: {slope:+.0f} MB an hour")


if __name__ == "__main__":
    main()
