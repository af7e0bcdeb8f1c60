"""The plug that every encoder fits, and the place where one is chosen by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from ingest.error import ComputeError, ConfigurationError, InvalidInputError
from ingest.page import PageVectors, QueryVectors, Rendered, Vectors

Preparer = Callable[[Rendered], Any]
"""Makes of a page what its encoder computes with. Crosses to the reading workers, so it pickles."""


class UnknownEncoder(InvalidInputError):
    """No encoder has this name."""

    code = "unknown-encoder"


class DeviceUnavailable(ConfigurationError):
    """The device, or the number format, asked for is not there."""

    code = "device-unavailable"


class OutOfDeviceMemory(ComputeError):
    """One page alone is more than the device holds."""

    code = "out-of-device-memory"


class InvalidVectors(ComputeError):
    """A model gave values that are no numbers."""

    code = "invalid-vectors"


@dataclass(frozen=True, slots=True)
class Encoding:
    """How encoders run.

    `device` is "auto", "cpu", "cuda", "cuda:1", "mps", or several with commas
    (a process each); `dtype` is "auto", "fp32", "fp16" or "bf16"; `batch` is
    pages computed together, 0 as many as fit; `threads` 0 takes every core;
    `pool_factor` merges a page's rows until one in `pool_factor` is left (1 keeps all, 0 does
    as the index did).
    """

    device: str = "auto"
    dtype: str = "auto"
    batch: int = 0
    threads: int = 0
    pool_factor: int = 0


class Encoder(Protocol):
    """Turns pages and questions into rows of length one in the same space (n, dim)."""

    name: str
    """As `load_encoder` takes it: the index goes by it."""
    model: str
    """Which weights: a model id and the head of their hash, or their revision."""
    dim: int
    modality: str
    """What of a page it sees: "text", "image" (photos and figures) or "page" (all of it)."""
    cosine_range: tuple[float, float]
    """The cosine of things that have nothing in common, and that of a plain match."""
    provenance: dict[str, str]
    """What else the vectors depend on: versions, dtype, pooling."""
    batch_pages: int
    """How many pages it likes to be given together."""

    def preparer(self) -> Preparer | None:
        """What workers can do for it ahead of time, into `Rendered.prepared`; None where that is nothing."""
        ...

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """One `PageVectors` a page, in order; no rows where the page has nothing for this encoder."""
        ...

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """One `QueryVectors` a question, in order."""
        ...


@runtime_checkable
class ImageEncoder(Encoder, Protocol):
    """An encoder of photos and figures, which also tells what a picture shows."""

    logit_scale: float
    """What cosines are multiplied with before a softmax over labels."""
    templates: tuple[str, ...]
    """Sentences that a label is put into, in place of {}; their embeddings are averaged."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row a text (n, dim)."""
        ...
