"""Hostile files of every class: each ends within its limits, and costs no other file."""

from __future__ import annotations

import contextlib
import random
from collections import defaultdict
from pathlib import Path

import psutil
import pytest
from bombs import CLASSES, FONT, draw, form_in_itself, stream

from ingest.files.render import RenderSettings
from ingest.files.source import UnreadableFile
from ingest.page import Page
from ingest.readers.limits import ReadLimits
from ingest.readers.read_ahead import ReadFailure, ReadJob, ReadPages, read_ahead
from ingest.readers.read_now import read_pages
from ingest.readers.reader_pool import ReaderPool

SEED = 12
EACH = {"nested forms": 1, "fills": 1, "truncated": 6, "bytes changed": 8, "wrong kind": 6}
"""Files of a class; two of the others. The first two classes take their whole time."""
LIMITS = ReadLimits(seconds=8, memory_mb=1_500)
PLAIN = RenderSettings(dpi=72, ocr="none")
SLACK_MB = 200
"""What a worker may hold beyond its limit between two looks at it: code, and files in memory."""
CODES = {"unreadable-file", "too-many-pages", "needs-password", "read-timeout", "read-memory"}
EXPECTED = {
    "nested forms": {"read-timeout"},
    "fills": {"read-timeout"},
    "count lies": {"read"},
    "shared kids": {"too-many-pages"},
}
"""How files of a class end, where all end alike."""


@pytest.fixture(scope="module")
def bombs(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """Files of each class, with a good one between all of them; the class of each."""
    folder, made = tmp_path_factory.mktemp("bombs"), {}
    for name, build in CLASSES.items():
        for at in range(EACH.get(name, 2)):
            kind, data = build(random.Random(f"{SEED} {name} {at}"))
            path = folder / f"{name.replace(' ', '-')}-{at}.{kind}"
            path.write_bytes(data)
            made[path] = name
    good = folder / "good.pdf"
    good.write_bytes(draw(stream(b"BT /F 12 Tf 10 10 Td (hello) Tj ET"), FONT))
    made[good] = "good"
    return made


def test_every_hostile_file_ends_within_its_limits(bombs: dict[Path, str]) -> None:
    jobs = [ReadJob(path, f"id-{path.name}", path.name) for path in bombs]
    pages: dict[Path, int] = defaultdict(int)
    ended: dict[Path, str] = {}
    peak = 0.0
    with contextlib.closing(ReaderPool(2, LIMITS)) as pool:
        for result in read_ahead(jobs, PLAIN, pool):
            peak = max([peak, *map(resident_mb, pool.pids())])
            if isinstance(result, ReadPages):
                pages[result.job.path] += len(result.pages)
                if pages[result.job.path] == result.inspection.page_count:
                    assert result.job.path not in ended
                    ended[result.job.path] = "read"
            elif isinstance(result, ReadFailure):
                assert result.job.path not in ended
                assert isinstance(result.error, UnreadableFile)
                assert result.job.name in result.error.message
                ended[result.job.path] = result.error.code
    assert set(ended) == set(bombs)
    assert set(ended.values()) - {"read"} <= CODES
    for path, name in bombs.items():
        assert ended[path] in EXPECTED.get(name, {*CODES, "read"}), path.name
    assert ended[next(path for path, name in bombs.items() if name == "good")] == "read"
    assert peak < LIMITS.memory_mb + SLACK_MB


def test_a_second_reader_that_crashes_does_not_cost_the_page(tmp_path: Path) -> None:
    path = tmp_path / "circle.pdf"
    # White words: MuPDF's page is blank, so that PDFium is asked.
    path.write_bytes(form_in_itself(ink=b"1 g"))
    with contextlib.closing(ReaderPool(1, ReadLimits(memory_mb=1_000))) as pool:
        results = [r for r in read_ahead([ReadJob(path, "id", path.name)], PLAIN, pool) if r]
        now = list(read_pages(path, Page("id", 1, path.name), 1, PLAIN, pool))
    [read] = results
    assert isinstance(read, ReadPages)
    for pages in (read.pages, now):
        assert [word.text for word in pages[0].words] == ["hello"]


def resident_mb(pid: int) -> float:
    with contextlib.suppress(psutil.Error):
        return float(psutil.Process(pid).memory_info().rss) / (1 << 20)
    return 0.0
