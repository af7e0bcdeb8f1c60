"""Logging: levels, text and JSON lines."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.log import PACKAGES, configure_logging


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The root's handlers and the packages' levels, as they were."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    loggers = [logging.getLogger(name) for name in PACKAGES]
    levels = [logger.level for logger in loggers]
    yield
    root.handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info")
    logging.getLogger("api.test").info("opened")
    logging.getLogger("api.test").debug("detail")
    out, error = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"\S+ \S+ INFO api.test: opened\n", error)


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("debug", "json")
    logging.getLogger("ingest.test").debug("opened", extra={"files": 3})
    line = json.loads(capsys.readouterr().err)
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "debug", "logger": "ingest.test", "message": "opened", "files": 3}


def test_json_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        logging.getLogger("api.test").exception("failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "RuntimeError: broken" in json.loads(line)["traceback"]


def test_a_second_call_replaces_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info")
    configure_logging("error")
    logging.getLogger("api.test").error("once")
    logging.getLogger("api.test").warning("not at all")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_other_packages_log_warnings_only(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("debug")
    logging.getLogger("elsewhere").info("chatter")
    logging.getLogger("elsewhere").warning("watch out")
    assert "chatter" not in (error := capsys.readouterr().err)
    assert "watch out" in error


@pytest.mark.parametrize(
    ("arguments", "environment", "level"),
    [
        ([], {}, logging.WARNING),
        ([], {"PAGEGLASS_LOG_LEVEL": "error"}, logging.ERROR),
        (["--verbose"], {"PAGEGLASS_LOG_LEVEL": "error"}, logging.DEBUG),
        (["-v"], {}, logging.DEBUG),
    ],
)
def test_level(
    arguments: list[str],
    environment: dict[str, str],
    level: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: object,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, [*arguments, "list", "--home", str(tmp_path)])
    assert result.exit_code == 0
    assert logging.getLogger("api").level == level


def test_a_level_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGEGLASS_LOG_LEVEL", "loud")
    result = CliRunner().invoke(app, ["list"])
    assert result.exit_code == 2
    assert "PAGEGLASS_LOG_LEVEL" in result.stderr
