"""Parameters of open_clip's architectures, counted on models without weights.

    python -m benchmarks.model_sizes

Writes them into the catalog of encoders. Architectures whose text tower is fetched from
a hub are left out.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import open_clip
import torch


def main() -> None:
    path = Path(str(files("ingest.encoders.catalog").joinpath("published.json")))
    found = json.loads(path.read_text("utf-8"))
    archs = sorted({arch for arch, _ in open_clip.list_pretrained()})
    sizes = {arch: count_parameters(arch) for arch in archs if not _is_fetched(arch)}
    found["open_clip_parameters"] = sizes
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")
    print(f"{len(sizes)} of {len(archs)} architectures")


def count_parameters(arch: str) -> int:
    """Parameters of an architecture; no memory is taken for them."""
    with torch.device("meta"):
        network = open_clip.create_model(arch, device="meta")
    return sum(each.numel() for each in network.parameters())


def _is_fetched(arch: str) -> bool:
    return "hf_model_name" in (open_clip.get_model_config(arch) or {}).get("text_cfg", {})


if __name__ == "__main__":
    main()
