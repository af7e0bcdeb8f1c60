"""Index manifest: encoder, model, dimensions and format of an index."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ingest.disk.atomic import write_atomically
from ingest.encoders.encoder import Encoder, Modality
from ingest.error import StorageError
from ingest.index.centroids import CENTROIDS
from ingest.index.muvera import MEAN_FDE, PATCH_FDE, FixedDimensionalEncoding
from ingest.index.quantization import DEFAULT, Quantization, parse_quantization

FORMAT = 5
MAX_SLUG = 40


class IndexFormatError(StorageError):
    """The index has another format, or was made with another model."""

    code = "index-format"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Manifest of an index.

    `encoder` is the name that `load_encoder` takes, `model` names the weights;
    `modality`, `calibrated` and `cosine_range` are the encoder's (see `Encoder`);
    `provenance` holds what else the vectors depend on: versions, dtype, pooling,
    resolution. `fde` encodes a page's rows as its Chroma vector; `center` (dim,)
    is the point about which sign bits are taken, the mean of the first pages'
    rows, () until there are any; `centroids` is how many centroids a page has at
    most, 0 for none; `quantization` is how rows are stored.
    """

    encoder: str
    model: str
    dim: int
    modality: Modality
    calibrated: bool = False
    cosine_range: tuple[float, float] = (0.0, 1.0)
    provenance: dict[str, str] = field(default_factory=dict)
    fde: FixedDimensionalEncoding = MEAN_FDE
    center: tuple[float, ...] = ()
    centroids: int = 0
    quantization: Quantization = DEFAULT
    format: int = FORMAT

    @classmethod
    def of(cls, encoder: Encoder) -> Manifest:
        """The manifest of a new index of an encoder."""
        return cls(
            encoder.name,
            encoder.model,
            encoder.dim,
            encoder.modality,
            encoder.calibrated,
            encoder.cosine_range,
            encoder.provenance,
            PATCH_FDE if encoder.modality == "page" else MEAN_FDE,
            centroids=CENTROIDS[encoder.modality],
        )

    @property
    def pool_factor(self) -> int:
        """How many rows of a page were pooled into one."""
        return int(self.provenance.get("pool", "1"))

    @property
    def slug(self) -> str:
        """The encoder's name as the name of a folder and of a Chroma collection."""
        return slug(self.encoder)

    def fits(self, other: Manifest) -> bool:
        """Whether vectors of both belong in one index."""
        mine = (self.encoder, self.model, self.dim, self.pool_factor)
        return mine == (other.encoder, other.model, other.dim, other.pool_factor)

    def write(self, path: Path) -> None:
        """Write the manifest atomically."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(asdict(self), indent=2).encode())


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        IndexFormatError: it has another format.
    """
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if values["format"] > FORMAT:
        raise IndexFormatError(
            f"The index in {path.parent} has format {values['format']}; this pageglass reads up to {FORMAT}.",
            hint="Upgrade pageglass, or rebuild the index.",
        )
    if values["format"] < FORMAT:
        raise IndexFormatError(
            f"The index in {path.parent} has the old format {values['format']}.",
            hint="Rebuild the index from the library.",
        )
    low, high = values["cosine_range"]
    return Manifest(
        encoder=values["encoder"],
        model=values["model"],
        dim=values["dim"],
        modality=values["modality"],
        calibrated=values["calibrated"],
        cosine_range=(low, high),
        provenance=values["provenance"],
        fde=FixedDimensionalEncoding(**values["fde"]),
        center=tuple(values["center"]),
        centroids=values["centroids"],
        quantization=parse_quantization(values["quantization"]),
        format=values["format"],
    )


def slug(encoder: str) -> str:
    """Make a name of letters, digits and hyphens of an encoder's name.

    A name with other characters gets a hash, so that slugs are unique.
    """
    if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", encoder):
        return encoder
    kind, _, model = encoder.partition(":")
    head = re.sub(r"[^A-Za-z0-9]+", "-", model.rstrip("/").rsplit("/", 1)[-1])[:MAX_SLUG]
    return f"{kind}-{head.strip('-')}-{hashlib.sha256(encoder.encode()).hexdigest()[:8]}"
