"""Job store: the jobs of a home in SQLite, so that they outlive the server.

HOME/jobs.sqlite3 is made with the first job. Several servers over one home share it;
each changes only the jobs that it owns. Passwords are never written.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from api.jobs.job import Job, JobFile, read_job, write_file, write_job
from api.jobs.job_error import JobNotFound, JobStoreUnusable
from ingest.disk.full_disk import DiskFull, is_disk_full
from ingest.library.home import Home

FORMAT = 1
KEEP_DAYS = 7
KEEP_JOBS = 1_000
"""Jobs that have ended are kept so many days, and so many of them."""

_SCHEMA = (
    """CREATE TABLE jobs (
        row INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        finished_at TEXT,
        cancelling INTEGER NOT NULL DEFAULT 0,
        body TEXT NOT NULL
    )""",
    """CREATE TABLE files (
        row INTEGER REFERENCES jobs (row) ON DELETE CASCADE,
        position INTEGER,
        body TEXT NOT NULL,
        PRIMARY KEY (row, position)
    ) WITHOUT ROWID""",
    "CREATE INDEX unfinished ON jobs (owner) WHERE finished_at IS NULL",
    "CREATE INDEX finished ON jobs (finished_at) WHERE finished_at IS NOT NULL",
    f"PRAGMA user_version = {FORMAT}",
)


class JobStore:
    """Jobs of a home on disk; for any thread.

    Every method raises DiskFull or JobStoreUnusable where the file cannot be used.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._path = home.root / "jobs.sqlite3"
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    @property
    def exists(self) -> bool:
        """Whether there ever was a job."""
        return self._path.exists()

    def check(self) -> None:
        """Open the file, if there is one."""
        self.count_unfinished()

    def insert(self, job: Job) -> None:
        """Keep a new job; it is on the disk when this returns."""
        with self._writing() as db:
            row = db.execute(
                "INSERT INTO jobs (id, owner, finished_at, body) VALUES (?, ?, ?, ?)",
                (job.id, job.owner, job.finished_at, write_job(job)),
            ).lastrowid
            rows = [(row, position, write_file(file)) for position, file in enumerate(job.files)]
            db.executemany("INSERT INTO files VALUES (?, ?, ?)", rows)

    def save(self, job: Job, written: Sequence[JobFile]) -> None:
        """Write a job down as it is now, if its owner still is.

        Args:
            written: its files as they are written already; more may have come since.
        """
        changed = [
            (position, write_file(new), job.id, job.owner)
            for position, new in enumerate(job.files)
            if position >= len(written) or written[position] is not new
        ]
        with self._writing() as db:
            db.execute(
                "UPDATE jobs SET finished_at = ?, body = ? WHERE id = ? AND owner = ?",
                (job.finished_at, write_job(job), job.id, job.owner),
            )
            db.executemany(
                "REPLACE INTO files SELECT row, ?, ? FROM jobs WHERE id = ? AND owner = ?", changed
            )

    def find(self, job_id: str) -> Job:
        """Job by its id.

        Raises:
            JobNotFound
        """
        rows = self._select("WHERE id = ?", job_id)
        if not rows:
            raise JobNotFound(
                f"There is no job {job_id!r}.",
                hint=f"List the jobs; those that ended are kept {KEEP_DAYS} days.",
            )
        return rows[0]

    def recent(self, limit: int) -> list[Job]:
        """Newest jobs, the newest first."""
        return self._select("ORDER BY row DESC LIMIT ?", limit)

    def unfinished(self, owner: str) -> list[Job]:
        """Jobs of an owner that have not ended, the oldest first."""
        return self._select("WHERE owner = ? AND finished_at IS NULL ORDER BY row", owner)

    def owners(self) -> list[str]:
        """Owners of jobs that have not ended."""
        if not self.exists:
            return []
        with self._using() as db:
            found = db.execute("SELECT DISTINCT owner FROM jobs WHERE finished_at IS NULL")
            return [row[0] for row in found.fetchall()]

    def count_unfinished(self) -> int:
        """Number of jobs that have not ended, of every owner."""
        if not self.exists:
            return 0
        with self._using() as db:
            found = db.execute("SELECT count(*) FROM jobs WHERE finished_at IS NULL")
            return int(found.fetchone()[0])

    def adopt(self, owner: str, heir: str) -> list[Job]:
        """Give the unfinished jobs of an owner to another, and return them."""
        with self._writing() as db:
            adopted = [job.taken_over(heir) for job in self.unfinished(owner)]
            for job in adopted:
                db.execute(
                    "UPDATE jobs SET owner = ?, body = ? WHERE id = ? AND owner = ?",
                    (heir, write_job(job), job.id, owner),
                )
        return adopted

    def ask_to_cancel(self, job_id: str) -> None:
        """Ask the owner of a job to cancel it."""
        with self._writing() as db:
            db.execute("UPDATE jobs SET cancelling = 1 WHERE id = ?", (job_id,))

    def cancelling(self, owner: str) -> list[str]:
        """Ids of an owner's unfinished jobs that somebody asked to cancel."""
        with self._using() as db:
            found = db.execute(
                "SELECT id FROM jobs WHERE owner = ? AND cancelling AND finished_at IS NULL",
                (owner,),
            )
            return [row[0] for row in found.fetchall()]

    def prune(self) -> None:
        """Forget jobs that ended long ago, and the oldest of too many."""
        oldest = (datetime.now(UTC) - timedelta(days=KEEP_DAYS)).isoformat()
        with self._writing() as db:
            db.execute("DELETE FROM jobs WHERE finished_at < ?", (oldest,))
            db.execute(
                "DELETE FROM jobs WHERE finished_at IS NOT NULL AND row NOT IN (SELECT row FROM jobs"
                " WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT ?)",
                (KEEP_JOBS,),
            )

    def close(self) -> None:
        """Close the file; it opens again when needed."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _select(self, condition: str, value: str | int) -> list[Job]:
        if not self.exists:
            return []
        with self._using() as db:
            found = db.execute(f"SELECT row, body FROM jobs {condition}", (value,)).fetchall()
            return [read_job(body, self._files(db, row)) for row, body in found]

    @staticmethod
    def _files(db: sqlite3.Connection, row: int) -> list[str]:
        found = db.execute("SELECT body FROM files WHERE row = ? ORDER BY position", (row,))
        return [body for (body,) in found.fetchall()]

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """The connection, in one transaction."""
        with self._using() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        """The connection, with errors that say what is wrong."""
        with self._lock:
            try:
                yield self._connect()
            except (sqlite3.Error, OSError) as error:
                raise self._error(error) from error

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            db = sqlite3.connect(
                self._path, timeout=30, isolation_level=None, check_same_thread=False
            )
            try:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = FULL")
                db.execute("PRAGMA foreign_keys = ON")
                self._check_format(db)
            except BaseException:
                db.close()
                raise
            self._connection = db
        return self._connection

    def _check_format(self, db: sqlite3.Connection) -> None:
        db.execute("BEGIN IMMEDIATE")
        found = db.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            for statement in _SCHEMA:
                db.execute(statement)
        db.execute("COMMIT")
        if found > FORMAT:
            raise JobStoreUnusable(
                f"The jobs in {self._path} have format {found}; this pageglass knows {FORMAT}.",
                hint="Upgrade pageglass; deleting the file forgets the jobs, and no document.",
            )

    def _error(self, error: Exception) -> DiskFull | JobStoreUnusable:
        if is_disk_full(error):
            return DiskFull(
                f"There is no space left for {self._home.root}.",
                hint="Free some space and send it again.",
            )
        return JobStoreUnusable(
            f"The jobs in {self._path} cannot be used: {error}.",
            hint="Check its permissions; deleting it forgets the jobs, and no document.",
        )
