"""What every file of endpoints shares: the engine that a request reaches, and the problems it may answer with."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from api.engine import Engine
from api.schemas import ProblemBody


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an endpoint's description says of its errors."""
    return {status: {"model": ProblemBody} for status in statuses}


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


Running = Annotated[Engine, Depends(_engine)]
