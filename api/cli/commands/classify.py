"""`pageglass classify IMAGE... --labels a,b,c`: zero-shot labels of images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.exits import ExitCode, InvalidUsage
from api.cli.options import DeviceOption, HomeOption, JsonOption
from api.cli.session import session
from api.printable import plain


def classify(
    ctx: typer.Context,
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE...", help="Image files.", show_default=False)
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
    from dataclasses import replace

    from api.rag.query_image import open_query_image
    from ingest.annotate.classify import Labeller, load_image_encoder
    from ingest.annotate.tag import read_labels
    from ingest.choose import canonical, choose_image_encoder
    from ingest.files.source import UnreadableFile
    from ingest.library.documents import readable
    from retrieval.query.encode import render_query_image

    chosen = encoder or found.settings.images
    spec = canonical(chosen) if chosen else choose_image_encoder(found.open_home(home))
    if spec == "none":
        raise InvalidUsage("There is no image encoder.", hint="Name one, such as --images conse.")
    encoding = found.settings.encoding()
    if device:
        encoding = replace(encoding, device=device)
    names = read_labels(Path(labels[1:])) if labels.startswith("@") else labels.split(",")
    image_encoder = load_image_encoder(spec, encoding)
    labeller = Labeller(image_encoder, names)
    failed = 0
    for path in images:
        try:
            image = open_query_image(path)
        except UnreadableFile as error:
            failed += 1
            found.terminal.error(error)
            continue
        likely = labeller.probabilities(
            image_encoder.encode_pages([render_query_image(image)])[0].vectors
        )
        ranked = sorted(zip(likely.tolist(), labeller.labels, strict=True), reverse=True)
        name = readable(str(path))
        if json:
            shares = {label: round(share, 4) for share, label in ranked}
            found.terminal.record({"file": name, "labels": shares, "encoder": spec})
        else:
            shown = ", ".join(f"{label} {share:.0%}" for share, label in ranked[:top])
            found.terminal.result(f"{plain(name)}: {plain(shown)}")
    if failed:
        raise typer.Exit(ExitCode.FAILURE if failed == len(images) else ExitCode.SOME_FAILED)
