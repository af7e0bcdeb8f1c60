"""`pageglass config`: every setting, its value and where that comes from."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli.options import JsonOption
from api.cli.session import session
from api.environment import environment_settings
from api.printable import plain
from api.settings_file import read_settings_file, settings_path


def config(
    ctx: typer.Context,
    path: Annotated[
        bool, typer.Option("--path", help="Print where the settings file is, or would be.")
    ] = False,
    template: Annotated[
        bool, typer.Option("--template", help="Print a settings file with every setting in it.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show the settings: options win over the environment, that over the file."""
    from api.settings import Settings

    found = session(ctx, json=json)
    if path:
        found.terminal.result(plain(str(settings_path())))
        return
    if template:
        for line in write_template():
            found.terminal.result(line)
        return
    from_environment, from_file = environment_settings(), read_settings_file()
    rows = []
    for name, field in Settings.model_fields.items():
        origin = (
            "environment"
            if name in from_environment
            else "settings file"
            if name in from_file
            else "default"
        )
        value = show_value(getattr(found.settings, name))
        rows.append((name, "" if value is None else str(value), origin))
        if json:
            record = {"setting": name, "value": value, "origin": origin}
            found.terminal.record({**record, "meaning": field.description})
    if not json:
        found.terminal.table(("setting", "value", "from"), rows)
        found.terminal.note(f"The settings file is {plain(str(settings_path()))}.")


def show_value(value: Any) -> Any:
    """Value for a reader: a secret is not shown, only that it is there."""
    from pydantic import SecretStr

    if isinstance(value, SecretStr):
        return "********"
    return value if value is None or isinstance(value, int | float | str) else str(value)


def write_template() -> list[str]:
    """Lines of a settings file in which every setting is a comment."""
    from api.settings import Settings

    lines = ["# Settings of pageglass. A line without # counts."]
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = f'"{default}"' if not isinstance(default, int | float) else str(default).lower()
        lines += [
            "",
            f"# {field.description}",
            f"# {name} = {shown if default is not None else ''}",
        ]
    return lines
