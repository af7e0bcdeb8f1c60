"""Report of an ingest on the terminal: events as they come, then a summary."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from api.cli.exits import ExitCode
from api.cli.progress.ingest_progress import describe, ingest_progress
from api.cli.progress.progress import LineProgress, Progress
from api.cli.terminal import Terminal
from api.printable import count_of, plain
from api.schemas.ingest_events import ingest_event_fields
from ingest.event import (
    Captioned,
    Done,
    DuplicateFound,
    Event,
    Failed,
    FilesFound,
    Gone,
    LeftOut,
    Removed,
    StayedRemoved,
)
from ingest.extras import install_name
from ingest.file_state import Failure
from ingest.files.find import count_suffixes
from ingest.files.formats.kinds import OFFICE_SUFFIXES, READABLE_KINDS, suffix_of
from ingest.library.documents import readable

MAX_NAMED = 8
"""Files, or else suffixes, that are named in the summary."""


class IngestReport:
    """What the summary of an ingest names."""

    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self.earlier: list[Failure] = []
        self.left_out: list[str] = []
        self.stayed_removed: list[str] = []
        self.gone: list[str] = []
        self.files = 0
        self.removed = False
        self.captioned = 0
        self.done: Done | None = None

    def take(self, event: Event) -> None:
        """Take an event into account."""
        match event:
            case Failed(failure, earlier):
                (self.earlier if earlier else self.failures).append(failure)
            case FilesFound():
                self.files = event.files
            case LeftOut(paths):
                self.left_out.extend(paths)
            case StayedRemoved(paths):
                self.stayed_removed.extend(paths)
            case Gone(path):
                self.gone.append(path)
            case Done():
                self.done = event
            case Removed():
                self.removed = True
            case Captioned():
                self.captioned += event.pictures
            case _:
                pass

    def lines(self) -> Iterator[str]:
        """Lines of the summary, the failures apart."""
        if self.done:
            yield _sum_up(self.done, self.captioned)
        if self.left_out:
            yield _name_left_out(self.left_out)
        if self.stayed_removed:
            files = count_of(len(self.stayed_removed), "file")
            were = "was" if len(self.stayed_removed) == 1 else "were"
            yield (
                f"{files} that {were} removed left out (--again reads them):"
                f" {_name_some(self.stayed_removed)}."
            )
        if self.gone:
            yield (
                "No longer there, but still in the library (--prune removes them):"
                f" {_name_some(self.gone, whole=True)}."
            )


def report_ingest(
    events: Iterator[Event], terminal: Terminal, *, quiet: bool, named: bool = False
) -> ExitCode:
    """Show events as they come and a summary.

    Args:
        quiet: show what failed now, and nothing else.
        named: paths were given.
    """
    report = IngestReport()
    with ingest_progress(terminal, quiet) as progress:
        for event in events:
            if terminal.json:
                terminal.record(ingest_event_fields(event))
            progress.show(event)
            report.take(event)
    if not quiet:
        for line in report.lines():
            terminal.note(line)
    failures = report.failures if quiet else [*report.earlier, *report.failures]
    _list_failures(failures, terminal)
    if named and not report.files and not report.removed:
        terminal.fail(
            "No file of a kind that is read was found.",
            f"Read are {READABLE_KINDS}. A file that is named outright is read whatever it is called.",
        )
        return ExitCode.NOTHING
    return ExitCode.SOME_FAILED if failures else ExitCode.DONE


def report_pass(events: Iterator[Event], terminal: Terminal, *, quiet: bool) -> None:
    """Show what a later pass over watched folders changed; nothing where it did not."""
    progress = Progress[Event]() if quiet else LineProgress(terminal, _describe_change)
    failures: list[Failure] = []
    for event in events:
        if terminal.json:
            terminal.record(ingest_event_fields(event))
        progress.show(event)
        if isinstance(event, Failed) and not event.earlier:
            failures.append(event.failure)
    _list_failures(failures, terminal)


def _describe_change(event: Event) -> list[str]:
    match event:
        case DuplicateFound(path):
            return [f"known: {plain(readable(path))}"]
        case Removed(document):
            return [f"removed {plain(document.name)}"]
        case FilesFound():
            return []
        case _:
            return describe(event)


def _sum_up(done: Done, captioned: int) -> str:
    parts = [f"{done.added} added ({count_of(done.pages, 'page')})", f"{done.unchanged} unchanged"]
    for number, what in (
        (done.named, "known under another name"),
        (done.removed, "removed"),
        (done.failed, "failed"),
        (captioned, "images captioned"),
        (done.noted, "pages read in part (see `pageglass list`)"),
    ):
        if number:
            parts.append(f"{number} {what}")
    return f"{', '.join(parts)}, in {done.seconds:.1f} s"


def _name_left_out(paths: Sequence[str]) -> str:
    """Sentence about files of kinds that are not read, counted by kind; named where few."""
    counts = count_suffixes(paths)
    names = ", ".join(f"{plain(readable(s)) or 'no suffix'} {n:,}" for s, n in counts[:MAX_NAMED])
    if rest := sum(n for _, n in counts[MAX_NAMED:]):
        names += f", others {rest:,}"
    if len(paths) <= MAX_NAMED:
        names += f" ({_name_some(paths)})"
    said = f"{count_of(len(paths), 'file')} of kinds that are not read left out: {names}."
    if office := sorted({suffix_of(path) for path in paths} & OFFICE_SUFFIXES):
        return f"{said} LibreOffice, which is not installed, would read {', '.join(office)}; see --office."
    if any(suffix_of(path) == ".msg" for path in paths):
        return f"{said} pip install '{install_name('office')}' adds what reads .msg."
    return f"{said} PDFs of them would be read."


def _name_some(paths: Sequence[str], *, whole: bool = False) -> str:
    """The first of some paths, and how many more there are."""
    named = paths[:MAX_NAMED]
    shown = [plain(readable(path if whole else os.path.basename(path))) for path in named]
    more = f" and {len(paths) - MAX_NAMED} more" if len(paths) > MAX_NAMED else ""
    return ", ".join(shown) + more


def _list_failures(failures: Sequence[Failure], terminal: Terminal) -> None:
    if failures:
        terminal.note("Set aside until they change (--retry tries them again):")
    for failure in failures:
        terminal.note(f"  {plain(readable(failure.path))}")
        terminal.note(f"    {plain(failure.reason)} {plain(failure.hint)}")
