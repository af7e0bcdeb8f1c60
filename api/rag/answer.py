"""A model's answer to an inquiry: whole, or piece by piece in a form that can be stopped."""

from __future__ import annotations

from collections.abc import Generator
from typing import cast

from api.rag.evidence import RetrievedEvidence
from generation.answer import Answer, Citation
from generation.ask import ask, stream_answer
from generation.models.model import VisionModel

Pieces = Generator[str | Citation | Answer]


def answer_pieces(retrieved: RetrievedEvidence, model: VisionModel) -> Pieces:
    """What the model says, piece by piece; closing it cancels the model."""
    pieces = stream_answer(retrieved.prompt, model, retrieved.locate, retrieved.min_score)
    return cast(Pieces, pieces)


def whole_answer(retrieved: RetrievedEvidence, model: VisionModel) -> Answer:
    """All of it. Raises what the model raises."""
    return ask(retrieved.prompt, model, retrieved.locate, retrieved.min_score)
