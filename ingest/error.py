"""Error tree: every error that a user of the program can act on.

    PageglassError
    ├── InvalidInputError     what was given cannot be used: a file, a query, a schema, a name
    ├── NotFoundError         there is no such document, page or model
    ├── ConflictError         the library, as it is now, does not allow it
    ├── UnavailableError      busy or unreachable: the same call may succeed later
    ├── StorageError          the data folder, an index or an object store is unusable
    ├── ConfigurationError    the installation or the settings lack something
    ├── ComputeError          a model ran and failed
    └── ModelError            a language model or its provider failed (generation.providers.access)

Each module derives its own errors beside the code that raises them. A `code`
names a class of errors for programs: it stays when the class is renamed. `api`
maps families to exit codes and HTTP statuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeVar

Entry = TypeVar("Entry")


class PageglassError(Exception):
    """Base class of all errors.

    Args:
        message: what happened, naming the file, model or page.
        hint: what would mend it, as a sentence, in terms of the library.
    """

    code: ClassVar[str] = "error"
    """A stable name for programs, lower case with hyphens."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by keyword, so that an error survives the way back from a worker process."""
        return _revive, (type(self), self.message, self.hint)


class InvalidInputError(PageglassError):
    """What was given cannot be used."""

    code = "invalid-input"


class NotFoundError(PageglassError):
    """There is no such document, page or model."""

    code = "not-found"


class ConflictError(PageglassError):
    """The library, as it is now, does not allow it."""

    code = "conflict"


class UnavailableError(PageglassError):
    """Something is busy or unreachable; the same call may succeed later."""

    code = "unavailable"


class StorageError(PageglassError):
    """The data folder, an index or an object store cannot be used."""

    code = "storage"


class ConfigurationError(PageglassError):
    """The installation or the settings lack something."""

    code = "configuration"


class ComputeError(PageglassError):
    """A model ran and failed."""

    code = "compute"


def find_by_code(table: Mapping[str, Entry], error: PageglassError) -> Entry | None:
    """Entry of a table by the code of an error's class, else of its nearest parent."""
    codes = (vars(kind).get("code", "") for kind in type(error).__mro__)
    return next((table[code] for code in codes if code in table), None)


def _revive(kind: type[PageglassError], message: str, hint: str) -> PageglassError:
    return kind(message, hint=hint)
