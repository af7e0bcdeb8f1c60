"""Hostile files of every kind: each ends within its limits, and costs no other file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import pytest
from format_bombs import BOMBS, ENDLESS, GB, sparse, with_frames
from make_video import make_video

from ingest.files.formats.office import OfficeSettings
from ingest.files.render import RenderSettings
from ingest.files.source import UnreadableFile
from ingest.readers.limits import ReadLimits
from ingest.readers.read_ahead import ReadFailure, ReadJob, ReadPages, read_ahead
from ingest.readers.reader_pool import ReaderPool

SETTINGS = RenderSettings(dpi=40, ocr="none", office=OfficeSettings("text"))
MORE = {
    **dict.fromkeys(("huge.csv", "lines.csv", "frames.mp4"), "unreadable-file"),
    "good.txt": "read",
}
"""Files that are written by other means, and how they end."""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """How each file ended."""
    folder = tmp_path_factory.mktemp("bombs")
    for name, (make, _) in BOMBS.items():
        data = make()
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    sparse(folder / "huge.csv", 2 * GB)
    sparse(folder / "lines.csv", GB, b"a,b\n1,2\n" * 600)
    (folder / "good.txt").write_text("The lamp was lit.")
    video = make_video(folder / "frames.mp4")
    video.write_bytes(with_frames(video.read_bytes(), 10**9))
    return ends(sorted(folder.iterdir()), ReadLimits(seconds=60, memory_mb=1_500))


def ends(paths: Iterable[Path], limits: ReadLimits) -> dict[str, str]:
    """How each file ends: "read", or the code of its error."""
    jobs = [ReadJob(path, f"id-{path.name}", path.name) for path in paths]
    found: dict[str, str] = {}
    with contextlib.closing(ReaderPool(2, limits)) as pool:
        for result in read_ahead(jobs, SETTINGS, pool):
            if isinstance(result, ReadPages):
                found[result.job.name] = "read"
            elif isinstance(result, ReadFailure):
                assert isinstance(result.error, UnreadableFile), result.job.name
                assert result.job.name in result.error.message
                found[result.job.name] = result.error.code
    return found


@pytest.mark.parametrize("name", [*BOMBS, *MORE])
def test_a_hostile_file_ends_as_it_should(name: str, ended: dict[str, str]) -> None:
    assert ended[name] == (MORE[name] if name in MORE else BOMBS[name][1])


def test_endless_files_end_at_the_deadline(tmp_path: Path) -> None:
    for name, make in ENDLESS.items():
        data = make()
        (tmp_path / name).write_bytes(data.encode() if isinstance(data, str) else data)
    found = ends(sorted(tmp_path.iterdir()), ReadLimits(seconds=1))
    assert found == dict.fromkeys(ENDLESS, "read-timeout")
