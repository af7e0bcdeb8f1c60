"""Encoder choice: those requested, else the home's, else the embedded default."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest.encoders.embedded.weights import E5_SMALL
from ingest.encoders.encoder import WORDLESS, Encoder, Encoding
from ingest.encoders.load import load_for_ingest
from ingest.extras import find_missing, install_name
from ingest.index.quantization import Quantization, parse_quantization
from ingest.library.home import Home

PAGES = "minilm"
IMAGES = "conse"
"""Where the weights of e5 are not installed."""
MULTILINGUAL_PAGES, MULTILINGUAL_IMAGES = "e5", "conse-e5"
RENEWABLE = (
    "The home's indexes were made without the multilingual encoders: once they are rebuilt,"
    " questions in other languages than English find pages and photos too."
)
COLPALI = "vidore/colqwen2.5-v0.2"
"""What "auto" takes where a GPU and these weights are at hand."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Encoder names, those of pages first; `why` is the reason for what "auto" took."""

    encoders: tuple[str, ...]
    why: str = ""


def choose_encoders(
    home: Home,
    pages: str | None = None,
    images: str | None = None,
    *,
    video: str | None = None,
    beside: bool = False,
    renew: bool = False,
) -> Choice:
    """Encoder names for a home.

    Args:
        pages: of words or whole pages; "auto" decides; None keeps what the home has.
        pictures: of photos and figures; "none" for none, this time; None keeps what the home has.
        video: of shots of videos; "none" for none, this time; None keeps what the home has.
        beside: keep the home's other indexes too.
        renew: the indexes are made anew, so that an older default gives way to the present one.
    """
    had = _read_names(home)
    why = ""
    if pages == "auto":
        pages, why = choose_page_encoder()
        pages = None if pages == PAGES and not had else pages
    words = [name for name, modality in had if modality not in WORDLESS]
    # Passages are a signal beside words: where only their index is left, the other was lost.
    words = default_pages() if words in ([], [MULTILINGUAL_PAGES]) else words
    seen = [name for name, modality in had if modality == "image"] or [default_images()]
    renewed = _renew(words) if not pages else words, _renew(seen) if not images else seen
    if renew:
        words, seen = renewed
    elif renewed != (words, seen):
        why = why or RENEWABLE
    chosen = [canonical(pages)] if pages else words
    if images != "none":
        chosen += [canonical(images)] if images else seen
    if video != "none":
        clips = [name for name, modality in had if modality == "video"]
        chosen += [canonical(video)] if video else clips
    if beside:
        chosen += [name for name, _ in had]
    return Choice(tuple(dict.fromkeys(chosen)), why)


def choose_image_encoder(home: Home) -> str:
    """Image encoder of a home, else the default."""
    seen = [name for name, modality in _read_names(home) if modality == "image"]
    return seen[0] if seen else default_images()


def default_pages() -> list[str]:
    """Page encoders of a new home: with the multilingual one where it is installed."""
    return [PAGES, MULTILINGUAL_PAGES] if E5_SMALL.available() else [PAGES]


def _renew(names: list[str]) -> list[str]:
    """A home's encoders of one modality, or the defaults where they are older defaults."""
    if names == [PAGES]:
        return default_pages()
    return [default_images()] if names == [IMAGES] else names


def default_images() -> str:
    """Image encoder of a new home: multilingual where its weights are installed."""
    return MULTILINGUAL_IMAGES if E5_SMALL.available() else IMAGES


def choose_page_encoder() -> tuple[str, str]:
    """Page encoder for "auto", and the reason.

    ColPali with CUDA and local weights, else MiniLM.
    """
    if find_missing("torch", "transformers", "colpali_engine", "huggingface_hub"):
        return PAGES, f"--encoder auto took {PAGES}: {install_name('models')} is not installed."
    import torch

    from ingest.encoders.checkpoint import is_local

    if not torch.cuda.is_available():
        return PAGES, f"auto took {PAGES}: there is no CUDA device."
    if not is_local(COLPALI):
        return PAGES, (
            f"auto took {PAGES}: the weights of {COLPALI} are not here"
            f" (`hf download {COLPALI}` gets them)."
        )
    return f"colpali:{COLPALI}", f"auto took colpali:{COLPALI}, on CUDA."


def canonical(spec: str) -> str:
    """Encoder name as an index keeps it: a local folder made absolute."""
    kind, _, model = spec.partition(":")
    if not model:
        return spec
    folder = Path(os.path.expanduser(model))  # Path's own raises where there is no such user
    return f"{kind}:{folder.absolute()}" if folder.is_dir() else spec


def _read_names(home: Home) -> list[tuple[str, str]]:
    """Encoder name and modality of each index."""
    return [
        (values["encoder"], values.get("modality") or _old_modality(values))
        for values in _read(home)
    ]


def _old_modality(values: dict[str, Any]) -> str:
    """The modality in a manifest of format 4 or older: an index to be rebuilt keeps its encoder."""
    images = values.get("reads") == "pictures" or values["encoder"] in {IMAGES, MULTILINGUAL_IMAGES}
    return "image" if images else "text"


def _read(home: Home) -> list[dict[str, Any]]:
    """Values of every manifest, of any format."""
    paths = sorted(home.index.glob("*/manifest.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def load_encoders(
    home: Home,
    names: Sequence[str],
    encoding: Encoding,
    load: Callable[[str, Encoding], Encoder] = load_for_ingest,
) -> list[Encoder]:
    """Load encoders; the pooling of one that has an index is that of the index.

    Args:
        load: loads one, or gives one that is loaded.

    Raises:
        UnknownEncoder, DeviceUnavailable, WeightsMissing, WeightsChanged, InvalidCheckpoint
    """
    pools = {
        values["encoder"]: int(values.get("provenance", values.get("made", {})).get("pool", 1))
        for values in _read(home)
    }
    return [
        load(name, replace(encoding, pool_factor=encoding.pool_factor or pools.get(name, 1)))
        for name in names
    ]


def read_quantizations(home: Home) -> dict[str, Quantization]:
    """Quantization of each index of a home, by encoder."""
    return {
        values["encoder"]: parse_quantization(values["quantization"])
        for values in _read(home)
        if "quantization" in values
    }
