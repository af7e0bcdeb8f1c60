"""Client of one library, as `pageglass.open` returns it."""

from __future__ import annotations

from api.python.library_methods import LibraryMethods
from api.python.operation_methods import OperationMethods
from api.python.query_methods import QueryMethods
from api.python.reading_methods import ReadingMethods


class Client(LibraryMethods, QueryMethods, ReadingMethods, OperationMethods):
    """Client of the library in one data folder; close it, or use it in a `with`.

    Methods are named as the commands of the command line, arguments as its
    options (docs/python.md). They raise `PageglassError`s, and `TypeError` for
    an argument that does not exist. Safe to use from several threads.

    Args:
        home: the data folder, created if need be; None takes the default one.
        settings: values in place of the environment's (docs/cli.md lists them).
    """
