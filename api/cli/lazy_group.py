"""Group of commands that are imported and built when they are asked for.

Building one takes its module's import and a look at each of its options; a run of the
program needs one of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info
from typer.models import CommandInfo

from api.cli.ordered import OrderedCommand

COMMANDS = {
    "ingest": "ingest:ingest",
    "watch": "watch_folders:watch",
    "search": "search:search",
    "ask": "ask:ask",
    "open": "open_page:open_page",
    "explain": "explain:explain",
    "extract": "extract:extract",
    "text": "text:text",
    "list": "library:list_documents",
    "rename": "library:rename",
    "remove": "library:remove",
    "classify": "classify:classify",
    "duplicates": "photos:duplicates",
    "tags": "photos:tags",
    "status": "library:status",
    "encoders": "setup.doctor:encoders",
    "eval": "evaluate:evaluate",
    "finetune": "finetune:finetune",
    "config": "setup.config:config",
    "doctor": "setup.doctor:doctor",
    "serve": "serve:serve",
    "mcp": "mcp_server:mcp",
    "backup": "setup.backup:backup",
    "restore": "setup.backup:restore",
    "help": "setup.help_command:show_help",
}
"""Module and function of each command, in the order of the help."""


class LazyCommands(Mapping[str, TyperCommand]):
    """Commands by name; each is built when it is looked up."""

    def __getitem__(self, name: str) -> TyperCommand:
        function = find_function(name)
        kind = OrderedCommand if name == "ask" else TyperCommand
        info = CommandInfo(name, cls=kind, callback=function)
        command = get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
        assert isinstance(command, TyperCommand)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class LazyGroup(TyperGroup):
    """Group of `LazyCommands`; its help reads docstrings alone."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands: Any = LazyCommands()

    def list_commands(self, _ctx: Any) -> list[str]:
        """Names of the commands."""
        return list(COMMANDS)

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        """Write the commands with the first sentence of each."""
        width = formatter.width - 6 - max(map(len, COMMANDS))
        rows = [
            (name, TyperCommand(name, help=inspect.getdoc(find_function(name))))
            for name in COMMANDS
        ]
        with formatter.section("Commands"):
            formatter.write_dl([(name, shown.get_short_help_str(width)) for name, shown in rows])


def find_function(name: str) -> Callable[..., Any]:
    """The function of a command."""
    module, function = COMMANDS[name].split(":")
    found: Callable[..., Any] = getattr(import_module(f"api.cli.commands.{module}"), function)
    return found
