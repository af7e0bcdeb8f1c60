"""Local limits: those of a model's call, by its context and its processor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image

from generation.context.image_tokens import Size
from generation.context.limits import BYTES_PER_TOKEN, USUAL, Limits

SYSTEM_TOKENS = 900
"""Tokens for the system prompt, the question and the template."""
REPLY_SHARE = 0.2
"""Share of the context that is left for the reply, up to the tokens below."""
MAX_REPLY = 2_048
WORDS_SHARE = 0.25
"""Share of the tokens of pages that the words of one page may take."""


@dataclass(slots=True)
class ProcessorTokens:
    """Token count of images by the model's own processor, each size counted once.

    Args:
        count: tokens of a prompt with this image alone, less those without one.
    """

    count: Callable[[Image.Image], int]
    _known: dict[Size, int] = field(default_factory=dict)

    def effective_size(self, width: int, height: int) -> Size:
        """Size as hosted models take it; the processor scales further down by itself."""
        return USUAL.effective_size(width, height)

    def tokens(self, width: int, height: int) -> int:
        """Tokens of an image of this size."""
        size = self.effective_size(width, height)
        if size not in self._known:
            self._known[size] = self.count(Image.new("RGB", size))
        return self._known[size]


def limits_of_context(context: int | None, count: Callable[[Image.Image], int]) -> Limits:
    """Limits of a model with a context of so many tokens, or none known.

    Args:
        count: as in `ProcessorTokens`.
    """
    usual = Limits()
    if context is None:
        return usual
    reply = min(MAX_REPLY, int(context * REPLY_SHARE))
    pages = max(context - reply - SYSTEM_TOKENS, context // 4)
    return Limits(
        image_tokens=ProcessorTokens(count),
        max_input_tokens=min(usual.max_input_tokens, pages),
        max_page_chars=min(usual.max_page_chars, int(pages * WORDS_SHARE) * BYTES_PER_TOKEN),
    )
