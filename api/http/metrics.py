"""Metrics of a server in the format of Prometheus; no words of questions or pages."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from typing import Any

import psutil
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.engine import Engine
from api.http.processes import METRICS_FOLDER, sibling_pids
from api.jobs.job_service import JobService
from ingest.library.database import LibraryNotFound

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Seconds."""
UNMATCHED = "unmatched"
"""Label of requests to no route: paths that somebody made up are not kept."""


class ServerMetrics:
    """Counters of requests, and figures that are read when they are asked for."""

    def __init__(self, engine: Engine, jobs: JobService) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route")
        self.requests = Counter(
            "pageglass_requests", "Requests answered.", (*labels, "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "pageglass_request_seconds",
            "Time to the last byte of an answer.",
            labels,
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.running = Gauge(
            "pageglass_requests_running",
            "Requests in work.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self._figures = _Figures(engine, jobs)
        self.registry.register(self._figures)

    def text(self) -> bytes:
        """All metrics in Prometheus's text format, of several processes added up."""
        if METRICS_FOLDER not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        together.register(self._figures)
        return generate_latest(together)


class MetricsMiddleware:
    """ASGI middleware that counts and times requests by their route."""

    def __init__(self, app: ASGIApp, metrics: ServerMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started = 0, time.monotonic()

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._metrics.running.inc()
        try:
            await self._app(scope, receive, send_counted)
        finally:
            self._metrics.running.dec()
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = getattr(scope.get("route"), "path", UNMATCHED)
            self._metrics.requests.labels(method, route, str(status or "none")).inc()
            self._metrics.seconds.labels(method, route).observe(time.monotonic() - started)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Figures(Collector):
    """Figures of the library, jobs, reading workers and memory."""

    def __init__(self, engine: Engine, jobs: JobService) -> None:
        self._engine = engine
        self._jobs = jobs

    def collect(self) -> Iterable[GaugeMetricFamily]:
        yield from self._library()
        jobs = GaugeMetricFamily("pageglass_jobs", "Upload jobs.", labels=["state"])
        for state, count in self._jobs.runner.counts().items():
            jobs.add_metric([str(state)], count)
        yield jobs
        readers = GaugeMetricFamily("pageglass_readers", "Reading workers.", labels=["state"])
        for kind, count in self._engine.reader_stats().items():
            readers.add_metric([kind], count)
        yield readers
        yield from self._memory()

    def _library(self) -> Iterable[GaugeMetricFamily]:
        try:
            library = self._engine.library()
        except LibraryNotFound:
            return
        for name, help_, value in (
            ("documents", "Documents in the library.", library.document_count()),
            ("pages", "Pages in the library.", library.page_count()),
            ("files_set_aside", "Files that could not be read.", len(library.failures())),
        ):
            yield GaugeMetricFamily(f"pageglass_{name}", help_, value=value)

    def _memory(self) -> Iterable[GaugeMetricFamily]:
        memory = GaugeMetricFamily(
            "pageglass_resident_bytes", "Resident memory.", labels=["process"]
        )
        servers = sibling_pids()
        readers = (
            self._engine.reader_pids()
            if len(servers) == 1
            else [pid for server in servers for pid in _children(server)]
        )
        memory.add_metric(["server"], sum(map(_resident, servers)))
        memory.add_metric(["readers"], sum(map(_resident, readers)))
        yield memory
        torch: Any = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
            free, total = torch.cuda.mem_get_info()
            gpu = GaugeMetricFamily("pageglass_gpu_bytes", "Memory of the GPU.", labels=["state"])
            gpu.add_metric(["used"], total - free)
            gpu.add_metric(["free"], free)
            yield gpu


def _children(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
