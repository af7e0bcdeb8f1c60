"""Validation set: the distinct images and captions held out, and their matches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch

from ingest.encoders.open_clip_model import OpenClip
from ingest.finetune.crop import CropRequest
from ingest.finetune.gradient import DeviceNetwork, stack_pixels
from ingest.finetune.image_reader import ImageReader
from ingest.finetune.pairs import Pair
from ingest.finetune.recall import Recall, measure_recall

T = TypeVar("T")


class ValidationSet:
    """Validation set of a training.

    Args:
        size: width and height of the model's input images.
    """

    def __init__(self, pairs: Sequence[Pair], size: tuple[int, int]) -> None:
        images = {pair.image: pair.path for pair in pairs}
        texts = {pair.words: pair.text for pair in pairs}
        self._requests = [CropRequest(path, size) for path in images.values()]
        self._texts = list(texts.values())
        self._matches = torch.zeros(len(texts), len(images), dtype=torch.bool)
        image_rows = {name: row for row, name in enumerate(images)}
        text_rows = {words: row for row, words in enumerate(texts)}
        for pair in pairs:
            self._matches[text_rows[pair.words], image_rows[pair.image]] = True

    @torch.no_grad()
    def measure(
        self, dual_encoder: OpenClip, model: DeviceNetwork, reader: ImageReader, batch: int
    ) -> Recall | None:
        """Measure the recall of a model; None without validation pairs.

        Args:
            batch: images, or captions, a batch.
        """
        if not self._requests:
            return None
        images = [
            model.images(stack_pixels(dual_encoder, pictures))
            for pictures in reader.read(_chunks(self._requests, batch))
        ]
        texts = [model.texts(dual_encoder.tokenizer(some)) for some in _chunks(self._texts, batch)]
        matches = self._matches.to(model.device)
        return measure_recall(torch.cat(images), torch.cat(texts), matches)


def _chunks(items: Sequence[T], size: int) -> list[list[T]]:
    return [list(items[start : start + size]) for start in range(0, len(items), size)]
