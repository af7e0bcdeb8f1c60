"""`pageglass ingest PATH...`: new and changed files into the library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from api.cli.exits import ExitCode, InvalidUsage
from api.cli.ingesting.ingest_options import GivenOptions, with_ingest_options
from api.cli.options import HomeOption, JsonOption, QuietOption
from api.cli.session import session


@with_ingest_options
def ingest(
    ctx: typer.Context,
    read: Callable[[], GivenOptions],
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH...", help="Files, folders (read whole), globs or URLs of files."
        ),
    ] = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Read files into the library: only what is new or changed.

    One bad file never stops the rest; it is listed at the end, and tried again
    once it changes. Whatever was added stays, however a run ends. A document that was
    removed stays removed until its file changes or is named itself.
    """
    found = session(ctx, json=json, quiet=quiet)
    given = read()
    options = given.ingest
    if not (paths or options.rebuild or options.quantization or options.caption or options.shards):
        raise InvalidUsage("There is no PATH.", hint="Name files, folders or globs to read.")
    from api.cli.ingesting.ingest_report import report_ingest
    from api.ingest_paths import check_paths
    from api.ingestion import plan_ingest, run_ingest

    check_paths(paths or (), prune=options.prune)
    opened = found.open_home(home, create=True)
    plan = plan_ingest(opened, given.apply(found.settings), options)
    if plan.note:
        found.terminal.note(plan.note)
    events = run_ingest(opened, paths or (), plan, found.terminal.note_wait)
    try:
        code = report_ingest(events, found.terminal, quiet=quiet, named=bool(paths))
    except KeyboardInterrupt:
        found.terminal.fail(
            "Stopped. What was added is kept.", "The same command goes on where this one stopped."
        )
        code = ExitCode.STOPPED
    raise typer.Exit(code)
