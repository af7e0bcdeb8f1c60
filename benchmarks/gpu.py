"""Ingest on a GPU: PDF files to vectors, against the usual loop.

    python -m benchmarks.gpu [--pages 400] [--models ColPali-3B,...] [--device cuda] [--small]

Real configs, random weights. The loop renders pages, passes four at a time to
the processor and the model in fp16, one step after the other, and saves the rows.
Printed for each model: pages a second of both and their ratio, the share of the
device's own bf16 matrix-multiply rate reached inside the forward pass, and what
the device did the rest of the time. `--small` runs all of it with tiny models
on a CPU, as a check.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymupdf
import torch
from PIL import Image

from benchmarks.models import MAKERS
from ingest.add import AddSettings, add
from ingest.encoders import colpali, open_clip_model
from ingest.encoders.encoder import Encoding
from ingest.event import Done
from ingest.files.render import RenderSettings
from ingest.library.home import Home

DPI = 144
LOOP_BATCH = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--models", default=",".join(MAKERS))
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true")
    args = parser.parse_args()
    device = "cpu" if args.small else args.device
    name = "CPU" if device == "cpu" else torch.cuda.get_device_name(device)
    rate = measure_matmul(device)
    print(f"{platform.machine()}, {name}, torch {torch.__version__}, {args.pages} pages")
    print(f"matrix multiply, {'fp32' if device == 'cpu' else 'bf16'}: {rate / 1e12:.1f} TFLOP/s\n")
    print(
        f"{'':16}{'ours':>10}{'loop':>10}{'ratio':>8}{'forward':>9}{'of matmul':>11}{'TFLOP/page':>12}"
    )
    with tempfile.TemporaryDirectory(prefix="pageglass-gpu-") as folder:
        root = Path(folder)
        files = make_pdfs(root / "pdf", args.pages)
        for model in args.models.split(","):
            spec = MAKERS[model](root / "model", device, args.small)
            with watch_forward(device) as watch:
                ours = run_ours(root / "home", files, spec, device)
            loop = run_loop(files, spec, device, root / "loop.pt")
            flops = count_flops(spec, device, files)
            busy = watch.seconds()
            print(
                f"{model:16}{args.pages / ours:8.2f}/s{args.pages / loop:8.2f}/s{loop / ours:8.2f}"
                f"{busy / ours:9.0%}{flops * args.pages / busy / rate:11.0%}{flops / 1e12:12.2f}",
                flush=True,
            )
            for leftover in ("model", "home"):
                shutil.rmtree(root / leftover)
    print(
        "\nforward: share of the wall time the device spent inside the model (start of the program"
    )
    print(
        "and loading of the model included); of matmul: the model's arithmetic over that time and rate"
    )


def measure_matmul(device: str, side: int = 8192) -> float:
    """Floating-point operations a second of a plain matrix multiply."""
    side, dtype = (1024, torch.float32) if device == "cpu" else (side, torch.bfloat16)
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    best = float("inf")
    for _ in range(10):
        _wait(device)
        started = time.perf_counter()
        a @ b
        _wait(device)
        best = min(best, time.perf_counter() - started)
    return 2 * side**3 / best


def make_pdfs(folder: Path, pages: int, a_file: int = 20) -> list[Path]:
    """Pages of text and a figure, twenty a file, no two alike."""
    folder.mkdir()
    files = []
    for first in range(0, pages, a_file):
        pdf = pymupdf.open()
        for number in range(first, min(first + a_file, pages)):
            page = pdf.new_page()
            lines = [
                f"Line {line} of page {number}: {number * line * 7919 % 10007} of the keeper's log"
                for line in range(40)
            ]
            page.insert_textbox((60, 60, 540, 600), "\n".join(lines), fontsize=9)
            page.draw_rect((100, 620, 100 + number % 300, 760), fill=(0.2, 0.4, 0.7))
        files.append(folder / f"{first:05}.pdf")
        pdf.save(files[-1])
    return files


def run_ours(root: Path, files: list[Path], spec: str, device: str) -> float:
    """Seconds of a whole ingest without OCR, loading of the model included."""
    settings = AddSettings(
        RenderSettings(dpi=DPI, ocr="none"), (spec,), encoding=Encoding(device=device)
    )
    started = time.perf_counter()
    done = [event for event in add(Home(root), list(files), settings) if isinstance(event, Done)]
    assert done[0].failed == 0
    return time.perf_counter() - started


def run_loop(files: list[Path], spec: str, device: str, target: Path) -> float:
    """Seconds of the loop, loading of the model included."""
    dtype = torch.float32 if device == "cpu" else torch.float16
    started = time.perf_counter()
    encode = (
        _loop_clip(spec, device, dtype)
        if spec.startswith("clip:")
        else _loop_colpali(spec, device, dtype)
    )
    rows: list[torch.Tensor] = []
    waiting: list[Image.Image] = []
    for path in files:
        with pymupdf.open(path) as pdf:
            for page in pdf:
                pixmap = page.get_pixmap(dpi=DPI)
                waiting.append(
                    Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)
                )
                if len(waiting) == LOOP_BATCH:
                    rows.extend(encode(waiting))
                    waiting = []
    if waiting:
        rows.extend(encode(waiting))
    torch.save(rows, target)
    return time.perf_counter() - started


def _loop_colpali(spec: str, device: str, dtype: torch.dtype) -> Any:
    from ingest.encoders.checkpoint import find_checkpoint
    from ingest.encoders.loading.families import find_base, find_family
    from ingest.encoders.patches import load_processor

    checkpoint = find_checkpoint(spec.partition(":")[2], "")
    family = find_family(checkpoint, find_base(checkpoint))
    model = family.network_class().from_pretrained(checkpoint.folder, dtype=dtype)
    if hasattr(getattr(model, "model", None), "lm_head"):
        model.model.lm_head.weight = model.get_input_embeddings().weight
    model = model.to(device).eval()
    processor = load_processor(family.processor_path, str(checkpoint.folder))

    @torch.no_grad()
    def encode(images: list[Image.Image]) -> list[torch.Tensor]:
        batch = processor.process_images(images)
        batch.pop("labels", None)
        rows = model(**batch.to(device))
        return list((rows if isinstance(rows, torch.Tensor) else rows.embeddings).cpu())

    return encode


def _loop_clip(spec: str, device: str, dtype: torch.dtype) -> Any:
    import open_clip

    folder = spec.partition(":")[2]
    model, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{folder}", device=device)
    model = model.to(dtype)

    @torch.no_grad()
    def encode(images: list[Image.Image]) -> list[torch.Tensor]:
        batch = torch.stack([preprocess(image) for image in images]).to(device, dtype)
        return list(model.encode_image(batch, normalize=True).cpu())

    return encode


class Watch:
    """The device's time inside forward passes, by its own clock."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._spans: list[tuple[Any, Any]] = []

    def call(self, forward: Any, *args: Any) -> Any:
        """Run a forward pass and remember when the device began and ended it."""
        if self._device == "cpu":
            started = time.perf_counter()
            result = forward(*args)
            self._spans.append((started, time.perf_counter()))
            return result
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        result = forward(*args)
        end.record()
        self._spans.append((start, end))
        return result

    def seconds(self) -> float:
        """All of them."""
        _wait(self._device)
        if self._device == "cpu":
            return sum(end - start for start, end in self._spans)
        return sum(start.elapsed_time(end) for start, end in self._spans) / 1000


