"""Encoder protocol: pages and queries to unit rows in one vector space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from ingest.error import ComputeError, ConfigurationError, InvalidInputError
from ingest.page import PageVectors, QueryVectors, Rendered, Vectors

Preparer = Callable[[Rendered], Any]
"""Preprocesses a page for its encoder. Runs in the reading workers, so it pickles."""

Modality = Literal["text", "passage", "image", "page", "video"]
"""What of a page an encoder reads: its words one by one, its words in passages, its photos and
figures, the whole page image, or the clip that it is a shot of. Passages are a signal beside an
encoder of words."""
WORDLESS: tuple[Modality, ...] = ("image", "video")
"""What is read for what it shows, not for words on it."""


class UnknownEncoder(InvalidInputError):
    """No encoder has this name."""

    code = "unknown-encoder"


class DeviceUnavailable(ConfigurationError):
    """The device or the dtype is not available on this machine."""

    code = "device-unavailable"


class OutOfDeviceMemory(ComputeError):
    """The device has too little memory for a batch of one page."""

    code = "out-of-device-memory"


class InvalidVectors(ComputeError):
    """A model returned NaN or infinity."""

    code = "invalid-vectors"


@dataclass(frozen=True, slots=True)
class Encoding:
    """Encoding settings: where and how an encoder computes.

    `device` is "auto", "cpu", "cuda", "cuda:1", "mps", or several separated by
    commas (a process each); `dtype` is "auto", "fp32", "fp16" or "bf16"; `batch`
    is pages a batch, 0 for as many as fit; `threads` is CPU threads, 0 for one
    a core; `pool_factor` is how many rows of a page are pooled into one (1 keeps
    all rows, 0 takes the factor of the existing index).
    """

    device: str = "auto"
    dtype: str = "auto"
    batch: int = 0
    threads: int = 0
    pool_factor: int = 0


class Encoder(Protocol):
    """Encoder of pages and queries: unit rows (n, dim) in one vector space."""

    name: str
    """The name that `load_encoder` takes; it names the index too."""
    model: str
    """The weights: a model id and the head of their hash, or their revision."""
    dim: int
    modality: Modality
    calibrated: bool
    """Whether the score thresholds of the answer path were measured with this encoder."""
    cosine_range: tuple[float, float]
    """The mean cosine of unrelated pairs, and that of matching pairs."""
    provenance: dict[str, str]
    """What else the vectors depend on: versions, dtype, pooling."""
    batch_pages: int
    """The number of pages to pass to one call of `encode_pages`."""

    def preparer(self) -> Preparer | None:
        """Preprocessing that workers do, into `Rendered.prepared`.

        None where there is none.
        """
        ...

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        """Encode pages: one `PageVectors` each, in order.

        A page of another modality has no rows.
        """
        ...

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        """Encode queries: one `QueryVectors` each, in order."""
        ...


@runtime_checkable
class ImageEncoder(Encoder, Protocol):
    """Encoder of images that also embeds label texts, for zero-shot classification."""

    logit_scale: float
    """The factor on cosines before a softmax over labels."""
    templates: tuple[str, ...]
    """Prompt templates with {} for the label; their embeddings are averaged."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts: one unit row each (n, dim)."""
        ...


@runtime_checkable
class WordEncoder(Encoder, Protocol):
    """Encoder that also embeds single words, those of several languages in one space."""

    def embed_words(self, words: Sequence[str]) -> Vectors:
        """Embed single words: one unit row each (n, dim)."""
        ...

    def sample_words(self, script: str) -> Vectors:
        """Rows (m, dim) of everyday words in a script (`script.find_script`)."""
        ...


@dataclass(frozen=True, slots=True)
class EncoderFacts:
    """Attributes of an encoder, which pickle; templates are an image encoder's."""

    name: str
    model: str
    dim: int
    modality: Modality
    calibrated: bool
    cosine_range: tuple[float, float]
    provenance: dict[str, str]
    batch_pages: int
    preparer: Preparer | None = None
    logit_scale: float = 0.0
    templates: tuple[str, ...] = ()
    embeds_words: bool = False

    @classmethod
    def of(cls, encoder: Encoder) -> EncoderFacts:
        """The facts of an encoder."""
        of_images = encoder if isinstance(encoder, ImageEncoder) else None
        return cls(
            encoder.name,
            encoder.model,
            encoder.dim,
            encoder.modality,
            encoder.calibrated,
            encoder.cosine_range,
            encoder.provenance,
            encoder.batch_pages,
            encoder.preparer(),
            of_images.logit_scale if of_images else 0.0,
            of_images.templates if of_images else (),
            isinstance(encoder, WordEncoder),
        )


class DescribedEncoder:
    """Base of encoders that stand for another one: its attributes."""

    def __init__(self, facts: EncoderFacts) -> None:
        self.name = facts.name
        self.model = facts.model
        self.dim = facts.dim
        self.modality = facts.modality
        self.calibrated = facts.calibrated
        self.cosine_range = facts.cosine_range
        self.provenance = facts.provenance
        self.batch_pages = facts.batch_pages
