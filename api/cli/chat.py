"""Conversation on the terminal: one question a line, history kept in memory."""

from __future__ import annotations

import sys
from collections.abc import Callable

from api.cli.exits import ExitCode, exit_code
from api.cli.terminal import Terminal
from api.printable import readable_question
from generation.answer import Answer
from generation.prompt import Message
from ingest.error import PageglassError

PROMPT = "> "

Turn = Callable[[str, tuple[Message, ...]], Answer]
"""Answers a question after earlier messages, and shows the answer as it comes."""


def converse(terminal: Terminal, turn: Turn, first: str = "") -> ExitCode:
    """Run a conversation until an empty line or Ctrl-D; return the exit code.

    Ctrl-C stops the current answer; at the prompt it ends the program. An error
    is shown, and the conversation goes on; where stdin is not a terminal, the
    last error's exit code is returned.
    """
    interactive = sys.stdin.isatty()
    if interactive:
        # Importing it gives input() its line editing and its memory of lines.
        import readline  # noqa: F401
    history: list[Message] = []
    ended = ExitCode.DONE
    question = readable_question(first).strip() or _read(interactive)
    while question:
        try:
            answer = turn(question, tuple(history))
        except PageglassError as error:
            terminal.error(error)
            ended = exit_code(error)
        except KeyboardInterrupt:
            if not interactive:
                raise
            terminal.note("\nStopped; Ctrl-C again leaves.")
        else:
            history += [Message("user", question), Message("assistant", answer.text)]
        question = _read(interactive)
    return ExitCode.DONE if interactive else ended


def _read(interactive: bool) -> str:
    """Next question, "" at the end; the prompt is not written to a redirected stdout."""
    if not interactive:
        return readable_question(sys.stdin.readline()).strip()
    if sys.stdout.isatty():
        shown = PROMPT
    else:
        shown = ""
        print(PROMPT, end="", file=sys.stderr, flush=True)
    try:
        return readable_question(input(shown)).strip()
    except EOFError:
        print(file=sys.stderr)
        return ""
