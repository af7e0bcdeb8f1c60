"""`ask --chat` over a pipe and on a terminal."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from test_ask_events import FOLLOW_UP, LENS

from api.cli.chat import converse
from api.cli.exits import ExitCode
from api.cli.terminal import Terminal
from generation.answer import Answer, Usage
from generation.prompt import Message
from generation.providers.access import Overloaded
from ingest.library.home import Home

ROOT = Path(__file__).parents[1]


def test_a_conversation_on_a_pipe(sample_home: Home) -> None:
    command = [sys.executable, "-m", "api.cli.main", "ask", "--chat", "--json"]
    done = subprocess.run(
        [*command, "--home", str(sample_home.root)],
        cwd=ROOT,
        input=f"{LENS}\n{FOLLOW_UP}\n\nnever asked\n",
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = map(json.loads, done.stdout.splitlines())
    assert "Hanneke Vos" in first["text"]
    assert first["searched"] == LENS
    assert second["query"] == FOLLOW_UP
    assert "lens" in second["searched"]
    assert second["citations"][0]["verified"]


TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Makes the standard input its terminal, which Ctrl-C comes from, and runs a command."""


class Typist:
    """Somebody at a terminal of their own, and what they have seen so far."""

    def __init__(self, home: Home) -> None:
        import pty

        self._unread = ""
        self._terminal, theirs = pty.openpty()
        command = ["-m", "api.cli.main", "--home", str(home.root), "ask", "--chat"]
        # Not forked: this process has threads, whose locks a fork would inherit.
        self._process = subprocess.Popen(
            [sys.executable, "-c", TAKE_TERMINAL, sys.executable, *command],
            stdin=theirs, stdout=theirs, stderr=theirs,
            cwd=ROOT, env={**os.environ, "TERM": "dumb"}, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        os.set_blocking(self._terminal, False)  # a program that reads no more must not stop a test

    def wait_for(self, text: str, seconds: float = 60) -> str:
        """Read on until `text`, and what was shown until then since the last call."""
        end = time.monotonic() + seconds
        while text not in self._unread:
            ready, _, _ = select.select([self._terminal], [], [], max(end - time.monotonic(), 0))
            assert ready, f"{text!r} was not shown, but {self._unread!r}"
            self._unread += os.read(self._terminal, 65536).decode(errors="replace")
        shown, _, self._unread = self._unread.partition(text)
        return shown

    def type(self, text: str) -> None:
        """Keys, as they reach the program."""
        os.write(self._terminal, text.encode())

    def leave(self, key: str) -> tuple[int, str]:
        """Press a key until the program has ended; its exit code, and what it showed last.

        More than once: between a prompt and the reading of a line a key may be lost.
        """
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with suppress(OSError):  # the terminal is gone when the program is
                self.type(key)
            for _ in range(4):
                ended = self._process.poll()
                with suppress(OSError):
                    if select.select([self._terminal], [], [], 0.5)[0]:
                        self._unread += os.read(self._terminal, 65536).decode(errors="replace")
                if ended is not None:
                    return ended, self._unread
        raise AssertionError(f"it has not ended: {self._unread!r}")

    def close(self) -> None:
        """End a program that has not ended."""
        os.close(self._terminal)
        self._process.kill()
        self._process.wait()


@pytest.fixture
def typist(sample_home: Home) -> Iterator[Typist]:
    typist = Typist(sample_home)
    yield typist
    typist.close()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
class TestAtATerminal:
    def test_turn_after_turn_until_ctrl_d(self, typist: Typist) -> None:
        typist.wait_for("> ")
        typist.type(f"{LENS}\n")
        assert "Hanneke Vos" in typist.wait_for("\n> ")
        typist.type(f"{FOLLOW_UP}\n")
        assert "took 27 months" in typist.wait_for("\n> ")
        assert typist.leave("\x04")[0] == ExitCode.DONE

    def test_ctrl_c_at_the_prompt_leaves(self, typist: Typist) -> None:
        typist.wait_for("> ")
        code, shown = typist.leave("\x03")
        # Pressed again while it ends, it ends by the signal itself.
        assert code in (128 + signal.SIGINT, -signal.SIGINT)
        assert "Traceback" not in shown


def test_a_fault_does_not_end_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_text("second\n")
    heard: list[tuple[str, tuple[Message, ...]]] = []

    def turn(question: str, history: tuple[Message, ...]) -> Answer:
        heard.append((question, history))
        if len(heard) == 1:
            raise Overloaded("Too much to do.", hint="Wait.")
        return Answer(question, "yes", (), "m", False, None, None, Usage("m"))

    with lines.open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert converse(Terminal(), turn, "first") == ExitCode.FAILURE
    assert heard == [("first", ()), ("second", ())]


def test_no_question() -> None:
    command = [sys.executable, "-m", "api.cli.main", "ask"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.USAGE
    assert "--chat" in done.stderr
