"""Upload form: multipart files, written to a job's folder as they arrive.

Files go straight to the disk of the home, on threads of their own, so that uploads
take neither memory nor the threads that searches use.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_to_bytes

from fastapi.exceptions import RequestValidationError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from api.jobs.job import JobFile
from api.jobs.spool import clean_name, spool_folder, upload_error
from api.jobs.watch import JobThreads
from ingest.file_state import document_id
from ingest.library.home import Home

BUFFER = 1 << 20
"""Bytes that are gathered before a write."""
_EXTENDED = re.compile(rb";\s*filename\*\s*=\s*\"?([\w-]*)'[^']*'([^;\"]*)", re.IGNORECASE)

FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "minItems": 1,
                            "description": "PDFs or images.",
                        },
                        "password": {
                            "type": "string",
                            "description": "Opens encrypted PDFs. It is never written down.",
                        },
                    },
                }
            }
        },
    }
}
"""The form as OpenAPI describes it."""


@dataclass(slots=True)
class UploadForm:
    """Form that was received."""

    files: list[JobFile] = field(default_factory=list)
    password: str | None = None


async def receive_form(
    request: Request, home: Home, job_id: str, threads: JobThreads
) -> UploadForm:
    """Receive a form; its files lie in the job's folder afterwards.

    Raises:
        DiskFull, HomeUnusable
        RequestValidationError: it has no files.
        HTTPException: it is no valid form.
        ClientDisconnect
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise _invalid("missing", "Field required: a multipart form with `files`")
    folder = spool_folder(home, job_id)
    parser = _Parser(request.headers, request.stream(), folder, threads)
    try:
        items = (await parser.parse()).multi_items()
    except MultiPartException as error:
        raise HTTPException(400, error.message) from error
    except OSError as error:
        raise upload_error(home, error) from error
    finally:
        await threads.run(parser.close)
    form = UploadForm()
    for name, value in items:
        if name == "password" and isinstance(value, str):
            form.password = value
        if name == "files":
            if not isinstance(value, _SpooledFile):
                raise _invalid("value_error", "Value error, it must be a file with a name")
            form.files.append(value.received())
    if not form.files:
        raise _invalid("missing", "Field required")
    return form


def _invalid(kind: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": kind, "loc": ("body", "files"), "msg": message}])


class _SpooledFile(UploadFile):
    """Uploaded file that is written to its path as it comes."""

    def __init__(self, path: Path, name: str | None, headers: Headers, threads: JobThreads) -> None:
        self._sink = path.open("xb")
        super().__init__(self._sink, size=0, filename=name, headers=headers)
        self._threads = threads
        self._digest = hashlib.sha256()
        self._buffer = bytearray()
        self._length = 0

    async def write(self, data: bytes) -> None:
        """Take the next bytes."""
        self._buffer += data
        if len(self._buffer) >= BUFFER:
            await self._threads.run(self._flush)

    async def seek(self, offset: int) -> None:
        """End the file: the parser rewinds what is complete."""
        await self._threads.run(self._end)

    def received(self) -> JobFile:
        """The file as part of a job."""
        id_ = document_id(self._digest.hexdigest())
        return JobFile(clean_name(self.filename), id_, self._length)

    def _flush(self) -> None:
        self._digest.update(self._buffer)
        self._sink.write(self._buffer)
        self._length += len(self._buffer)
        self._buffer.clear()

    def _end(self) -> None:
        self._flush()
        self._sink.flush()
        os.fsync(self._sink.fileno())
        self._sink.close()


class _Parser(MultiPartParser):
    """Parser that gives each of `files` a path in a folder; files of other fields are dropped."""

    def __init__(
        self,
        headers: Headers,
        stream: AsyncGenerator[bytes, None],
        folder: Path,
        threads: JobThreads,
    ) -> None:
        super().__init__(headers, stream)
        self._folder = folder
        self._threads = threads
        self._spooled: list[_SpooledFile] = []

    def on_headers_finished(self) -> None:
        """Open the file of a part that is one."""
        part = self._current_part
        part.content_disposition = with_plain_name(part.content_disposition)
        super().on_headers_finished()
        if part.file is None:
            return
        part.file.file.close()
        if part.field_name != "files":
            part.file = _Dropped(part.file.file, filename=part.file.filename)
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / str(len(self._spooled))
        spooled = _SpooledFile(path, part.file.filename, part.file.headers, self._threads)
        self._spooled.append(spooled)
        part.file = spooled

    def close(self) -> None:
        """Close files that have not been closed."""
        for spooled in self._spooled:
            # On a full disk closing fails too: what it could not write is deleted anyway.
            with contextlib.suppress(OSError):
                spooled.file.close()


class _Dropped(UploadFile):
    """File of a field that nobody asked for."""

    async def write(self, data: bytes) -> None:
        """Take the next bytes for nothing."""

    async def seek(self, offset: int) -> None:
        """Rewind nothing."""


def with_plain_name(disposition: bytes | None) -> bytes | None:
    """Content-Disposition with a `filename`, if need be from its `filename*`."""
    if disposition is None or b"filename" in parse_options_header(disposition)[1]:
        return disposition
    if not (found := _EXTENDED.search(disposition)):
        return disposition
    try:
        name = unquote_to_bytes(found[2]).decode(found[1].decode("ascii") or "utf-8")
    except (LookupError, UnicodeError):
        name = "upload"
    escaped = name.replace("\\", "_").replace('"', "_").encode()
    return disposition + b'; filename="' + escaped + b'"'
