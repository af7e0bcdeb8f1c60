"""Video encoder: one row a shot, from frames of its clip.

A network computes the rows; one with a text tower finds clips by text too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch

from ingest.encoders.batch import TokenBudget, run_batches
from ingest.encoders.device import choose_device, choose_dtype, dtype_name
from ingest.encoders.encoder import Encoding, Modality
from ingest.page import WHOLE, Clip, PageVectors, QueryVectors, Rendered, Vectors

CLIP_TOKENS = 1_568
"""Tokens of a clip in a batch's budget: the patches of VideoMAE's base model."""
TEXT_TOKENS = 77


class ClipNetwork(Protocol):
    """Network of clips on a device."""

    spec: str
    """The model as the user named it."""
    title: str
    """The library, the model and its fingerprint, as an index records them."""
    dim: int
    frames: int
    """Frames of a clip that it takes."""
    cosine_range: tuple[float, float]
    """See `Encoder`."""
    provenance: dict[str, str]

    def prepare(self, clip: Clip) -> torch.Tensor:
        """Preprocess the frames of a clip: (frames, 3, height, width)."""
        ...

    def encode_clips(self, prepared: Sequence[torch.Tensor]) -> torch.Tensor:
        """Encode clips: unit vectors (n, dim), fp32, on the device."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor | None:
        """Encode texts: unit vectors (n, dim); None for a network of clips alone."""
        ...


class VideoEncoder:
    """Encoder of shots as an `Encoder`; a page that is no shot has no row.

    Args:
        kind: its name before the colon.
        model: a folder or a hub id.
        load: loads the network onto a device.

    Raises:
        WeightsMissing, InvalidCheckpoint, DeviceUnavailable
    """

    modality: Modality = "video"
    calibrated = False
    batch_pages = 8

    def __init__(
        self,
        kind: str,
        model: str,
        encoding: Encoding,
        load: Callable[[str, torch.device, torch.dtype], ClipNetwork],
    ) -> None:
        device = choose_device(encoding.device)
        dtype = choose_dtype(encoding.dtype, device)
        self._network = load(model, device, dtype)
        self.name = f"{kind}:{self._network.spec}"
        self.model = self._network.title
        self.dim = self._network.dim
        self.cosine_range = self._network.cosine_range
        self.provenance = {**self._network.provenance, "dtype": dtype_name(dtype)}
        self._budget = TokenBudget.start(device, encoding.batch)

    def preparer(self) -> None:
        """None: frames are small as they come from the workers."""
        return

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """Encode pages: a row for the frame of a shot."""
        clips = {i: page.clip for i, page in enumerate(pages) if page.clip is not None}
        rows = self.encode_clips([*clips.values()])
        found = dict(zip(clips, rows, strict=True))
        return [
            PageVectors(found[i][None], np.array([_frame_box(page)], np.float32))
            if i in found
            else PageVectors(np.zeros((0, self.dim), np.float32), np.zeros((0, 4), np.float32))
            for i, page in enumerate(pages)
        ]

    def encode_clips(self, clips: Sequence[Clip]) -> Vectors:
        """Encode clips: one unit row each (n, dim)."""
        prepared = [self._network.prepare(_choose(clip, self._network.frames)) for clip in clips]
        rows = np.zeros((len(clips), self.dim), np.float32)
        for positions, vectors in run_batches(
            [CLIP_TOKENS] * len(clips),
            self._budget,
            lambda at: list(self._network.encode_clips([prepared[i] for i in at])),
        ):
            rows[positions] = np.stack(vectors)
        return rows

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """Encode queries: one row each, none where the network reads no text."""
        rows = self._network.encode_texts(queries)
        if rows is None:
            return [QueryVectors(np.zeros((0, self.dim), np.float32), ()) for _ in queries]
        return [QueryVectors(row[None], ("",)) for row in rows.float().cpu().numpy()]


def _choose(clip: Clip, count: int) -> Clip:
    """`count` frames at even places of a clip; fewer are repeated."""
    places = (np.arange(count) + 0.5) * len(clip) / count
    chosen: Clip = clip[places.astype(int)]
    return chosen


def _frame_box(page: Rendered) -> tuple[float, float, float, float]:
    """Box of the frame in a shot's panel, which has words below it."""
    return page.figures[0] if page.figures else WHOLE
