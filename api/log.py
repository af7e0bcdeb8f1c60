"""Logging: one handler on stderr, as text lines or JSON objects."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

PACKAGES = ("ingest", "retrieval", "generation", "api", "pageglass")
"""Whose loggers the level applies to; other packages log from "warning" up."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure_logging(level: str, format: Literal["text", "json"] = "text") -> None:
    """Log from `level` up to stderr; a second call replaces the first.

    Fields given to a logger as `extra` are keys of a JSON line.
    """
    handler = _StderrHandler()
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    root = logging.getLogger()
    for former in [one for one in root.handlers if isinstance(one, _StderrHandler)]:
        root.removeHandler(former)
    root.addHandler(handler)
    for name in PACKAGES:
        logging.getLogger(name).setLevel(level.upper())


def silence_models() -> None:
    """Keep model libraries from writing bars and load reports to stderr.

    transformers and huggingface_hub read these variables when they are imported, which is
    after a command has begun.
    """
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"


class TextFormatter(logging.Formatter):
    """Formatter of text lines: time, level, logger and message, then a traceback."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")


class JsonFormatter(logging.Formatter):
    """Formatter of JSON lines: time, level, logger, message, extra fields, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as a line."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False, default=str)


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Handler on what `sys.stderr` is when a record comes."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """Current stderr."""
        return sys.stderr
