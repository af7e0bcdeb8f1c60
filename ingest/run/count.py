"""Ingest count: what a run has done so far."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ingest.event import Done


@dataclass(slots=True)
class IngestCount:
    """What a run has done so far."""

    added: int = 0
    unchanged: int = 0
    named: int = 0
    removed: int = 0
    failed: int = 0
    pages: int = 0
    noted: int = 0
    left_out: int = 0

    def done(self, seconds: float) -> Done:
        """The last event of a run that took these seconds."""
        return Done(seconds=seconds, **asdict(self))
