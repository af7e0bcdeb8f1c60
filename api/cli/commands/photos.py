"""`pageglass duplicates` and `tags`: near-duplicate photos, tags by page count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.exits import ExitCode
from api.cli.options import HomeOption, JsonOption
from api.cli.session import Session, session
from api.printable import plain

if TYPE_CHECKING:
    from ingest.library.home import Home


def duplicates(
    ctx: typer.Context,
    same: Annotated[
        float,
        typer.Option(min=0.5, max=1.0, help="Least similarity of two photos; 1 is identical."),
    ] = 0.85,
    videos: Annotated[
        bool, typer.Option("--videos", help="Videos, where there is an encoder of them.")
    ] = False,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Find photos that are nearly the same: resized, saved again, cropped a little."""
    found = session(ctx, json=json)
    if videos:
        _show_videos(found, found.open_home(home), same)
        return
    from ingest.library.documents import readable
    from ingest.library.library import Library
    from retrieval.duplicates import find_duplicates

    opened = found.open_home(home)
    groups = find_duplicates(opened, same)
    paths = {document.id: document.paths for document in Library(opened).documents()}
    for group in groups:
        shown = [
            (page.key, [readable(path) for path in paths.get(page.document_id, ())])
            for page in group.pages
        ]
        if json:
            found.terminal.record(
                {
                    "similar": group.similar,
                    "photos": [{"page": key, "paths": names} for key, names in shown],
                }
            )
        else:
            found.terminal.result(f"{len(shown)} similar ({group.similar:.2f}), the largest first:")
            for key, names in shown:
                found.terminal.result(f"  {plain(', '.join(names) or key)}")
    if not groups:
        found.terminal.fail(
            "There are no near-duplicate photos.", "A lower --same accepts less similar ones."
        )
        raise typer.Exit(ExitCode.NOTHING)


def _show_videos(found: Session, home: Home, same: float) -> None:
    """Show pairs of near-duplicate videos."""
    from ingest.library.documents import readable
    from retrieval.duplicate_videos import find_duplicate_videos

    pairs = find_duplicate_videos(home, same)
    for pair in pairs:
        paths = [[readable(path) for path in document.paths] for document in pair.documents]
        if found.terminal.json:
            shown = zip(pair.documents, paths, strict=True)
            videos = [{"document": document.id, "paths": names} for document, names in shown]
            found.terminal.record({"similar": pair.similar, "videos": videos})
        else:
            found.terminal.result(f"2 similar ({pair.similar:.2f}), the longer first:")
            for names, document in zip(paths, pair.documents, strict=True):
                found.terminal.result(f"  {plain(', '.join(names) or document.name)}")
    if not pairs:
        found.terminal.fail(
            "There are no near-duplicate videos.", "A lower --same accepts less similar ones."
        )
        raise typer.Exit(ExitCode.NOTHING)


def tags(ctx: typer.Context, json: JsonOption = False, home: HomeOption = None) -> None:
    """List the tags of photos and figures, and how many pages have each."""
    found = session(ctx, json=json)
    from ingest.library.library import Library

    counts = Library(found.open_home(home)).tag_counts()
    for tag, pages in counts.items():
        if json:
            found.terminal.record({"tag": tag, "pages": pages})
    if counts and not json:
        found.terminal.table(("tag", "pages"), [(tag, str(n)) for tag, n in counts.items()])
    if not counts:
        found.terminal.fail(
            "No page has a tag.", "`pageglass ingest PATH --tag-with labels.txt` gives them."
        )
        raise typer.Exit(ExitCode.NOTHING)
