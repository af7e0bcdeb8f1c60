"""A conversation on the terminal: a question a line, until an empty one or Ctrl-D; kept in memory alone."""

from __future__ import annotations

import sys
from collections.abc import Callable

from api.cli.exits import ExitCode, exit_code
from api.cli.terminal import Terminal, readable_question
from generation.answer import Answer
from generation.prompt import Message
from ingest.error import PageglassError

PROMPT = "> "

Turn = Callable[[str, tuple[Message, ...]], Answer]
"""Answers a question after what was said before, showing it as it comes."""


def converse(terminal: Terminal, turn: Turn, first: str = "") -> ExitCode:
    """Ask turn after turn. Ctrl-C stops the answer under way; at the prompt it leaves.

    A fault is told, and the conversation goes on; where nobody sits at a
    terminal, the last one's exit code is returned.
    """
    typed = sys.stdin.isatty()
    if typed:
        # Importing it gives input() its line editing and its memory of lines.
        import readline  # noqa: F401
    history: list[Message] = []
    ended = ExitCode.DONE
    question = readable_question(first).strip() or _read(typed)
    while question:
        try:
            answer = turn(question, tuple(history))
        except PageglassError as fault:
            terminal.fault(fault)
            ended = exit_code(fault)
        except KeyboardInterrupt:
            if not typed:
                raise
            terminal.note("\nStopped; Ctrl-C again leaves.")
        else:
            history += [Message("user", question), Message("assistant", answer.text)]
        question = _read(typed)
    return ExitCode.DONE if typed else ended


def _read(typed: bool) -> str:
    """The next question, "" at the end. The prompt stays off a stdout that is no terminal."""
    if not typed:
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
