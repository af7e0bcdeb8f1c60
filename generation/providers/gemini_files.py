"""Gemini's files: uploaded for a request, and deleted after it.

By the Files API: what is not deleted there is kept for two days.
"""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from generation.providers.access import Access, ModelError
from generation.request import SourceFile

if TYPE_CHECKING:
    from google.genai import Client

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
"""Between looks at a file that the provider is still processing."""
MAX_PROCESSING = 900.0
"""Seconds that a file may be processed for."""
_NOT_THERE = (403, 404)
"""Status for a file that does not exist, such as one whose upload was broken off."""


class FileNotProcessed(ModelError):
    """The provider could not make a file ready for a request."""

    code = "file-not-processed"


class GeminiFiles:
    """Files that a model was sent; threads may share it.

    Args:
        client: makes the SDK's client, which is closed after use.
        access: whom to tell of progress.
        name: of the model, for messages.
    """

    def __init__(self, client: Callable[[], Any], access: Access, name: str) -> None:
        self._client = client
        self._access = access
        self._name = name
        self._lock = threading.Lock()
        self._users = 0
        self._uploaded: dict[SourceFile, dict[str, str]] = {}
        self._names: list[str] = []

    @contextmanager
    def keep(self) -> Iterator[None]:
        """Context that keeps files for further requests; the last to end deletes them."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                names: list[str] = []
                if not self._users:
                    names, self._names = self._names, []
                    self._uploaded.clear()
            if names:
                self._delete(names)

    def upload(self, client: Client, file: SourceFile) -> dict[str, str]:
        """Upload a file, once, and wait until it is ready: a part's `file_data`.

        Raises:
            FileNotProcessed
            google.genai.errors.APIError, httpx2.HTTPError: the provider failed.
            OSError: the file cannot be read.
        """
        with self._lock:
            if file in self._uploaded:
                return self._uploaded[file]
            # A name of our own, known before the upload ends: Ctrl-C may come at any moment.
            name = f"pageglass-{uuid4().hex[:24]}"
            self._names.append(f"files/{name}")
        with _ReadFile(file, self._access.on_upload) as opened:
            sent = client.files.upload(
                file=opened, config={"name": name, "mime_type": file.media_type}
            )
            opened.report(file.byte_size)
        data = {"file_uri": self._ready(client, sent, file), "mime_type": file.media_type}
        with self._lock:
            self._uploaded[file] = data
        return data

    def _ready(self, client: Client, sent: Any, file: SourceFile) -> str:
        """Address of an uploaded file, once it has been processed."""
        end = time.monotonic() + MAX_PROCESSING
        while (state := getattr(sent.state, "value", "ACTIVE")) == "PROCESSING":
            if time.monotonic() > end:
                break
            time.sleep(POLL_SECONDS)
            sent = client.files.get(name=sent.name)
        if state != "ACTIVE" or not sent.uri:
            raise FileNotProcessed(
                f"{self._name} could not process {file.path.name}.",
                hint="Ask about single pages or shots, or save the file again in a usual format.",
            )
        return str(sent.uri)

    def _delete(self, names: list[str]) -> None:
        import httpx2
        from google.genai import errors

        with self._client() as client:
            for name in names:
                try:
                    client.files.delete(name=name)
                except errors.APIError as error:
                    if error.code not in _NOT_THERE:
                        log.warning(_LEFT, self._name, name, f"status {error.code}")
                except httpx2.HTTPError as error:
                    log.warning(_LEFT, self._name, name, type(error).__name__)


_LEFT = "%s did not delete the uploaded %s (%s): the provider deletes it after two days."


class _ReadFile(io.FileIO):
    """File that tells how much of it was read."""

    def __init__(self, file: SourceFile, tell: Callable[[str, int, int], object] | None) -> None:
        super().__init__(file.path, "rb")
        self._source = file
        self._tell = tell

    def read(self, size: int | None = -1, /) -> bytes:
        """Read on; what was read before has been sent."""
        self.report(self.tell())
        return super().read(-1 if size is None else size)

    def report(self, sent: int) -> None:
        """Tell that so many bytes were sent."""
        if self._tell is not None:
            self._tell(self._source.path.name, sent, self._source.byte_size)
