"""`ask --chat` over a pipe: a question a line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from test_talk import FOLLOW_UP, LENS

from api.chat import converse
from api.exits import ExitCode
from api.terminal import Terminal
from generation.answer import Answer, Usage
from generation.models.access import Overloaded
from generation.prompt import Message
from ingest.home import Home

ROOT = Path(__file__).parents[1]


def test_a_conversation_on_a_pipe(sample_home: Home) -> None:
    command = [sys.executable, "-m", "api.cli", "ask", "--chat", "--json"]
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


def test_a_fault_does_not_end_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_text("second\n")
    heard: list[tuple[str, tuple[Message, ...]]] = []

    def turn(question: str, history: tuple[Message, ...]) -> Answer:
        heard.append((question, history))
        if len(heard) == 1:
            raise Overloaded("Too much to do.", remedy="Wait.")
        return Answer(question, "yes", (), "m", False, None, None, Usage("m"))

    with lines.open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert converse(Terminal(), turn, "first") == ExitCode.FAILURE
    assert heard == [("first", ()), ("second", ())]


def test_no_question() -> None:
    command = [sys.executable, "-m", "api.cli", "ask"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.USAGE
    assert "--chat" in done.stderr
