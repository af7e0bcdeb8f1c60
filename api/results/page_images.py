"""Images of pages: those of a library, or of pictures that are not in one."""

from __future__ import annotations

from typing import Protocol

from ingest.page import Page


class PageImages(Protocol):
    """What has images of pages."""

    def image(self, page: Page) -> bytes:
        """Image of a page, encoded."""
        ...
