"""Contrastive loss of a batch of pairs: CLIP's softmax or SigLIP's sigmoid.

A pair is an image and a caption. CLIP's loss is the cross-entropy of each image
over the captions and of each caption over the images, at a learned temperature
(Radford et al. 2021, arXiv:2103.00020, figure 3). SigLIP's is a binary
classification of every pair of image and caption (Zhai et al. 2023,
arXiv:2303.15343, algorithm 1).
"""

from __future__ import annotations

import torch
from torch.nn.functional import cross_entropy, logsigmoid


def match_matrix(images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
    """Match matrix of a batch (n, n): whether caption j matches image i by any pair.

    Args:
        images: an integer for each pair's image, equal for equal images (n,).
        texts: an integer for each pair's caption, equal for equal captions (n,).
    """
    same_image = (images[:, None] == images[None]).float()
    same_text = (texts[:, None] == texts[None]).float()
    return same_image @ same_text > 0


def contrastive_loss(
    images: torch.Tensor,
    texts: torch.Tensor,
    matches: torch.Tensor,
    scale: torch.Tensor,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """Compute the loss of a batch, a scalar.

    The target of an image or caption is uniform over its matches, so that equal
    captions do not repel each other (Khosla et al. 2020, arXiv:2004.11362, L_out).

    Args:
        images: unit rows (n, dim) of the pairs' images.
        texts: unit rows (n, dim) of their captions.
        matches: see `match_matrix`; true on the diagonal.
        scale: the factor on cosines.
        bias: added to the logits; with a bias the loss is SigLIP's.
    """
    logits = scale * images @ texts.T
    if bias is not None:
        signs = 2 * matches.float() - 1
        return -logsigmoid(signs * (logits + bias)).sum() / len(images)
    return (_cross(logits, matches) + _cross(logits.T, matches.T)) / 2


def _cross(logits: torch.Tensor, matches: torch.Tensor) -> torch.Tensor:
    targets = matches.float()
    return cross_entropy(logits, targets / targets.sum(dim=1, keepdim=True))
