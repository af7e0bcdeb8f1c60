"""Entry point of the command line: options of all commands, errors, warnings.

Nothing heavy is imported until a command runs, so `--help` answers at once.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sqlite3
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.exits import ExitCode, exit_code
from api.cli.lazy_group import LazyGroup
from api.cli.session import Session
from api.cli.terminal import Terminal, set_up_streams
from api.environment import unknown_settings
from api.log import configure_logging
from api.version import find_version
from ingest.disk.full_disk import is_disk_full
from ingest.error import PageglassError


class _CommandGroup(LazyGroup):
    """Group of all commands; an error becomes a message on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        warnings.showwarning = partial(_show_warning, warnings.showwarning)
        try:
            return super().invoke(ctx)
        except PageglassError as error:
            _terminal(ctx).error(error)
            raise typer.Exit(exit_code(error)) from error
        except KeyboardInterrupt:
            _terminal(ctx).fail("Stopped.")
            raise typer.Exit(ExitCode.STOPPED) from None
        except BrokenPipeError:
            # The reader of our output has closed it; only long work is then incomplete.
            _silence_stdout()
            cut = ctx.invoked_subcommand in {"ingest", "eval", "finetune"}
            raise typer.Exit(ExitCode.FAILURE if cut else ExitCode.DONE) from None
        except (OSError, sqlite3.Error) as error:
            _fail(ctx, error)
            raise typer.Exit(ExitCode.FAILURE) from error


def _fail(ctx: Any, error: OSError | sqlite3.Error) -> None:
    """Say what an error of the system or of SQLite means."""
    terminal = _terminal(ctx)
    if is_disk_full(error, _home_folder(ctx)):
        terminal.fail(f"There is no space left: {error}.", "Make room and do the same again.")
    elif isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        terminal.fail(f"{where}{error.strerror or error}.", "Check that it exists and may be used.")
    else:
        terminal.fail(
            f"The library cannot be used: {error}.",
            "`pageglass status --verify` checks it; a copy of the files can be ingested"
            " into a new --home.",
        )


def _home_folder(ctx: Any) -> Path | None:
    """The data folder, where it can be found."""
    with contextlib.suppress(PageglassError):
        return ctx.obj.open_home(None).root if isinstance(ctx.obj, Session) else None
    return None


SHORT_COMMANDS = frozenset(("search", "ask", "list", "open", "text", "config"))
"""Commands that end before collecting garbage would give back what it costs."""

app = typer.Typer(
    name="pageglass",
    help="Ask a pile of PDFs and images anything; get an answer that points at the exact spot"
    " on the page.",
    epilog="Exit codes: 0 done, 1 failure, 2 usage, 3 some files failed or pairs were left out,"
    " 4 nothing found or declined to answer, 130 stopped by Ctrl-C.",
    cls=_CommandGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"pageglass {find_version()}")
        raise typer.Exit


@app.callback()
def start(
    ctx: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(
            "--home",
            help="The data folder (PAGEGLASS_HOME; else in the user's data directory).",
            show_default=False,
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log at level debug (else PAGEGLASS_LOG_LEVEL).")
    ] = False,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", help="Show the version.", is_eager=True, callback=_show_version
        ),
    ] = False,
) -> None:
    """Read the environment before the command runs."""
    from api.settings import Settings, read_settings

    if ctx.invoked_subcommand not in SHORT_COMMANDS:
        gc.enable()
    set_up_streams()
    settings = read_settings()
    if verbose:
        settings = settings.model_copy(update={"log_level": "debug"})
    configure_logging(settings.log_level or "warning", settings.log_format)
    ctx.obj = Session(settings, home)
    for sentence in unknown_settings(Settings.model_fields):
        ctx.obj.terminal.note(f"warning: {sentence}")


def _show_warning(before: Any, message: Any, category: Any, *where: Any, **more: Any) -> None:
    """Show a warning of this program as a message; others as Python shows them."""
    if category.__module__.partition(".")[0] in {"ingest", "retrieval", "generation", "api"}:
        Terminal().note(f"warning: {message}")
    else:
        before(message, category, *where, **more)


def _terminal(ctx: Any) -> Terminal:
    return ctx.obj.terminal if isinstance(ctx.obj, Session) else Terminal()


def _silence_stdout() -> None:
    """Discard what is still buffered, or Python reports the closed pipe at its exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Run the `pageglass` script."""
    # A tenth of a short command went into looking through what it had imported, again at its end.
    gc.disable()
    try:
        app()
    finally:
        gc.freeze()
        gc.enable()


if __name__ == "__main__":
    main()
