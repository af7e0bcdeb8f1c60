"""CLIP by its exported towers against torch: cold searches, and the encoding of photos.

    python -m benchmarks.exported_towers MODEL PHOTOS

MODEL is a folder in transformers' format, PHOTOS a folder of pictures. Searches run in new
processes without a reranker; the first of each does not count. Photos are encoded on one
thread, without their rendering.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.cold import timed

RUNS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("photos", type=Path)
    args = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(prefix="pageglass-bench-") as folder:
        os.environ |= {"PAGEGLASS_HOME": f"{folder}/home", "PAGEGLASS_RERANK": "none"}
        os.environ |= {"PYTHONPYCACHEPREFIX": f"{folder}/bytecode"}
        os.environ |= {"XDG_CACHE_HOME": f"{folder}/cache"}
        command = [sys.executable, "-m", "api.cli.main"]
        spec = f"clip:{args.model.absolute()}"
        add = ["ingest", str(args.photos), "--images", spec, "--ocr", "none", "--quiet"]
        print(f"ingest with the export: {timed([*command, *add])}")
        search = [*command, "search", "a red circle", "--images", "--json"]
        for way, cache in (("exported", "cache"), ("torch", "empty")):
            there = {"XDG_CACHE_HOME": f"{folder}/{cache}"}
            took = [timed(search, there) for _ in range(RUNS + 1)][1:]
            processor, wall = (min(times) for times in zip(*took, strict=True))
            load = os.getloadavg()[0]
            print(f"search, {way}: processor {processor:.2f} s, {wall:.2f} s; load {load:.1f}")
        encode(spec, sorted(args.photos.iterdir()))


def encode(spec: str, photos: list[Path]) -> None:
    """Processor time of a photo by each way, eight at a time."""
    from PIL import Image

    from ingest.encoders.clip import ClipEncoder
    from ingest.encoders.encoder import Encoding
    from ingest.encoders.load import load_encoder
    from ingest.page import WHOLE, Page, Rendered

    pages = []
    for at in range(8):
        data = io.BytesIO()
        image = Image.open(photos[at % len(photos)]).convert("RGB")
        image.save(data, "PNG")
        pages.append(
            Rendered(Page("d", at + 1), data.getvalue(), *image.size, (), (WHOLE,), "none")
        )
    one = Encoding(device="cpu", threads=1)
    for way, encoder in (
        ("torch", ClipEncoder(spec.partition(":")[2], one)),
        ("exported", load_encoder(spec, one)),
        ("exported, bf16", load_encoder(spec, Encoding("cpu", "bf16", threads=1))),
    ):
        encoder.encode_pages(pages)
        took = []
        for _ in range(RUNS):
            started = time.process_time()
            encoder.encode_pages(pages)
            took.append(time.process_time() - started)
        print(f"a photo, {way}: processor {min(took) / len(pages) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
