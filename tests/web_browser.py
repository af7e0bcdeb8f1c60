"""A browser for tests of the web app: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip


def missing() -> str:
    """Why there is no browser; empty where there is one."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "needs playwright"
    return "" if os.access(CHROMIUM, os.X_OK) else "needs Chromium"


@contextmanager
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


class Visit:
    """A window of the app that notes what should not happen.

    Attributes:
        page: Playwright's page.
        expected: statuses of failures that a test makes on purpose.
    """

    def __init__(self, launched: Any, url: str, **options: Any) -> None:
        settings = {"locale": "en-US", "viewport": {"width": 1280, "height": 800}, **options}
        self.url = url
        self.context = launched.new_context(**settings)
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.expected: set[int] = set()
        self.faults: list[str] = []
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.faults.append(f"dialog: {dialog.message}"))
        self.page.on("request", self._on_request)
        self.page.on("response", self._on_response)

    def _on_console(self, message: Any) -> None:
        # A failed request is noted by its status.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.faults.append(f"console: {message.text}")

    def _on_request(self, request: Any) -> None:
        host = urlsplit(request.url).netloc
        if host and host != urlsplit(self.url).netloc:
            self.faults.append(f"another host: {request.url}")

    def _on_response(self, response: Any) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.faults.append(f"{response.status}: {response.url}")

    def open(self, path: str) -> Any:
        self.page.goto(self.url + path)
        return self.page

    def close(self) -> None:
        self.context.close()
        assert self.faults == [], self.faults
