"""Exit codes, the same for every command, and the table from faults to them."""

from __future__ import annotations

from enum import IntEnum

from ingest.error import Fault


class ExitCode(IntEnum):
    """What a command's end says to the shell."""

    DONE = 0
    FAILURE = 1
    USAGE = 2
    SOME_FAILED = 3
    NOTHING = 4
    STOPPED = 130


class BadUsage(Fault):
    """The command line asks for something that cannot be."""


def exit_code(fault: Fault) -> ExitCode:
    """The exit code of a command that ends with this fault."""
    # Late, since `pageglass --help` comes by here: these modules import numpy.
    from generation.extraction.record import NotFound
    from generation.extraction.schema import BadSchema
    from generation.models.access import NoKey
    from generation.models.model import NoModel
    from ingest.encoders.encoder import NoEncoder
    from ingest.index.quantization import NoStorage
    from ingest.library.library import NoDocument, NoPage
    from retrieval.search import EmptyQuery

    match fault:
        case (
            BadUsage()
            | EmptyQuery()
            | BadSchema()
            | NoModel()
            | NoKey()
            | NoEncoder()
            | NoStorage()
        ):
            return ExitCode.USAGE
        case NoDocument() | NoPage() | NotFound():
            return ExitCode.NOTHING
    return ExitCode.FAILURE
