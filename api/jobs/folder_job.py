"""Ingest of watched folders as a job: their files are read in place."""

from __future__ import annotations

import os

from api.jobs.ingest_job import JobIngest
from api.jobs.job import UNREADABLE, JobFile
from ingest.event import Event, Failed
from ingest.file_state import Failure
from ingest.library.names import readable
from ingest.page import Document

MAX_FILES = 1_000
"""Files of a job whose results it keeps; the library has those of all."""


class FolderIngest(JobIngest):
    """One turn of a job of watched folders; the arguments are those of `JobIngest`."""

    def run(self) -> None:
        """Ingest what is new or changed. Raises what `JobIngest.run` raises."""
        self._check(self.job)
        self.job = self.job.restarted()
        self._add(self.job.folders)

    def _take(self, event: Event) -> None:
        if not (isinstance(event, Failed) and event.earlier):
            super()._take(event)

    def _settle(self, document: Document, status: int) -> None:
        self._append(JobFile(document.name, document.id, document.byte_size, status, document))

    def _fail(self, failure: Failure) -> None:
        name = readable(os.path.basename(failure.path))
        self._append(JobFile(name, "", 0, UNREADABLE, error=failure.reason, hint=failure.hint))

    def _append(self, file: JobFile) -> None:
        if len(self.job.files) < MAX_FILES:
            self._change(True, files=(*self.job.files, file))
