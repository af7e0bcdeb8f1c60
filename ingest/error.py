"""The root of every error that a person can act on.

Each module derives its own faults beside the code that raises them; `api` maps
them to exit codes and HTTP statuses.
"""


class Fault(Exception):
    """Something went wrong and someone can do something about it.

    Args:
        message: what happened, naming the file, model or page.
        remedy: what to do next, as a sentence.
    """

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by keyword, so that a fault survives the way back from a worker process."""
        return _revive, (type(self), self.message, self.remedy)


def _revive(kind: type[Fault], message: str, remedy: str) -> Fault:
    return kind(message, remedy=remedy)
