"""What a local model cannot be asked: more than it looks back on, or nothing to look at."""

from __future__ import annotations

from ingest.error import Fault


class TooLong(Fault):
    """The prompt is longer than what the model can look back on."""


class NeedsPicture(Fault):
    """A model that takes one picture was asked something without any."""
