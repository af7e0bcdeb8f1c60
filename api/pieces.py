"""A model's answer piece by piece, in a form that can be stopped."""

from __future__ import annotations

from collections.abc import Generator
from typing import cast

from api.evidence import Inquiry
from generation.answer import Answer, Citation
from generation.ask import stream_answer
from generation.models.model import VisionModel

Pieces = Generator[str | Citation | Answer]


def answer_pieces(inquiry: Inquiry, model: VisionModel) -> Pieces:
    """What the model says, piece by piece; closing it cancels the model."""
    return cast(Pieces, stream_answer(inquiry.prompt, model))
