"""`pageglass encoders [CONTAINING]`: encoders that can be named, with their sizes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from api.cli.exits import ExitCode
from api.cli.options import JsonOption
from api.cli.session import session

_HEADS = ("encoder", "encodes", "family", "parameters", "dim", "note")


def encoders(
    ctx: typer.Context,
    containing: Annotated[
        str | None,
        typer.Argument(metavar="CONTAINING", help="Only those with this in their name or family."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List encoders that --encoder and --images take, with their sizes where known."""
    found = session(ctx, json=json)
    from ingest.encoders.catalog.choices import list_choices
    from ingest.extras import EXTRAS, find_missing, install_name

    choices = list_choices(containing or "")
    if json:
        for choice in choices:
            found.terminal.record(asdict(choice))
    elif choices:
        rows = [
            (
                choice.spec,
                choice.encodes,
                choice.family,
                _short(choice.parameters),
                str(choice.dim or "?"),
                choice.note or (f"{choice.image_size} px" if choice.image_size else ""),
            )
            for choice in choices
        ]
        found.terminal.table(_HEADS, rows)
    if find_missing(*EXTRAS["models"].modules):
        found.terminal.note(
            "Names with a colon, and the list of open_clip's weights, need the extra models:"
            f" pip install '{install_name('models')}'."
        )
    if not choices:
        found.terminal.fail(
            f"No known encoder has {containing!r} in its name.",
            "Any checkpoint of the families listed without an argument can be named.",
        )
        raise typer.Exit(ExitCode.NOTHING)


def _short(parameters: int | None) -> str:
    """Number of parameters in millions or billions."""
    if parameters is None:
        return "?"
    return f"{parameters / 1e9:.1f}B" if parameters >= 1e9 else f"{parameters / 1e6:.0f}M"
