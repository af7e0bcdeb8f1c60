"""Real CLIP vectors through index, search and fusion: expected neighbours.

    python -m benchmarks.clip_vectors EVAL/clip-vectors-fixture

The fixture holds ViT-B/32's own vectors of 50 photos and of class names, with
the five best names of each photo. An encoder that only looks vectors up takes
CLIP's place; everything after it is the real program.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import ingest.choose
import retrieval.query.encode
from ingest.add import AddSettings, add
from ingest.encoders import load as plug
from ingest.encoders.dual_encoder import CLIP_COSINE_RANGE
from ingest.encoders.encoder import Encoder, Encoding
from ingest.files.render import RenderSettings
from ingest.library.home import Home
from ingest.page import WHOLE, PageVectors, QueryVectors, Rendered, Vectors, unit
from retrieval.hit import Hit
from retrieval.search import Searcher


class LookedUp:
    """CLIP by table: a photo's vector by its file name, a text's by the text."""

    name, model, dim, modality = "clip:fixture", "ViT-B/32 (openai), looked up", 512, "image"
    calibrated = False
    cosine_range, batch_pages, logit_scale, templates = CLIP_COSINE_RANGE, 64, 100.0, ("{}",)

    def __init__(self, photos: dict[str, Vectors], texts: dict[str, Vectors]) -> None:
        self.provenance: dict[str, str] = {}
        self._photos, self._texts = photos, texts
        self._strange = unit(np.ones((1, self.dim), np.float32))

    def preparer(self) -> None:
        return None

    def encode_pages(self, pages: Sequence[Rendered]) -> list[PageVectors]:
        rows = [self._photos.get(p.page.document_name, self._strange[0])[None] for p in pages]
        return [PageVectors(row, np.array([WHOLE], np.float32)) for row in rows]

    def encode_queries(self, queries: Sequence[str]) -> list[QueryVectors]:
        return [QueryVectors(row[None], ("",)) for row in self.embed(queries)]

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._texts.get(text, self._strange[0]) for text in texts])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    manifest = json.loads((folder / "manifest.json").read_text())
    rows = unit(np.load(folder / "image_vectors_vitb32_f32.npy").astype(np.float32))
    texts = unit(np.load(folder / "lvis_v1_clip_a+cname.npy").astype(np.float32))
    names = json.loads((folder / "lvis_names.json").read_text())
    photos = {Path(f["file"]).name: rows[f["row"]] for f in manifest["files"]}
    table = LookedUp(photos, dict(zip(names, texts, strict=True)))
    load = plug.load_encoder

    def stand_in(spec: str, encoding: Encoding | None = None) -> Encoder:
        return table if spec == table.name else load(spec, encoding)

    ingest.choose.load_encoder = retrieval.query.encode.load_encoder = stand_in
    home = Home(tempfile.mkdtemp(prefix="pageglass-clip-"))
    settings = AddSettings(RenderSettings(ocr="none"), ("minilm", table.name))
    list(add(home, [folder / "images"], settings))
    failed = _check(home, manifest, photos, names, texts)
    sys.exit(1 if failed else 0)


def _check(
    home: Home,
    manifest: dict[str, Any],
    photos: dict[str, Vectors],
    names: list[str],
    texts: Vectors,
) -> int:
    """Print each check; the number that failed."""
    exact, chroma = Searcher(home), Searcher(home, exhaustive_pages=0)
    stored = {record.page.document_name for record in exact.library.page_records()}
    files = sorted(stored)
    matrix = np.stack([photos[name] for name in files])
    order_agrees = fused_agrees = through_chroma = 0
    asked = names[:: max(len(names) // 100, 1)]
    for name in asked:
        cosines = matrix @ texts[names.index(name)]
        best = np.sort(cosines)[::-1]
        by_name = dict(zip(files, cosines, strict=True))

        def agrees(hits: list[Hit], best: Vectors = best, by_name: Any = by_name) -> bool:
            """The same photos, but for such as fp16 cannot tell apart."""
            found = [by_name[hit.page.document_name] for hit in hits]
            return bool(np.allclose(found, best[: len(hits)], atol=5e-4))

        order_agrees += agrees(exact.search(name, images=True, top=5))
        through_chroma += agrees(chroma.search(name, images=True, top=5))
        fused_agrees += agrees(exact.search(name, top=1))
    top5 = 0
    for file in manifest["files"]:
        told = [name for name, _ in file["top5_lvis"]]
        cosines = texts @ photos[Path(file["file"]).name]
        mine = [names[i] for i in np.argsort(-cosines)[:5]]
        top5 += set(told) == set(mine)
    total = len(asked)
    print(f"{len(files)} photos stored (the same bytes under two names are one)")
    print(f"names of a photo as the fixture tells them   {top5}/{len(manifest['files'])}")
    print(f"photos of a name by exact cosine             {order_agrees}/{total}")
    print(f"photos of a name, candidates from Chroma     {through_chroma}/{total}")
    print(f"first photo, one box for words and pictures  {fused_agrees}/{total}")
    low, high = CLIP_COSINE_RANGE
    best = (matrix @ texts.T).max(axis=1)
    print(f"cosines: all pairs {float((matrix @ texts.T).mean()):.3f}, best name of a photo"
          f" {float(best.mean()):.3f} (90 % below {float(np.quantile(best, 0.9)):.3f});"
          f" reach {low} to {high}")  # fmt: skip
    return sum(
        [
            top5 < len(manifest["files"]),
            order_agrees < total,
            through_chroma < total,
            fused_agrees < total,
        ]
    )


if __name__ == "__main__":
    main()
