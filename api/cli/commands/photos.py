"""`pageglass duplicates` and `tags`: near-duplicate photos, tags by page count."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.exits import ExitCode
from api.cli.options import HomeOption, JsonOption
from api.cli.session import session
from api.printable import plain


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
    from ingest.library.documents import readable
    from ingest.shards.sharded_library import open_library
    from retrieval.duplicate_videos import find_duplicate_videos
    from retrieval.duplicates import find_duplicates

    opened, what = found.open_home(home), "videos" if videos else "photos"
    groups = (find_duplicate_videos if videos else find_duplicates)(opened, same)
    paths = {document.id: document.paths for document in open_library(opened).documents()}
    for group in groups:
        shown = [
            (page.key, [readable(path) for path in paths.get(page.document_id, ())])
            for page in group.pages
        ]
        if json:
            found.terminal.record(
                {
                    "similar": group.similar,
                    what: [{"page": key, "paths": names} for key, names in shown],
                }
            )
        else:
            found.terminal.result(f"{len(shown)} similar ({group.similar:.2f}), the largest first:")
            for key, names in shown:
                found.terminal.result(f"  {plain(', '.join(names) or key)}")
    if not groups:
        found.terminal.fail(
            f"There are no near-duplicate {what}.", "A lower --same accepts less similar ones."
        )
        raise typer.Exit(ExitCode.NOTHING)


def tags(ctx: typer.Context, json: JsonOption = False, home: HomeOption = None) -> None:
    """List the tags of photos and figures, and how many pages have each."""
    found = session(ctx, json=json)
    from ingest.shards.sharded_library import open_library

    counts = open_library(found.open_home(home)).tag_counts()
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
