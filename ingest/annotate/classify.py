"""Zero-shot image classification over given labels.

Radford et al. 2021 (arXiv:2103.00020), section 3.1: a label is put into
sentences, their embeddings are averaged, and a softmax over the scaled cosines
says how likely each label is beside the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ingest.encoders.encoder import Encoding, ImageEncoder
from ingest.encoders.load import load_encoder
from ingest.error import ConflictError, InvalidInputError
from ingest.page import Vectors, unit

Probabilities = npt.NDArray[np.float32]


class LabelsMissing(InvalidInputError):
    """No labels were given."""

    code = "labels-missing"


class NotAnImageEncoder(ConflictError):
    """The encoder does not embed images and texts in one space."""

    code = "not-an-image-encoder"


class Labeller:
    """Classifier over labels, by one image encoder.

    Raises:
        LabelsMissing: fewer than two labels.
    """

    def __init__(self, encoder: ImageEncoder, labels: Sequence[str]) -> None:
        self.labels = clean_labels(labels)
        self._scale = encoder.logit_scale
        texts = [template.format(label) for label in self.labels for template in encoder.templates]
        rows = encoder.embed(texts).reshape(len(self.labels), len(encoder.templates), -1)
        self._rows = unit(rows.mean(axis=1))

    def probabilities(self, rows: Vectors) -> Probabilities:
        """Label probabilities (labels,) of an image encoded as rows (n, dim).

        They sum to 1. A label counts by the row it fits best: a part of a photo, a
        figure of a page.
        """
        logits = (rows @ self._rows.T).max(axis=0) * self._scale
        shares = np.exp(logits - logits.max())
        likely: Probabilities = (shares / shares.sum()).astype(np.float32)
        return likely


def load_image_encoder(spec: str, encoding: Encoding) -> ImageEncoder:
    """Load an encoder of images and texts in one space.

    Raises:
        NotAnImageEncoder: it does not; what `load_encoder` raises.
    """
    encoder = load_encoder(spec, encoding)
    if not isinstance(encoder, ImageEncoder):
        raise NotAnImageEncoder(
            f"{encoder.name} does not compare pictures with texts.",
            hint="Take conse or clip:MODEL, on one device.",
        )
    return encoder


def clean_labels(labels: Sequence[str]) -> list[str]:
    """Labels stripped of blanks, without empty ones and duplicates.

    Raises:
        LabelsMissing: fewer than two are left.
    """
    clean = list(dict.fromkeys(label.strip() for label in labels if label.strip()))
    if len(clean) < 2:
        raise LabelsMissing(
            "It takes two labels or more to tell apart.", hint="Give them as a,b,c or one a line."
        )
    return clean
