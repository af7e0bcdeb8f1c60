"""`pageglass help COMMAND`: the same as `pageglass COMMAND --help`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli.exits import InvalidUsage


def show_help(
    ctx: typer.Context,
    command: Annotated[str | None, typer.Argument(help="A command.", show_default=False)] = None,
) -> None:
    """Show the help of a command, or of all."""
    assert ctx.parent is not None
    group: Any = ctx.parent.command
    if command is None:
        typer.echo(ctx.parent.get_help())
        return
    wanted = group.get_command(ctx.parent, command)
    if wanted is None:
        raise InvalidUsage(
            f"There is no command {command!r}.", hint="`pageglass help` lists the commands."
        )
    with wanted.make_context(command, [], parent=ctx.parent, resilient_parsing=True) as inner:
        typer.echo(wanted.get_help(inner))
