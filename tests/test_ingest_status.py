from __future__ import annotations

import time

from api.cli.progress.ingest_progress import IngestLines
from api.cli.progress.ingest_status import IngestStatus
from ingest.event import (
    Done,
    Failed,
    FileOpened,
    FilesFound,
    LoadingModels,
    PagesEncoded,
    PagesRead,
)
from ingest.file_state import MISSING, Failure


def test_phases_counts_and_time_left() -> None:
    now = 0.0
    status = IngestStatus(lambda: now)
    assert (status.phase, status.total, status.seconds_left()) == ("looking for files", None, None)
    status.take(FilesFound(3, 2))
    assert status.counts() == "0 of 2 files, 0 pages, 0.0 a second"
    status.take(LoadingModels(("minilm",)))
    assert status.phase == "loading models"
    status.take(FileOpened("/in/report.pdf", 88))
    status.take(PagesRead("/in/report.pdf", 12, 88))
    assert status.phase == "reading report.pdf, page 12 of 88"
    now = 4.0
    status.take(PagesEncoded(8))
    # The file that is not open yet counts as one of 88 pages.
    assert (status.total, status.seconds_left()) == (176, 4.0 / 8 * 168)
    status.take(Failed(Failure("/in/bad.pdf", MISSING, "It is empty.", "Copy it.")))
    assert status.counts() == "1 of 2 files, 8 pages, 2.0 a second, 1 failed"
    status.take(PagesRead("/in/photo.jpg", 1, 1))
    assert status.phase == "reading photo.jpg"
    status.take(Done(1, 0, 0, 0, 1, 8, 4.0))
    assert (status.completed, status.total) == (8, 8)


def test_a_line_now_and_then_where_nothing_happens() -> None:
    lines: list[str] = []
    with IngestLines(lines.append, seconds=0.02) as progress:
        progress.show(FilesFound(1, 1))
        progress.show(LoadingModels(("minilm", "conse")))
        deadline = time.monotonic() + 10
        while len(lines) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert lines[:2] == ["1 file, 1 to read", "loading models: minilm, conse"]
    assert lines[3] == "loading models: 0 of 1 file, 0 pages, 0.0 a second"
