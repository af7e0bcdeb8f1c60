"""Hints in the words of each interface."""

from __future__ import annotations

import re
from typing import Any

import pytest
import typer
from error_classes import error_classes

from api.cli.exits import EXIT_CODES, ExitCode, exit_code
from api.cli.main import app
from api.hints import HINTS, hint_for
from api.settings import Settings
from generation.providers.access import ApiKeyMissing, TimedOut
from ingest.error import InvalidInputError, PageglassError
from ingest.files.pdf import NeedsPassword
from ingest.library.database import LibraryNotFound
from ingest.library.documents import DocumentNotFound
from ingest.library.home import HomeBusy
from ingest.replica.object_store import ObjectStoreRefused
from retrieval.error import EmptyQuery


def options_of(command: Any) -> set[str]:
    own = {name for parameter in command.params for name in parameter.opts}
    return own.union(*map(options_of, getattr(command, "commands", {}).values()))


def test_a_hint_says_how_it_is_done_in_each_interface() -> None:
    error = LibraryNotFound("Nothing is there.", hint="Ingest files first.")
    assert hint_for(error, "cli").startswith("Ingest files first. `pageglass ingest PATH`")
    assert "/v1/documents" in hint_for(error, "http")
    assert "Client.ingest" in hint_for(error, "python")


def test_a_class_without_words_counts_as_its_parent() -> None:
    error = ObjectStoreRefused("Refused.", hint="Check the credentials.")
    assert hint_for(error, "cli") == "Check the credentials. See PAGEGLASS_STORE."


def test_an_error_without_words_keeps_its_hint() -> None:
    assert hint_for(EmptyQuery("Blank.", hint="Ask something."), "cli") == "Ask something."


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in error_classes()]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


@pytest.mark.parametrize("table", [HINTS, EXIT_CODES])
def test_every_code_of_a_table_is_of_an_error(table: dict[str, object]) -> None:
    assert set(table) <= {kind.code for kind in error_classes()}


def test_options_and_variables_exist() -> None:
    command: Any = typer.main.get_command(app)
    options, commands = options_of(command), set(command.commands)
    variables = {f"PAGEGLASS_{name.upper()}" for name in Settings.model_fields}
    for words in HINTS.values():
        text = f"{words.cli} {words.http}"
        assert set(re.findall(r"--[a-z][a-z-]*", text)) <= options
        assert set(re.findall(r"PAGEGLASS_[A-Z_]*[A-Z]", text)) <= variables
        assert set(re.findall(r"`pageglass ([a-z]+)", text)) <= commands


def test_http_and_python_do_not_name_options() -> None:
    for words in HINTS.values():
        assert "--" not in words.python
        assert "--" not in re.sub(r"`pageglass [^`]*`", "", words.http)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (EmptyQuery, ExitCode.USAGE),
        (ApiKeyMissing, ExitCode.USAGE),
        (InvalidInputError, ExitCode.USAGE),
        (NeedsPassword, ExitCode.FAILURE),
        (TimedOut, ExitCode.FAILURE),
        (HomeBusy, ExitCode.FAILURE),
        (DocumentNotFound, ExitCode.NOTHING),
        (PageglassError, ExitCode.FAILURE),
    ],
)
def test_exit_codes(kind: type[PageglassError], code: ExitCode) -> None:
    assert exit_code(kind("x", hint="y")) == code
