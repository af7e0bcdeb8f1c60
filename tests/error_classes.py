"""Every error class of the product, all of its modules imported."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

from ingest.error import PageglassError

ROOT = Path(__file__).parents[1]
PACKAGES = ("ingest", "retrieval", "generation", "api")


def error_classes() -> list[type[PageglassError]]:
    """The base class and every class below it."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "(PageglassError)" in (text := path.read_text()) or "code = " in text:
                importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))

    def walk(kind: type[PageglassError]) -> Iterator[type[PageglassError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from walk(child)

    return [kind for kind in walk(PageglassError) if kind.__module__.startswith(PACKAGES)]
