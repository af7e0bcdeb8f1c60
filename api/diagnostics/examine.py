"""Examination of an installation: what is there, what would be used and why.

Changes and downloads nothing. Versions come from package metadata, model files
are checked by their hashes; an encoder is loaded only to compare its vectors
with those of an index.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator

from api.diagnostics.finding import Finding
from api.diagnostics.models import (
    check_encoders,
    check_ocr_engines,
    check_reranker,
    check_weight_names,
)
from api.diagnostics.packages import check_device, check_packages, check_scoring
from api.diagnostics.providers import check_model
from api.diagnostics.storage import check_chroma, check_home, check_store
from api.settings import Settings
from api.version import find_version
from ingest.library.home import Home


def examine(home: Home, settings: Settings) -> Iterator[Finding]:
    """Every finding, in the order to be read."""
    yield Finding("program", "pageglass", "ok", find_version())
    yield Finding("program", "python", "ok", f"{platform.python_version()}, {platform.machine()}")
    yield from check_packages()
    yield check_device()
    yield check_scoring(settings)
    yield from check_encoders()
    yield from check_reranker()
    yield from check_ocr_engines(settings.ocr)
    yield check_model(settings)
    yield from check_weight_names(settings.model)
    yield check_chroma(settings)
    if store := settings.published():
        yield check_store(home, store)
    yield from check_home(home, settings)
