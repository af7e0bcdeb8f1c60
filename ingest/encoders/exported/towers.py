"""Exported towers of a dual encoder, kept in the user's cache folder.

The two networks, the tokenizer, and what else a search needs. They are kept by a hash of
the checkpoint's files and of the versions that exported them: other weights are exported
anew. Nothing here imports torch.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ingest.caches.kept_files import find_folder, find_versions
from ingest.caches.kept_hashes import file_sha256
from ingest.disk.atomic import discard
from ingest.encoders.checkpoint import OPEN_CLIP_CONFIG, Checkpoint, find_checkpoint, model_files
from ingest.encoders.encoder import Encoding
from ingest.encoders.exported.pixel_recipe import PixelRecipe
from ingest.encoders.exported.token_recipe import TokenRecipe

log = logging.getLogger(__name__)

FORM = "1"
"""Changes when towers are exported or kept in another way."""
FACTS, TOKENIZER = "towers.json", "tokenizer.json"
TEXT, VISION = "text.xml", "vision.xml"
"""Networks in OpenVINO's format; each has its weights beside it, which are mapped."""
EXPORTERS = ("openvino", "torch", "transformers")
DTYPES = ("auto", "fp32", "bf16")
"""What the towers are run in; half precision of fp16 is for GPUs."""
GPU_SIGNS = ("/proc/driver/nvidia", "/dev/nvidia0", "/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""What Linux has where torch may find a GPU."""
FALLBACK = "conse"
KEPT_PREFIX = "clip-"
"""Head of the names of kept towers."""


@dataclass(frozen=True, slots=True)
class Towers:
    """Exported towers in a folder: what an index records of them, and their inputs."""

    folder: Path
    spec: str
    title: str
    dim: int
    logit_scale: float
    cosine_range: tuple[float, float]
    provenance: dict[str, str]
    pixels: PixelRecipe
    tokens: TokenRecipe


@dataclass(frozen=True, slots=True)
class NotExported:
    """Reason why torch encodes, as a clause.

    `lasting` where another ingest would not change it.
    """

    reason: str
    lasting: bool = False


def find_towers(model: str, encoding: Encoding) -> Towers | NotExported:
    """Find the exported towers of a model, or why there are none to use.

    Args:
        model: as of `ingest.encoders.load_dual_encoder`.

    Raises:
        WeightsMissing: there were towers, and the model is gone.
    """
    if reason := _not_here(encoding):
        return NotExported(reason, lasting=True)
    # A tag of open_clip is told from a hub id by open_clip alone, which imports torch.
    if not find_versions(kept_name(model)):
        if (Path(os.path.expanduser(model)) / OPEN_CLIP_CONFIG).is_file():
            return NotExported("models of open_clip are not exported", lasting=True)
        return NotExported("no ingest has exported its towers (models of open_clip have none)")
    return towers_of(find_checkpoint(model, FALLBACK))


def towers_of(checkpoint: Checkpoint) -> Towers | NotExported:
    """The towers of a checkpoint as it is now."""
    folder = find_folder(kept_name(checkpoint.spec), kept_version(checkpoint))
    if folder is None:
        return NotExported("its towers are not exported yet for these weights and versions")
    try:
        facts = json.loads((folder / FACTS).read_bytes())
        whole = all(
            (folder / name).stat().st_size == n for name, n in facts.get("sizes", {}).items()
        )
    except (OSError, ValueError):
        whole = False  # files were deleted, or cut off
    if not whole:
        log.warning("the exported towers of %s are damaged", checkpoint.spec)
        discard(folder)
        return NotExported("its exported towers were damaged")
    if reason := facts.get("refused"):
        return NotExported(reason, lasting=True)
    low, high = facts["cosine_range"]
    return Towers(
        folder=folder,
        spec=checkpoint.spec,
        title=f"transformers {checkpoint.title}",
        dim=facts["dim"],
        logit_scale=facts["logit_scale"],
        cosine_range=(low, high),
        provenance=facts["provenance"],
        pixels=PixelRecipe(**facts["pixels"]),
        tokens=TokenRecipe(**facts["tokens"]),
    )


def write_facts(
    folder: Path,
    pixels: PixelRecipe,
    tokens: TokenRecipe,
    **facts: Any,
) -> None:
    """Write the facts of towers whose files are in a folder; see `Towers`."""
    sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    recipes = {"pixels": asdict(pixels), "tokens": asdict(tokens)}
    (folder / FACTS).write_text(json.dumps({**facts, **recipes, "sizes": sizes}), "utf-8")


def write_refusal(folder: Path, reason: str) -> None:
    """Write why a checkpoint is not exported, so that it is not tried each time."""
    for path in folder.iterdir():
        path.unlink()
    (folder / FACTS).write_text(json.dumps({"refused": reason}), "utf-8")


def kept_name(model: str) -> str:
    """Name of a model's towers in the cache folder: one a model, whatever its weights."""
    folder = Path(os.path.expanduser(model))
    spec = str(folder.absolute()) if folder.is_dir() else model
    return f"{KEPT_PREFIX}{hashlib.sha256(spec.encode()).hexdigest()[:16]}"


def kept_version(checkpoint: Checkpoint) -> str:
    """Hash of a checkpoint's weights, configs and tokenizer, and of who exports them."""
    parts = [FORM, *(f"{name} {version(name)}" for name in EXPORTERS)]
    for path in model_files(checkpoint.folder):
        parts.append(f"{path.relative_to(checkpoint.folder).as_posix()} {file_sha256(path)}")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _not_here(encoding: Encoding) -> str:
    """Why no towers are used on this machine with these settings; empty where they are."""
    if not runs_on_cpu(encoding.device):
        return f"the device {encoding.device} is not the CPU for certain"
    if encoding.dtype not in DTYPES:
        return f"towers do not run in {encoding.dtype}"
    try:
        version("openvino")
    except PackageNotFoundError:
        return "OpenVINO is not installed"
    return ""


def runs_on_cpu(device: str) -> bool:
    """Whether torch would take the CPU, as far as can be told without it."""
    if device != "auto":
        return device == "cpu"
    return sys.platform == "linux" and not any(os.path.exists(sign) for sign in GPU_SIGNS)
