"""How wrong two towers are about a batch, and which of its captions are true of which pictures.

CLIP's loss is the cross-entropy of each picture over the captions and of each
caption over the pictures, at a learned temperature (Radford et al. 2021,
arXiv:2103.00020, figure 3). SigLIP's is a yes or no for every picture with every
caption (Zhai et al. 2023, arXiv:2303.15343, algorithm 1).
"""

from __future__ import annotations

import torch
from torch.nn.functional import cross_entropy, logsigmoid


def match(images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
    """Whether the caption of pair j is true of the picture of pair i (n, n): a pair of the batch says so.

    Args:
        images: a number a pair, the same for the same picture (n,).
        texts: the same for the same caption (n,).
    """
    same_image = (images[:, None] == images[None]).float()
    same_text = (texts[:, None] == texts[None]).float()
    return same_image @ same_text > 0


def contrast(
    images: torch.Tensor,
    texts: torch.Tensor,
    matches: torch.Tensor,
    scale: torch.Tensor,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """The loss of a batch, a scalar.

    A picture or caption with several matches shares its target among them, so
    equal captions never push each other away (Khosla et al. 2020,
    arXiv:2004.11362, their L_out).

    Args:
        images: unit rows (n, dim) of the pairs' pictures.
        texts: unit rows (n, dim) of their captions.
        matches: see `match`; true on the diagonal.
        scale: what cosines are multiplied with.
        bias: what is added then; with one, the loss is SigLIP's.
    """
    logits = scale * images @ texts.T
    if bias is not None:
        signs = 2 * matches.float() - 1
        return -logsigmoid(signs * (logits + bias)).sum() / len(images)
    return (_cross(logits, matches) + _cross(logits.T, matches.T)) / 2


def _cross(logits: torch.Tensor, matches: torch.Tensor) -> torch.Tensor:
    targets = matches.float()
    return cross_entropy(logits, targets / targets.sum(dim=1, keepdim=True))
