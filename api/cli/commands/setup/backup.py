"""`pageglass backup FILE` and `restore FILE`: the whole library in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import HomeOption, JsonOption, QuietOption
from api.cli.session import Session, session
from api.printable import count_of, plain


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write it; an older file is replaced.")],
    quiet: QuietOption = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Write the whole library into one file, while searches go on."""
    found = session(ctx, json=json, quiet=quiet)
    from api.cli.progress.bytes_progress import bytes_progress
    from ingest.shards.acts import back_up_home

    with bytes_progress("backing up", quiet) as progress:
        content = back_up_home(found.open_home(home), file.expanduser(), progress.report)
    _report(found, "backed up", content.documents, content.pages, file)


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `pageglass backup` wrote.")],
    quiet: QuietOption = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Bring a backup into an empty data folder."""
    found = session(ctx, json=json, quiet=quiet)
    from api.cli.progress.bytes_progress import bytes_progress
    from ingest.replica.backup import restore as restore_backup

    with bytes_progress("restoring", quiet) as progress:
        opened = found.open_home(home, create=True)
        content = restore_backup(opened, file.expanduser(), progress.report)
    _report(found, "restored", content.documents, content.pages, file)


def _report(found: Session, what: str, documents: int, pages: int, file: Path) -> None:
    if found.terminal.json:
        event = what.replace(" ", "_")
        found.terminal.record(
            {"event": event, "documents": documents, "pages": pages, "file": plain(str(file))}
        )
    else:
        found.terminal.note(
            f"{what} {count_of(documents, 'document')}, {count_of(pages, 'page')}:"
            f" {plain(str(file))}"
        )
