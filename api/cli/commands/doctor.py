"""`pageglass doctor` and `encoders`: what works here, and what can be named."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from api.cli.exits import ExitCode
from api.cli.options import HomeOption, JsonOption
from api.cli.session import session
from api.printable import plain

_HEADS = ("encoder", "encodes", "family", "parameters", "dim", "note")
_MARKS = {"ok": "ok", "note": "note", "broken": "BROKEN"}


def doctor(ctx: typer.Context, json: JsonOption = False, home: HomeOption = None) -> None:
    """Check the installation; exit 1 where the default cannot work."""
    found = session(ctx, json=json)
    from api.diagnostics.examine import examine

    broken = False
    for finding in examine(found.open_home(home), found.settings):
        broken = broken or finding.state == "broken"
        if json:
            found.terminal.record(asdict(finding))
            continue
        line = f"{_MARKS[finding.state]:<7} {finding.topic:<8} {finding.name}: {finding.detail}"
        found.terminal.result(plain(line))
        if finding.hint:
            found.terminal.result(f"{'':17}{plain(finding.hint)}")
    if broken:
        raise typer.Exit(ExitCode.FAILURE)


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
