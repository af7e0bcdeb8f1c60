"""Recall at 1, 5 and 10, text to image and image to text."""

from __future__ import annotations

from dataclasses import dataclass

import torch

DEPTHS = (1, 5, 10)
CHUNK = 1_024
"""Rows ranked at once."""
MIN_ITEMS = 20
"""Images and captions that `cosine_range` needs."""
MIN_RANGE = 0.05
"""The least width of a cosine range: less would amplify small differences between images."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Recall at 1, 5 and 10, over so many distinct images and captions.

    `strangers` and `matches` are the mean cosines of unrelated and of matching
    pairs.
    """

    text_to_image: tuple[float, ...]
    image_to_text: tuple[float, ...]
    images: int
    texts: int
    strangers: float
    matches: float

    @property
    def merit(self) -> tuple[float, float]:
        """The order of models: recall@1 text to image, then the sum of all."""
        return self.text_to_image[0], sum(self.text_to_image + self.image_to_text)

    @property
    def cosine_range(self) -> tuple[float, float] | None:
        """As `Encoder.cosine_range`; None if there are too few pairs to estimate it."""
        enough = (
            min(self.images, self.texts) >= MIN_ITEMS and self.matches - self.strangers > MIN_RANGE
        )
        return (self.strangers, self.matches) if enough else None


def measure_recall(images: torch.Tensor, texts: torch.Tensor, matches: torch.Tensor) -> Recall:
    """Measure recall: all images ranked for each caption, all captions for each image.

    Args:
        images: unit rows (n, dim) of distinct images.
        texts: unit rows (m, dim) of distinct captions.
        matches: whether a caption matches an image (m, n), at least one in each row and column.
    """
    total = float(texts.sum(dim=0) @ images.sum(dim=0))
    texts_of, images_of = matches.nonzero(as_tuple=True)
    near = float((texts[texts_of] * images[images_of]).sum())
    pairs, all_pairs = len(texts_of), matches.numel()
    return Recall(
        _shares(texts, images, matches),
        _shares(images, texts, matches.T),
        len(images),
        len(texts),
        (total - near) / max(all_pairs - pairs, 1),
        near / pairs,
    )


def _shares(
    queries: torch.Tensor, targets: torch.Tensor, matches: torch.Tensor
) -> tuple[float, ...]:
    ranks = torch.cat(
        [
            _ranks(queries[start : start + CHUNK] @ targets.T, matches[start : start + CHUNK])
            for start in range(0, len(queries), CHUNK)
        ]
    )
    return tuple(float((ranks < depth).double().mean()) for depth in DEPTHS)


def _ranks(scores: torch.Tensor, matches: torch.Tensor) -> torch.Tensor:
    """The number of wrong targets before the best right one, ties included."""
    best = scores.masked_fill(~matches, -torch.inf).amax(dim=1, keepdim=True)
    return ((scores >= best) & ~matches).sum(dim=1)
