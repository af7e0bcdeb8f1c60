"""Exit codes, the same for every command, and the table from faults to them."""

from __future__ import annotations

from enum import IntEnum

from ingest.error import InvalidInputError, PageglassError


class ExitCode(IntEnum):
    """What a command's end says to the shell."""

    DONE = 0
    FAILURE = 1
    USAGE = 2
    SOME_FAILED = 3
    NOTHING = 4
    STOPPED = 130


class InvalidUsage(InvalidInputError):
    """The command line asks for something that cannot be."""

    code = "invalid-usage"


def exit_code(fault: PageglassError) -> ExitCode:
    """The exit code of a command that ends with this fault."""
    # Late, since `pageglass --help` comes by here: these modules import numpy.
    from generation.extraction.record import RequiredFieldMissing
    from generation.extraction.schema import InvalidSchema
    from generation.models.access import ApiKeyMissing
    from generation.models.model import UnknownModel
    from ingest.encoders.encoder import UnknownEncoder
    from ingest.index.quantization import UnknownQuantization
    from ingest.library.documents import DocumentNotFound
    from ingest.library.pages import PageNotFound
    from retrieval.error import EmptyQuery

    match fault:
        case (
            InvalidUsage()
            | EmptyQuery()
            | InvalidSchema()
            | UnknownModel()
            | ApiKeyMissing()
            | UnknownEncoder()
            | UnknownQuantization()
        ):
            return ExitCode.USAGE
        case DocumentNotFound() | PageNotFound() | RequiredFieldMissing():
            return ExitCode.NOTHING
    return ExitCode.FAILURE
