"""`pageglass doctor`: checks of the installation, the home and the models."""

from __future__ import annotations

from dataclasses import asdict

import typer

from api.cli.exits import ExitCode
from api.cli.options import HomeOption, JsonOption
from api.cli.session import session
from api.printable import plain

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
