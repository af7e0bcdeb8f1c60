"""Errors of jobs."""

from __future__ import annotations

from ingest.error import ConflictError, NotFoundError, StorageError, UnavailableError


class JobNotFound(NotFoundError):
    """There is no such job, or it ended long ago."""

    code = "job-not-found"


class JobQueueFull(UnavailableError):
    """As many jobs wait as may."""

    code = "job-queue-full"


class JobFinished(ConflictError):
    """A job that has ended cannot be cancelled."""

    code = "job-finished"


class JobCancelled(ConflictError):
    """A job was cancelled while a client waited for it."""

    code = "job-cancelled"


class JobPasswordLost(ConflictError):
    """A job's password was only in the memory of a server that has ended."""

    code = "job-password-lost"


class JobFilesLost(ConflictError):
    """The files of an unfinished job are not there any more."""

    code = "job-files-lost"


class JobStoreUnusable(StorageError):
    """The file of jobs cannot be read or written."""

    code = "job-store-unusable"
