"""Endpoint `GET /health`."""

from __future__ import annotations

from fastapi import APIRouter

from api.schemas.service import HealthBody
from api.version import find_version

router = APIRouter()


@router.get("/health")
async def health() -> HealthBody:
    """Health of the server; needs no token, and reads no data."""
    return HealthBody(status="ok", version=find_version())
