"""Patch preprocessing for ColPali models: page images to tokens with boxes.

Runs in the reading workers, or in the encoder. The model's processor
makes the tokens. Each run of image tokens is a grid: of the whole page, or of
the tile that the marker token before the run names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.page import WHOLE, Box, Rendered

TILE = re.compile(r"row_(\d+)_col_(\d+)")
Features = dict[str, npt.NDArray[Any]]
"""A processor's tensors for one page, without the batch axis."""


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """A preprocessed page: `features`, and `boxes` (tokens, 4), one a token."""

    features: Features
    boxes: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PatchPreparer:
    """Preprocessing for a ColPali model: decode, resize, tile and tokenize.

    `half` is for fp16 pixels.
    """

    processor: str
    folder: str
    half: bool

    def __call__(self, page: Rendered) -> PreparedPage:
        """Preprocess a page."""
        processor = load_processor(self.processor, self.folder)
        batch = processor.process_images([page.pixels()])
        # Labels are for training: with them some models compute a loss.
        features = {name: value[0].numpy() for name, value in batch.items() if name != "labels"}
        if self.half:
            features = {
                name: value.astype(np.float16) if value.dtype == np.float32 else value
                for name, value in features.items()
            }
        return PreparedPage(features, token_boxes(features, processor))


@cache
def load_processor(name: str, folder: str) -> Any:
    """Load a processor, once a process; `name` is its class with its module."""
    module, _, processor = name.rpartition(".")
    return getattr(import_module(module), processor).from_pretrained(
        folder, trust_remote_code=False
    )


def token_boxes(
    features: Mapping[str, npt.NDArray[Any]], processor: Any
) -> npt.NDArray[np.float32]:
    """Find the box of each token (tokens, 4).

    It is the box of the token's patch, or empty for tokens of the prompt.
    """
    tokens = processor.tokenizer.convert_ids_to_tokens(features["input_ids"].tolist())
    image = _image_token(processor)
    boxes = np.zeros((len(tokens), 4), np.float32)
    runs = _runs(tokens, image)
    # A tile's marker stands before its run.
    tiles = [TILE.search(tokens[first - 1]) if first else None for first, _ in runs]
    numbers = [(int(tile[1]), int(tile[2])) for tile in tiles if tile]
    rows, columns = (max(side) for side in zip(*numbers, strict=True)) if numbers else (1, 1)
    for (first, last), tile in zip(runs, tiles, strict=True):
        area: Box = WHOLE
        if tile:
            row, column = int(tile[1]) - 1, int(tile[2]) - 1
            area = (column / columns, row / rows, (column + 1) / columns, (row + 1) / rows)
        boxes[first:last] = _grid(area, *_shape(last - first, features, processor))
    return boxes


def collate(items: Sequence[Mapping[str, npt.NDArray[Any]]], side: str, pad: int) -> dict[str, Any]:
    """Stack pages into a batch.

    Token features are padded on `side`, image features at the end.

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
    """The tokenizer's placeholder token of an image patch."""
    number = getattr(processor, "image_token_id", None)
    if number is None:
        return str(processor.image_token)
    return str(processor.tokenizer.convert_ids_to_tokens(int(number)))


def _runs(tokens: Sequence[str], wanted: str) -> list[tuple[int, int]]:
    """The runs of a token: first position, and one past the last."""
    runs, at = [], 0
    for token, group in groupby(tokens):
        length = len(list(group))
        if token == wanted:
            runs.append((at, at + length))
        at += length
    return runs


def _shape(count: int, features: Mapping[str, npt.NDArray[Any]], processor: Any) -> tuple[int, int]:
    """Rows and columns of a run's grid: as the processor says, else a square."""
    if "image_grid_thw" in features:
        merge = processor.image_processor.merge_size
        _, high, wide = features["image_grid_thw"].tolist()
        return high // merge, wide // merge
    side = round(count**0.5)
    if side * side != count:
        raise ValueError(f"{count} patches do not make a square grid")
    return side, side


def _grid(area: Box, rows: int, columns: int) -> npt.NDArray[np.float32]:
    """The boxes of a grid's patches in reading order (rows * columns, 4)."""
    across = np.linspace(area[0], area[2], columns + 1)
    down = np.linspace(area[1], area[3], rows + 1)
    left, top = np.meshgrid(across[:-1], down[:-1])
    right, bottom = np.meshgrid(across[1:], down[1:])
    return np.stack([left, top, right, bottom], axis=-1).reshape(-1, 4).astype(np.float32)
