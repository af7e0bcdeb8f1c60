"""The pairs held back for validation: different pictures, different captions, and which go together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch

from ingest.encoders.open_clip_model import OpenClip
from ingest.finetune.crop import Glance
from ingest.finetune.gradient import Towers, stack_pixels
from ingest.finetune.pairs import Pair
from ingest.finetune.picture_reader import Reader
from ingest.finetune.recall import Recall, measure_recall

T = TypeVar("T")


class Gallery:
    """See the module.

    Args:
        size: of the pictures that the model takes (width, height).
    """

    def __init__(self, pairs: Sequence[Pair], size: tuple[int, int]) -> None:
        images = {pair.image: pair.path for pair in pairs}
        texts = {pair.words: pair.text for pair in pairs}
        self._glances = [Glance(path, size) for path in images.values()]
        self._texts = list(texts.values())
        self._matches = torch.zeros(len(texts), len(images), dtype=torch.bool)
        image_places = {name: place for place, name in enumerate(images)}
        text_places = {words: place for place, words in enumerate(texts)}
        for pair in pairs:
            self._matches[text_places[pair.words], image_places[pair.image]] = True

    @torch.no_grad()
    def measure(
        self, dual_encoder: OpenClip, towers: Towers, reader: Reader, batch: int
    ) -> Recall | None:
        """The recall of a model as it is; None where nothing is held back.

        Args:
            batch: pictures, or captions, encoded at once.
        """
        if not self._glances:
            return None
        images = [
            towers.images(stack_pixels(dual_encoder, pictures))
            for pictures in reader.read(_cut(self._glances, batch))
        ]
        texts = [towers.texts(dual_encoder.tokenizer(some)) for some in _cut(self._texts, batch)]
        matches = self._matches.to(towers.device)
        return measure_recall(torch.cat(images), torch.cat(texts), matches)


def _cut(items: Sequence[T], size: int) -> list[list[T]]:
    return [list(items[start : start + size]) for start in range(0, len(items), size)]
