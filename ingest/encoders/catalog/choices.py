"""Encoder choices: the defaults, published checkpoints, open_clip's tags.

`published.json` has the checkpoints that the READMEs of colpali-engine and
sentence-transformers name, and the parameters of open_clip's architectures, counted on
models without weights (`python -m benchmarks.model_sizes`). Other checkpoints of the same
families load too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from ingest.extras import find_missing

Kind = Literal["default", "colpali", "text", "clip"]
_ENCODES = {"colpali": "pages", "text": "words"}


@dataclass(frozen=True, slots=True)
class EncoderChoice:
    """Encoder that can be named: `spec` is what to pass for it.

    `encodes` is "words", "pages" or "images"; `parameters` and `dim`, the length of a
    vector, are None where they are not known; `image_size` is in pixels, for CLIP.
    """

    spec: str
    kind: Kind
    encodes: str
    family: str
    parameters: int | None
    dim: int | None
    image_size: int | None = None
    note: str = ""


def list_choices(containing: str = "") -> list[EncoderChoice]:
    """Encoders by name: the defaults, then ColPali, ColBERT and CLIP models.

    CLIP models are those of the open_clip that is installed; none without the extra `models`.

    Args:
        containing: only those with this in their name or family, in either case.
    """
    wanted = containing.casefold()
    return [
        choice
        for choice in _every()
        if wanted in choice.spec.casefold() or wanted in choice.family.casefold()
    ]


def _every() -> Iterator[EncoderChoice]:
    found = _published()
    for each in found["default"]:
        yield EncoderChoice(kind="default", **each)
    kinds: tuple[Literal["colpali", "text"], ...] = ("colpali", "text")
    for kind in kinds:
        for each in found[kind]:
            rest = {key: value for key, value in each.items() if key != "model"}
            spec = f"{kind}:{each['model']}"
            yield EncoderChoice(spec, kind, _ENCODES[kind], **rest)
    if not find_missing("open_clip", "torch"):
        yield from _open_clip()


def _open_clip() -> Iterator[EncoderChoice]:
    import open_clip

    sizes = _published()["open_clip_parameters"]
    for arch, tag in open_clip.list_pretrained():
        config = open_clip.get_model_config(arch) or {}
        side = config.get("vision_cfg", {}).get("image_size")
        yield EncoderChoice(
            f"clip:{arch}/{tag}",
            "clip",
            "images",
            "SigLIP" if "siglip" in arch.lower() else "CLIP",
            sizes.get(arch),
            config.get("embed_dim"),
            max(side) if isinstance(side, list | tuple) else side,
        )


@cache
def _published() -> Mapping[str, Any]:
    text = files("ingest.encoders.catalog").joinpath("published.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
