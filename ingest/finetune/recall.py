"""How often the right picture is among the first for a caption, and the right caption for a picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch

DEPTHS = (1, 5, 10)
CHUNK = 1_024
"""Rows that are ranked at once."""
LEAST = 20
"""Pictures and captions below which `cosine_range` says nothing."""
GULF = 0.05
"""The least difference of a reach: less would blow up small differences between pictures."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Shares at ranks 1, 5 and 10, over so many different pictures and captions.

    `strangers` and `matches` are the mean cosines of what does not go together
    and of what does.
    """

    text_to_image: tuple[float, ...]
    image_to_text: tuple[float, ...]
    images: int
    texts: int
    strangers: float
    matches: float

    @property
    def merit(self) -> tuple[float, float]:
        """What a better training has more of: the first rank of pictures, then all the rest."""
        return self.text_to_image[0], sum(self.text_to_image + self.image_to_text)

    @property
    def cosine_range(self) -> tuple[float, float] | None:
        """As `Encoder.cosine_range`; None where there is too little to tell."""
        enough = min(self.images, self.texts) >= LEAST and self.matches - self.strangers > GULF
        return (self.strangers, self.matches) if enough else None


def measure_recall(images: torch.Tensor, texts: torch.Tensor, matches: torch.Tensor) -> Recall:
    """Rank all pictures for each caption and all captions for each picture.

    Args:
        images: unit rows (n, dim), one a different picture.
        texts: unit rows (m, dim), one a different caption.
        matches: which caption is true of which picture (m, n), one at least in each row and column.
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
    """How many wrong targets come before the best right one; one that scores the same does."""
    best = scores.masked_fill(~matches, -torch.inf).amax(dim=1, keepdim=True)
    return ((scores >= best) & ~matches).sum(dim=1)
