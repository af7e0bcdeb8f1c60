"""`pageglass watch FOLDER...`: folders followed, their changes read as they come."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.exits import ExitCode
from api.cli.ingesting.ingest_options import GivenOptions, with_ingest_options
from api.cli.options import HomeOption, JsonOption, QuietOption
from api.cli.session import Session, session
from api.printable import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.folder_passes import FolderPasses
    from ingest.event import Event


@with_ingest_options
def watch(
    ctx: typer.Context,
    read: Callable[[], GivenOptions],
    paths: Annotated[list[str], typer.Argument(metavar="FOLDER...", help="Folders to follow.")],
    quiet: QuietOption = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Follow folders until Ctrl-C: read what is new or changed, now and as it comes.

    A file that is being written is read once it has not changed for two seconds. A
    renamed or moved file keeps its document, tags and title. With --prune a deleted
    file goes from the library, unless a whole folder is missing or empty, like one of
    a disk that is not mounted. Options for files that were read before, such as --redo,
    hold for the first look.
    """
    found = session(ctx, json=json, quiet=quiet)
    given = read()
    from api.folder_passes import FolderPasses
    from api.ingestion import plan_ingest
    from ingest.watch.folder_watcher import FolderWatcher, find_folders

    folders = find_folders(paths)
    opened = found.open_home(home, create=True)
    plan = plan_ingest(opened, given.apply(found.settings), given.ingest)
    if plan.note:
        found.terminal.note(plan.note)
    passes = FolderPasses(opened, plan, FolderWatcher(folders, opened.root))
    _follow(found, passes, quiet, f"{count_of(len(folders), 'folder')} watched (Ctrl-C stops).")


def _follow(found: Session, passes: FolderPasses, quiet: bool, watched: str) -> None:
    """Show passes until Ctrl-C, which loses nothing.

    Raises:
        typer.Exit
    """
    from api.cli.ingesting.ingest_report import report_ingest, report_pass
    from ingest.event import Done

    reading = False

    def noted(events: Iterator[Event]) -> Iterator[Event]:
        nonlocal reading
        for event in events:
            reading = not isinstance(event, Done)
            yield event

    first = True
    try:
        for events in passes.run(found.terminal.note_wait):
            if not first:
                report_pass(noted(events), found.terminal, quiet=quiet)
                continue
            first = False
            report_ingest(noted(events), found.terminal, quiet=quiet)
            if not quiet:
                found.terminal.note(watched)
    except KeyboardInterrupt:
        if reading:
            found.terminal.fail(
                "Stopped. What was added is kept.", "The same command goes on where it stopped."
            )
            raise typer.Exit(ExitCode.STOPPED) from None
        found.terminal.note("Stopped.")
