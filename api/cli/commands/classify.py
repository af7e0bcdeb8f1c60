"""`pageglass classify IMAGE... --labels a,b,c`: zero-shot labels of images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.exits import ExitCode
from api.cli.options import DeviceOption, HomeOption, JsonOption
from api.cli.session import session
from api.printable import plain


def classify(
    ctx: typer.Context,
    images: Annotated[
        list[str],
        typer.Argument(metavar="IMAGE...", help="Image files, or their URLs.", show_default=False),
    ],
    labels: Annotated[str, typer.Option(help="The labels: a,b,c, or @FILE with one a line.")],
    encoder: Annotated[
        str | None,
        typer.Option("--images", help="conse or clip:MODEL.", show_default="what the home has"),
    ] = None,
    device: DeviceOption = None,
    top: Annotated[int, typer.Option("--top", "-n", min=1, help="Labels shown for an image.")] = 5,
    json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Classify images by labels, with a probability each. Nothing is kept."""
    found = session(ctx, json=json)
    from api.classification import open_classifier
    from api.sources import local_file
    from ingest.annotate.tag import read_labels
    from ingest.fetch.fetch_policy import UrlRefused, UrlUnreachable
    from ingest.files.source import UnreadableFile
    from ingest.library.documents import readable

    names = read_labels(Path(labels[1:])) if labels.startswith("@") else labels.split(",")
    failed = 0
    with found.readers() as readers:
        classifier = open_classifier(
            found.open_home(home), found.settings, names, readers, encoder=encoder, device=device
        )
        for path in images:
            try:
                with local_file(path, found.settings.fetch_policy()) as local:
                    ranked = classifier.classify(local)
            except (UnreadableFile, UrlRefused, UrlUnreachable) as error:
                failed += 1
                found.terminal.error(error)
                continue
            name = readable(str(path))
            if json:
                shares = {label: round(share, 4) for label, share in ranked.items()}
                found.terminal.record({"file": name, "labels": shares, "encoder": classifier.spec})
            else:
                best = list(ranked.items())[:top]
                shown = ", ".join(f"{label} {share:.0%}" for label, share in best)
                found.terminal.result(f"{plain(name)}: {plain(shown)}")
    if failed:
        raise typer.Exit(ExitCode.FAILURE if failed == len(images) else ExitCode.SOME_FAILED)
