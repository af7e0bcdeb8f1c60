"""From a page image to what a vision-language retriever takes in, and where on the page each token is.

Runs in reading workers ahead of the GPU, or in the encoder itself. A processor
of colpali-engine makes the tokens; runs of image tokens among them are a grid
each: of the whole page, or of the tile that the marker before them names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.page import WHOLE, Box, Rendered

TILE = re.compile(r"row_(\d+)_col_(\d+)")
Features = dict[str, npt.NDArray[Any]]
"""A processor's tensors for one page, without the batch axis."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One page, ready for a batch: `features`, and a box a token (tokens, 4)."""

    features: Features
    boxes: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PatchPreparer:
    """Decodes, resizes, cuts and tokenizes a page. `half` sends pixels as fp16."""

    processor: str
    folder: str
    half: bool

    def __call__(self, page: Rendered) -> Prepared:
        """One page as its processor sees it."""
        processor = load_processor(self.processor, self.folder)
        batch = processor.process_images([page.pixels()])
        # Labels are for training: with them some models compute a loss.
        features = {name: value[0].numpy() for name, value in batch.items() if name != "labels"}
        if self.half:
            features = {
                name: value.astype(np.float16) if value.dtype == np.float32 else value
                for name, value in features.items()
            }
        return Prepared(features, find_boxes(features, processor))


@cache
def load_processor(name: str, folder: str) -> Any:
    """A processor of colpali-engine, once a process."""
    from colpali_engine import models

    return getattr(models, name).from_pretrained(folder)


def find_boxes(features: Mapping[str, npt.NDArray[Any]], processor: Any) -> npt.NDArray[np.float32]:
    """The box of each token of a page (tokens, 4): a patch's place, empty for words of the prompt."""
    tokens = processor.tokenizer.convert_ids_to_tokens(features["input_ids"].tolist())
    image = _image_token(processor)
    boxes = np.zeros((len(tokens), 4), np.float32)
    runs = _runs(tokens, image)
    # A tile's marker stands before its run.
    tiles = [TILE.search(tokens[first - 1]) if first else None for first, _ in runs]
    places = [(int(tile[1]), int(tile[2])) for tile in tiles if tile]
    rows, columns = (max(side) for side in zip(*places, strict=True)) if places else (1, 1)
    for (first, last), tile in zip(runs, tiles, strict=True):
        place: Box = WHOLE
        if tile:
            row, column = int(tile[1]) - 1, int(tile[2]) - 1
            place = (column / columns, row / rows, (column + 1) / columns, (row + 1) / rows)
        boxes[first:last] = _grid(place, *_shape(last - first, features, processor))
    return boxes


def collate(items: Sequence[Mapping[str, npt.NDArray[Any]]], side: str, pad: int) -> dict[str, Any]:
    """Stack pages into a batch: tokens padded on `side`, pictures with zeros at their end.

    Returns:
        A tensor a feature, (pages, ...).
    """
    import torch

    batch = {}
    for name, first in items[0].items():
        values = [item[name] for item in items]
        shape = np.max([value.shape for value in values], axis=0).astype(int)
        whole = np.full((len(items), *shape), pad if name == "input_ids" else 0, first.dtype)
        left = side == "left" and name in TOKEN_FEATURES
        for i, value in enumerate(values):
            length = shape[0] - len(value) if left else 0
            whole[(i, slice(length, None) if left else slice(len(value)), *_inner(value))] = value
        batch[name] = torch.from_numpy(whole)
    return batch


TOKEN_FEATURES = frozenset({"input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids"})


def _inner(value: npt.NDArray[Any]) -> tuple[slice, ...]:
    return tuple(slice(size) for size in value.shape[1:])


def _image_token(processor: Any) -> str:
    """The token that stands for a patch, as the tokenizer spells it."""
    number = getattr(processor, "image_token_id", None)
    if number is None:
        return str(processor.image_token)
    return str(processor.tokenizer.convert_ids_to_tokens(int(number)))


def _runs(tokens: Sequence[str], wanted: str) -> list[tuple[int, int]]:
    """Where `wanted` stands in a row: first and one past the last."""
    runs, at = [], 0
    for token, group in groupby(tokens):
        length = len(list(group))
        if token == wanted:
            runs.append((at, at + length))
        at += length
    return runs


def _shape(count: int, features: Mapping[str, npt.NDArray[Any]], processor: Any) -> tuple[int, int]:
    """Rows and columns of a run's patches: as the processor says, else a square."""
    if "image_grid_thw" in features:
        merge = processor.image_processor.merge_size
        _, high, wide = features["image_grid_thw"].tolist()
        return high // merge, wide // merge
    side = round(count**0.5)
    if side * side != count:
        raise ValueError(f"{count} patches are no square grid")
    return side, side


def _grid(place: Box, rows: int, columns: int) -> npt.NDArray[np.float32]:
    """The boxes of a grid's cells in reading order (rows * columns, 4)."""
    across = np.linspace(place[0], place[2], columns + 1)
    down = np.linspace(place[1], place[3], rows + 1)
    left, top = np.meshgrid(across[:-1], down[:-1])
    right, bottom = np.meshgrid(across[1:], down[1:])
    return np.stack([left, top, right, bottom], axis=-1).reshape(-1, 4).astype(np.float32)
