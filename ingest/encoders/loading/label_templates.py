"""Prompt templates that put a label into sentences, for CLIP and SigLIP.

Radford et al. 2021 (arXiv:2103.00020), section 3.1.4: the mean of a few sentences is a
better embedding of a label than the bare word.
"""

LABEL_TEMPLATES = (
    *("a photo of a {}.", "a good photo of a {}.", "a close-up photo of a {}."),
    *("a drawing of a {}.", "a picture of the {}.", "a photo of many {}."),
)
