"""What an index remembers of the encoder that made it, so that no question is ever put to the wrong one."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ingest.encoders.encoder import Encoder
from ingest.error import StorageError
from ingest.index.centroids import CENTROID_ROWS
from ingest.index.muvera import CELLS, WHOLE_MEAN, FixedDimensionalEncoding
from ingest.index.quantization import DEFAULT, Quantization, parse_quantization
from ingest.library.atomic import write_atomically

FORMAT = 5
LONGEST_SLUG = 40


class IndexFormatError(StorageError):
    """The index was written by a version, or with a model, that this one cannot use."""

    code = "index-format"


@dataclass(frozen=True, slots=True)
class Manifest:
    """An index's own account of itself.

    `encoder` is as `load_encoder` takes it, `model` says which weights exactly;
    `modality` and `cosine_range` are the encoder's (see `Encoder`); `provenance` holds what else
    the vectors depend on: versions, dtype, pooling, resolution. `fde` says how
    a page's rows become its Chroma vector; `center` (dim,) is what sign bits are
    about: the mean of the first pages' rows, () until there are any. `centroid_rows` is
    how many rows a page's gist has, 0 for none; `quantization` is how rows are kept.
    """

    encoder: str
    model: str
    dim: int
    modality: str
    cosine_range: tuple[float, float] = (0.0, 1.0)
    provenance: dict[str, str] = field(default_factory=dict)
    fde: FixedDimensionalEncoding = WHOLE_MEAN
    center: tuple[float, ...] = ()
    centroid_rows: int = 0
    quantization: Quantization = DEFAULT
    format: int = FORMAT

    @classmethod
    def of(cls, encoder: Encoder) -> Manifest:
        """Of a new index."""
        return cls(
            encoder.name,
            encoder.model,
            encoder.dim,
            encoder.modality,
            encoder.cosine_range,
            encoder.provenance,
            CELLS if encoder.modality == "page" else WHOLE_MEAN,
            centroid_rows=CENTROID_ROWS[encoder.modality],
        )

    @property
    def pool_factor(self) -> int:
        """How many rows of a page were merged into one."""
        return int(self.provenance.get("pool", "1"))

    @property
    def slug(self) -> str:
        """The encoder's name as a folder and a Chroma collection take it."""
        return slug(self.encoder)

    def fits(self, other: Manifest) -> bool:
        """Whether vectors of the two belong in one index."""
        mine = (self.encoder, self.model, self.dim, self.pool_factor)
        return mine == (other.encoder, other.model, other.dim, other.pool_factor)

    def write(self, path: Path) -> None:
        """Put it in place whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(asdict(self), indent=2).encode())


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        IndexFormatError: another version wrote it.
    """
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if values["format"] > FORMAT:
        raise IndexFormatError(
            f"The index in {path.parent} has format {values['format']}; this pageglass reads up to {FORMAT}.",
            hint="Upgrade pageglass, or run `pageglass ingest --rebuild` to derive it anew.",
        )
    if values["format"] < FORMAT:
        raise IndexFormatError(
            f"The index in {path.parent} has the old format {values['format']}.",
            hint="Run `pageglass ingest --rebuild`: it is derived anew from the library.",
        )
    low, high = values["cosine_range"]
    return Manifest(
        encoder=values["encoder"],
        model=values["model"],
        dim=values["dim"],
        modality=values["modality"],
        cosine_range=(low, high),
        provenance=values["provenance"],
        fde=FixedDimensionalEncoding(**values["fde"]),
        center=tuple(values["center"]),
        centroid_rows=values["centroid_rows"],
        quantization=parse_quantization(values["quantization"]),
        format=values["format"],
    )


def slug(encoder: str) -> str:
    """A name without slashes and colons; one that had any gets a hash, so that no two meet."""
    if re.fullmatch(r"[a-z0-9]+", encoder):
        return encoder
    kind, _, model = encoder.partition(":")
    head = re.sub(r"[^A-Za-z0-9]+", "-", model.rstrip("/").rsplit("/", 1)[-1])[:LONGEST_SLUG]
    return f"{kind}-{head.strip('-')}-{hashlib.sha256(encoder.encode()).hexdigest()[:8]}"
