"""Traces of requests by OpenTelemetry, where they are asked for.

A span a request, and one for each step below it (`ingest.trace`). They have routes
and statuses, no words of questions or pages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.version import find_version
from ingest.extras import require
from ingest.trace import set_tracer

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer


def start_tracing(url: str) -> tuple[Tracer, Callable[[], None]]:
    """Tracer that sends spans to an OTLP receiver over HTTP, and what ends it.

    Args:
        url: such as http://127.0.0.1:4318/v1/traces.

    Raises:
        MissingExtra: the packages of the extra `tracing` are not installed.
    """
    require("opentelemetry.exporter.otlp.proto.http", extra="tracing", feature="PAGEGLASS_TRACES")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": "pageglass", "service.version": find_version()})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
    tracer = provider.get_tracer("pageglass")
    set_tracer(tracer.start_as_current_span)

    def stop() -> None:
        set_tracer(None)
        provider.shutdown()

    return tracer, stop


class TracingMiddleware:
    """ASGI middleware that makes a span of each request."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._tracer.start_as_current_span(scope["method"]) as span:
            span.set_attribute("http.request.method", scope["method"])

            async def send_noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                await send(message)

            try:
                await self._app(scope, receive, send_noted)
            finally:
                if route := getattr(scope.get("route"), "path", ""):
                    span.update_name(f"{scope['method']} {route}")
                    span.set_attribute("http.route", route)