@contextmanager
def watch_forward(device: str) -> Iterator[Watch]:
    """Time every forward pass of our encoders inside."""
    watch = Watch(device)
    forward, see = colpali.ColPaliEncoder._rows, open_clip_model.OpenClip.encode_images
    colpali.ColPaliEncoder._rows = lambda self, batch: watch.call(forward, self, batch)  # type: ignore[method-assign]
    open_clip_model.OpenClip.encode_images = lambda self, batch: watch.call(see, self, batch)  # type: ignore[method-assign]
    try:
        yield watch
    finally:
        colpali.ColPaliEncoder._rows, open_clip_model.OpenClip.encode_images = forward, see  # type: ignore[method-assign]


def count_flops(spec: str, device: str, files: list[Path]) -> float:
    """Floating-point operations of the model for one page."""
    from torch.utils.flop_counter import FlopCounterMode

    from ingest.encoders.load import load_encoder
    from ingest.files.render import render
    from ingest.page import Page

    pages = render(files[0], Page("benchmark", 1), 1, RenderSettings(dpi=DPI, ocr="none"))
    encoder = load_encoder(spec, Encoding(device=device))
    with FlopCounterMode(display=False) as counter:
        encoder.encode_pages(pages)
    return float(counter.get_total_flops())


def _wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
