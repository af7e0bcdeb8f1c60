"""Finding: the result of one check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "broken"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check; only "broken" keeps the default from working."""

    topic: str
    name: str
    state: State
    detail: str
    hint: str = ""
