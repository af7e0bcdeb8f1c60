"""Token recipe: texts to the input of a text tower, by the library tokenizers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from ingest.encoders.loading.query_truncated import warn_truncated

Ids = npt.NDArray[np.int64]
Side = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class TokenRecipe:
    """Use of a tokenizer: how texts are cut and padded to one length.

    `mask` says whether the tower takes a mask of the padding; `lowercase` whether it was
    trained on text in small letters.
    """

    length: int
    pad_id: int
    pad_token: str
    padding_side: Side
    truncation_side: Side
    mask: bool
    lowercase: bool


class TowerTokenizer:
    """Tokenizer of a text tower, from the file of a fast tokenizer."""

    def __init__(self, file: Path, recipe: TokenRecipe) -> None:
        self._recipe = recipe
        self._counting = Tokenizer.from_file(str(file))
        self._counting.no_padding()
        self._counting.no_truncation()
        self._cutting = Tokenizer.from_file(str(file))
        self._cutting.enable_truncation(recipe.length, direction=recipe.truncation_side)
        self._cutting.enable_padding(
            direction=recipe.padding_side,
            pad_id=recipe.pad_id,
            pad_token=recipe.pad_token,
            length=recipe.length,
        )

    def __call__(self, texts: Sequence[str]) -> dict[str, Ids]:
        """Token ids, and the mask of the padding where the tower takes it (n, length).

        Warns:
            QueryTruncated: a text is too long and was truncated.
        """
        texts = [text.lower() for text in texts] if self._recipe.lowercase else texts
        for text in texts:
            if len(self._counting.encode(text).ids) > self._recipe.length:
                warn_truncated(text, self._recipe.length)
        # One by one: a batch would start threads, which a later fork complains about.
        encoded = [self._cutting.encode(text) for text in texts]
        inputs = {"input_ids": np.array([one.ids for one in encoded], np.int64)}
        if self._recipe.mask:
            masks = [one.attention_mask for one in encoded]
            inputs["attention_mask"] = np.array(masks, np.int64)
        return inputs
