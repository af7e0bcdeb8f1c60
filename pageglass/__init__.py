"""Python interface: open a library of files, search it and ask it.

    import pageglass

    lib = pageglass.open("~/papers-home")
    lib.ingest("papers/")
    hits = lib.search("amplifier noise figure", top=5)
    answer = lib.ask("What is the noise figure?")

Importing it loads nothing heavy: names are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os
    from typing import Unpack

    from api.python.client import Client
    from api.python.keywords import IngestKeywords, SettingsKeywords, TrainingKeywords
    from api.results.cited_answer import CitedAnswer, PageCitation
    from api.results.document_list import Documents, LibraryDocument
    from api.results.evaluation_results import Evaluation
    from api.results.extraction_results import ExtractedRecord, ExtractedRecords, PageComparison
    from api.results.image_results import Classification, Classifications, PhotoGroup, PhotoGroups
    from api.results.page_explanation import PageExplanation
    from api.results.reports import (
        DoctorReport,
        IngestReport,
        LibraryStatus,
        TrainingReport,
    )
    from api.results.search_results import SearchHit, SearchResults
    from generation.answer import Answer, Citation, Usage
    from generation.extraction.record import Field, Record
    from generation.prompt import Message
    from generation.providers.access import ModelError
    from ingest.error import (
        ComputeError,
        ConfigurationError,
        ConflictError,
        InvalidInputError,
        NotFoundError,
        PageglassError,
        StorageError,
        UnavailableError,
    )
    from ingest.event import Event
    from ingest.file_state import Failure
    from ingest.page import Box, Document, Page, Word
    from retrieval.explain.explain import Explanation, TokenMatch
    from retrieval.hit import Hit, Region

_PACKAGES = ("ingest", "retrieval", "generation", "api")

_EXPORTS = {
    "api.python.keywords": ("IngestKeywords", "SettingsKeywords", "TrainingKeywords"),
    "api.results.cited_answer": ("CitedAnswer", "PageCitation"),
    "api.results.document_list": ("Documents", "LibraryDocument"),
    "api.results.evaluation_results": ("Evaluation",),
    "api.results.page_explanation": ("PageExplanation",),
    "api.results.search_results": ("SearchHit", "SearchResults"),
    "api.results.image_results": ("Classification", "Classifications", "PhotoGroup", "PhotoGroups"),
    "api.results.extraction_results": ("ExtractedRecord", "ExtractedRecords", "PageComparison"),
    "api.results.reports": ("DoctorReport", "IngestReport", "LibraryStatus", "TrainingReport"),
    "generation.answer": ("Answer", "Citation", "Usage"),
    "generation.extraction.record": ("Field", "Record"),
    "generation.providers.access": ("ModelError",),
    "generation.prompt": ("Message",),
    "ingest.error": (
        "ComputeError",
        "ConfigurationError",
        "ConflictError",
        "InvalidInputError",
        "NotFoundError",
        "PageglassError",
        "StorageError",
        "UnavailableError",
    ),
    "ingest.event": ("Event",),
    "ingest.file_state": ("Failure",),
    "ingest.page": ("Box", "Document", "Page", "Word"),
    "api.python.client": ("Client",),
    "retrieval.explain.explain": ("Explanation", "TokenMatch"),
    "retrieval.hit": ("Hit", "Region"),
}
"""Public names by the module that defines them."""

_MODULE_OF = {name: module for module, names in _EXPORTS.items() for name in names}

__all__ = [
    "Answer",
    "Box",
    "Citation",
    "CitedAnswer",
    "Classification",
    "Classifications",
    "Client",
    "ComputeError",
    "ConfigurationError",
    "ConflictError",
    "DoctorReport",
    "Document",
    "Documents",
    "Evaluation",
    "Event",
    "Explanation",
    "ExtractedRecord",
    "ExtractedRecords",
    "Failure",
    "Field",
    "Hit",
    "IngestKeywords",
    "IngestReport",
    "InvalidInputError",
    "LibraryDocument",
    "LibraryStatus",
    "Message",
    "ModelError",
    "NotFoundError",
    "Page",
    "PageCitation",
    "PageComparison",
    "PageExplanation",
    "PageglassError",
    "PhotoGroup",
    "PhotoGroups",
    "Record",
    "Region",
    "SearchHit",
    "SearchResults",
    "SettingsKeywords",
    "StorageError",
    "TokenMatch",
    "TrainingKeywords",
    "TrainingReport",
    "UnavailableError",
    "Usage",
    "Word",
    "open",
]


def open(
    home: str | os.PathLike[str] | None = None, **settings: Unpack[SettingsKeywords]
) -> Client:
    """Open the library in a data folder, which is created if need be.

    Args:
        home: the data folder; None takes the default one.
        settings: values in place of the environment's (docs/cli.md lists them).

    Raises:
        TypeError: there is no such setting.
        ConfigurationError: a setting has a value that is not allowed.
        StorageError: the folder cannot be created.
    """
    from api.python.client import Client

    return Client(home, **settings)


def _check_packages() -> None:
    """Refuse packages of other distributions: an `api` beside ours is common, and pip replaces ours silently."""
    here = Path(__file__).resolve().parents[1]
    for name in _PACKAGES:
        package = import_module(name)
        place = Path(package.__path__[0]).resolve()
        if getattr(package, "__pageglass__", None) != name or place.parent != here:
            raise ImportError(
                f"The package {name!r} in {place} is not pageglass's own, which belongs in"
                f" {here / name}. Another distribution ships a package of the same name:"
                " install pageglass in an environment of its own.",
                name=name,
                path=str(place),
            )


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from api.version import find_version

        return find_version()
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])


_check_packages()
