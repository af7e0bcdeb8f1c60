"""Exit codes, the same for every command, by family of errors."""

from __future__ import annotations

from enum import IntEnum

from ingest.error import InvalidInputError, NotFoundError, PageglassError, find_by_code


class ExitCode(IntEnum):
    """Exit code of a command."""

    DONE = 0
    FAILURE = 1
    USAGE = 2
    SOME_FAILED = 3
    NOTHING = 4
    STOPPED = 130


class InvalidUsage(InvalidInputError):
    """The command line asks for something that cannot be."""

    code = "invalid-usage"


EXIT_CODES: dict[str, ExitCode] = {
    InvalidInputError.code: ExitCode.USAGE,
    NotFoundError.code: ExitCode.NOTHING,
    PageglassError.code: ExitCode.FAILURE,
    # What a file holds, not what was typed.
    "unreadable-file": ExitCode.FAILURE,
    "invalid-dataset": ExitCode.FAILURE,
    "results-not-comparable": ExitCode.FAILURE,
    "invalid-pair": ExitCode.FAILURE,
    "pairs-missing": ExitCode.FAILURE,
    "prompt-too-long": ExitCode.FAILURE,
    "image-required": ExitCode.FAILURE,
    "required-field-missing": ExitCode.NOTHING,
    # What the environment says counts as typed.
    "invalid-setting": ExitCode.USAGE,
    "invalid-settings-file": ExitCode.USAGE,
    "api-key-missing": ExitCode.USAGE,
}
"""By `code` of a family, and of the classes that differ from their family."""


def exit_code(error: PageglassError) -> ExitCode:
    """Exit code of a command that ends with an error, by its class or nearest parent."""
    code = find_by_code(EXIT_CODES, error)
    assert code is not None  # the root's code is in the table
    return code
