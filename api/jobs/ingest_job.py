"""Ingest of a job: its files placed, added to the library, and each one's result."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from api.jobs.job import ADDED, KNOWN, UNREADABLE, Job, JobFile, now
from api.jobs.job_error import JobFilesLost
from api.jobs.spool import clear_unused, place, place_of, spool_folder
from ingest.add import AddSettings
from ingest.disk.atomic import discard
from ingest.event import Added, Event, Failed, FileOpened, FilesFound, PagesEncoded
from ingest.file_state import Failure
from ingest.library.database import LibraryNotFound
from ingest.library.home import Home, HomeBusy
from ingest.page import Document
from ingest.run.ingest_run import IndexesChanged
from ingest.shards.add_to_shards import add_documents
from ingest.shards.sharded_library import open_library

log = logging.getLogger(__name__)

LOCK_SLICE = 2.0
"""Seconds to wait for the writer's lock before looking whether the job is still wanted."""
ATTEMPTS = 5
"""Runs of a job whose files are removed from their places by others meanwhile."""


class JobIngest:
    """One turn of a job.

    Args:
        update: is given the job after each change; the second argument tells whether
            the change must last.
        check: raises where the job must stop; called between events, and while a page
            takes long.
    """

    def __init__(
        self,
        home: Home,
        job: Job,
        settings: AddSettings,
        update: Callable[[Job, bool], None],
        check: Callable[[Job], None],
    ) -> None:
        self.job = job
        self._earlier_turn = job.started_at
        self._home = home
        self._settings = replace(settings, on_tick=lambda: check(self.job))
        self._update = update
        self._check = check

    def run(self) -> None:
        """Ingest the files that have no result yet.

        Raises:
            JobFilesLost
            What `ingest.add.add` and `check` raise; documents that were added stay.
        """
        try:
            for _ in range(ATTEMPTS):
                waiting = [at for at, file in enumerate(self.job.files) if file.status is None]
                if not waiting:
                    return
                self._check(self.job)
                self._check_files(waiting)
                self.job = self.job.restarted()
                self._add([place(self._home, self.job, at) for at in waiting])
                self._look_up()
            self._fail_rest()
        finally:
            clear_unused(self._home, self.job.files)

    def _check_files(self, positions: list[int]) -> None:
        folder = spool_folder(self._home, self.job.id)
        if not all((folder / str(position)).is_file() for position in positions):
            raise JobFilesLost("The files of the upload are gone.", hint="Send them again.")

    def _add(self, paths: Sequence[str | Path]) -> None:
        while True:
            events = add_documents(self._home, paths, self._settings, wait=LOCK_SLICE)
            try:
                with closing(_generator(events)):
                    for event in events:
                        self._take(event)
                        self._check(self.job)
                return
            except HomeBusy:
                self._check(self.job)
            except IndexesChanged:
                return  # another run has changed the encoders: once more, with them

    def _take(self, event: Event) -> None:
        match event:
            case FilesFound():
                started = self.job.started_at or now()
                self._change(True, state="running", started_at=started)
            case FileOpened(_, page_count):
                self._change(False, page_count=self.job.page_count + page_count)
            case PagesEncoded(pages):
                self._change(False, pages_done=self.job.pages_done + pages)
            case Added(document):
                self._settle(document, ADDED)
            case Failed(failure):
                self._fail(failure)
            case _:
                pass

    def _settle(self, document: Document, status: int) -> None:
        """Give every file of a document its result."""
        self._change_files(
            lambda file: (
                replace(file, status=status, document=document, error=None, hint=None)
                if file.document_id == document.id and file.status is None
                else file
            )
        )

    def _fail(self, failure: Failure) -> None:
        path = Path(failure.path)
        if not path.exists():
            return  # removed from its place by another: it is placed again
        self._change_files(
            lambda file: (
                replace(file, status=UNREADABLE, error=failure.reason, hint=failure.hint)
                if place_of(self._home, file) == path
                else file
            )
        )

    def _look_up(self) -> None:
        """Files without an event of their own are those that the library had.

        A turn that was cut off may have added a document and not said so.
        """
        waiting = {file.document_id for file in self.job.files if file.status is None}
        try:
            documents = open_library(self._home).documents() if waiting else []
        except LibraryNotFound:
            documents = []
        for document in documents:
            if document.id in waiting:
                self._settle(document, ADDED if self._added_before(document) else KNOWN)

    def _added_before(self, document: Document) -> bool:
        """Whether an earlier turn of this job added the document (to the second)."""
        return self._earlier_turn is not None and document.added_at[:19] >= self._earlier_turn[:19]

    def _fail_rest(self) -> None:
        self._change_files(
            lambda file: (
                file
                if file.status
                else replace(
                    file,
                    status=UNREADABLE,
                    error=f"{file.name} was removed again and again while it was read.",
                    hint="Send it again.",
                )
            )
        )

    def _change_files(self, change: Callable[[JobFile], JobFile]) -> None:
        self._change(True, files=tuple(map(change, self.job.files)))

    def _change(self, lasting: bool, **fields: Any) -> None:
        self.job = replace(self.job, version=self.job.version + 1, **fields)
        self._update(self.job, lasting)


def delete_files(home: Home, job: Job) -> None:
    """Delete the files of a job that has ended; what became a document stays."""
    discard(spool_folder(home, job.id))


def _generator(events: Iterator[Event]) -> Any:
    """The iterator, which is a generator, to be closed."""
    return events
