"""Which encoders a home has: those asked for, else those it was made with, else the embedded default."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.encoders.encoder import Encoder, Encoding, load_encoder
from ingest.home import Home
from ingest.index import Index
from ingest.manifest import Manifest, read_manifest

PAGES = "minilm"
PICTURES = "conse"
COLPALI = "vidore/colqwen2.5-v0.2"
"""What "auto" takes where a GPU and these weights are at hand."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Encoders by name, those of pages first; `why` says how "auto" was decided."""

    encoders: tuple[str, ...]
    why: str = ""


def choose_encoders(
    home: Home,
    pages: str | None = None,
    pictures: str | None = None,
    *,
    beside: bool = False,
) -> Choice:
    """The encoders of a home from now on.

    Args:
        pages: of words or whole pages; "auto" decides; None keeps what the home has.
        pictures: of photos and figures; "none" for none, this time; None keeps what the home has.
        beside: keep the home's other indexes too.
    """
    had = _read_names(home)
    why = ""
    if pages == "auto":
        pages, why = pick_pages()
    words = [name for name, reads in had if reads != "pictures"] or [PAGES]
    seen = [name for name, reads in had if reads == "pictures"] or [PICTURES]
    chosen = [canonical(pages)] if pages else words
    if pictures != "none":
        chosen += [canonical(pictures)] if pictures else seen
    if beside:
        chosen += [name for name, _ in had]
    return Choice(tuple(dict.fromkeys(chosen)), why)


def pick_pictures(home: Home) -> str:
    """The encoder of pictures that a home has, else the default."""
    seen = [name for name, reads in _read_names(home) if reads == "pictures"]
    return seen[0] if seen else PICTURES


def pick_pages() -> tuple[str, str]:
    """What "auto" means here, and why: ColPali where a CUDA device and its weights are, else MiniLM."""
    import torch

    from ingest.encoders.checkpoint import is_at_hand

    if not torch.cuda.is_available():
        return PAGES, f"--encoder auto took {PAGES}: there is no CUDA device."
    if not is_at_hand(COLPALI):
        return PAGES, (
            f"--encoder auto took {PAGES}: the weights of {COLPALI} are not here"
            f" (`hf download {COLPALI}` gets them)."
        )
    return f"colpali:{COLPALI}", f"--encoder auto took colpali:{COLPALI}, on CUDA."


def canonical(spec: str) -> str:
    """A name as an index keeps it: a local folder made absolute."""
    kind, _, model = spec.partition(":")
    if not model:
        return spec
    folder = Path(os.path.expanduser(model))  # Path's own raises where there is no such user
    return f"{kind}:{folder.absolute()}" if folder.is_dir() else spec


def _read_names(home: Home) -> list[tuple[str, str]]:
    """Each index's encoder and what it reads, whatever format the index has."""
    found = []
    for path in sorted(home.index.glob("*/manifest.json")):
        values = json.loads(path.read_text(encoding="utf-8"))
        reads = "pictures" if values["encoder"] == PICTURES else "words"
        found.append((values["encoder"], values.get("reads", reads)))
    return found


def read_manifests(home: Home) -> list[Manifest]:
    """Of every index of a home.

    Raises:
        IndexFormat: another version wrote one.
    """
    return [read_manifest(path) for path in sorted(home.index.glob("*/manifest.json"))]


def load_encoders(
    home: Home, names: Sequence[str], encoding: Encoding, **made: str
) -> list[tuple[Encoder, Index]]:
    """Each encoder with its index, opened or made; an index that is there says how far rows are merged.

    Raises:
        NoEncoder, NoDevice, WeightsMissing, WeightsChanged, BadCheckpoint, IndexFormat
    """
    pools = {manifest.encoder: manifest.pool for manifest in read_manifests(home)}
    loaded = []
    for name in names:
        pool = encoding.pool or pools.get(name, 1)
        encoder = load_encoder(name, replace(encoding, pool=pool))
        loaded.append((encoder, Index.create(home, encoder, **made)))
    return loaded
