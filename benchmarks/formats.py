"""Formats: what is read of the files of a folder, by format, with processor times.

    python -m benchmarks.formats [PATH ...] [--ocr ENGINE] [--office BY]

Each file is opened and read in this process, one after the other: run it on files that you
trust. Without a path it reads the samples in data/.
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ingest.files.find import find_files
from ingest.files.formats.kinds import SUFFIXES, format_of
from ingest.files.formats.office import check_office, readable_suffixes
from ingest.files.render import RenderSettings, inspect, render
from ingest.files.source import UnreadableFile
from ingest.page import Page

DATA = Path(__file__).parents[1] / "data"
PAGES_AT_ONCE = 4


@dataclass(slots=True)
class FormatCount:
    """What was read of the files of a format."""

    files: int = 0
    pages: int = 0
    words: int = 0
    seconds: float = 0.0
    failed: int = 0
    notes: set[str] = field(default_factory=set)


def measure(paths: Iterable[Path], settings: RenderSettings) -> dict[str, FormatCount]:
    """Read files; counts by format."""
    counts: dict[str, FormatCount] = defaultdict(FormatCount)
    for path in paths:
        known = format_of(path)
        count = counts[known.name if known else "other"]
        count.files += 1
        start = _cpu_seconds()
        try:
            pages = inspect(path, settings).page_count
            for first in range(1, pages + 1, PAGES_AT_ONCE):
                some = min(PAGES_AT_ONCE, pages + 1 - first)
                for page in render(path, Page(path.name, first, path.name), some, settings):
                    count.pages += 1
                    count.words += sum(word.role != "hidden" for word in page.words)
                    count.notes |= {page.note} - {""}
        except UnreadableFile as error:
            count.failed += 1
            count.notes.add(str(error).partition(". ")[0])
        count.seconds += _cpu_seconds() - start
    return counts


def _cpu_seconds() -> float:
    """Processor time of this process and of the programs that it has run."""
    return sum(os.times()[:4])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("paths", nargs="*", type=Path, default=[DATA])
    parser.add_argument("--ocr", default="rapidocr")
    parser.add_argument("--office", default="libreoffice")
    asked = parser.parse_args()
    settings = RenderSettings(ocr=asked.ocr, office=check_office(asked.office))
    suffixes = SUFFIXES | readable_suffixes(settings.office)
    counts = measure(find_files(asked.paths, suffixes=suffixes), settings)
    print("| format | files | pages | words | CPU seconds | not read | what is lost |")
    print("|---|---|---|---|---|---|---|")
    for name, count in sorted(counts.items()):
        lost = "; ".join(sorted(count.notes))
        print(
            f"| {name} | {count.files} | {count.pages} | {count.words} | {count.seconds:.2f}"
            f" | {count.failed or ''} | {lost} |"
        )


if __name__ == "__main__":
    main()
