"""OpenVINO against onnxruntime: the embedded networks on one thread.

    python -m benchmarks.runtimes EVAL/sroie-dev/images [--pages 10]

Each runtime works in a process of its own, one after the other: MiniLM on windows
of 128 tokens, EfficientNet on photos, and PP-OCR on images (scans, receipts).
Prints processor seconds, peak memory, and how far the results agree.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

WINDOWS, TOKENS = 64, 128
PHOTOS = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=Path)
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--runtime", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.runtime:
        print(json.dumps(_work(args.runtime, _files(args.images, args.pages))))
        return
    done = {name: _process(name, args) for name in ("onnxruntime", "openvino")}
    ours, other = done["openvino"], done["onnxruntime"]
    print(f"{'processor seconds':28} {'onnxruntime':>12} {'openvino':>12} {'times':>7}")
    for part in other["seconds"]:
        before, now = other["seconds"][part], ours["seconds"][part]
        print(f"{part:28} {before:12.2f} {now:12.2f} {before / now:7.2f}")
    print(f"{'peak memory, MB':28} {other['peak_mb']:12} {ours['peak_mb']:12}")
    cosines = (np.array(other["rows"]) * np.array(ours["rows"])).sum(axis=1)
    print(f"cosine of MiniLM's rows: mean {cosines.mean():.4f}, least {cosines.min():.4f}")
    shares = [_agreement(a, b) for a, b in zip(other["words"], ours["words"], strict=True)]
    print(f"words in common (F1): mean {np.mean(shares):.3f}, least {min(shares):.3f}")


def _process(runtime: str, args: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.runtimes", str(args.images)]
    command += ["--pages", str(args.pages), "--runtime", runtime]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _files(folder: Path, count: int) -> list[Path]:
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in {".png", ".jpg", ".jpeg"})
    return found[:: max(len(found) // count, 1)][:count]


def _work(runtime: str, files: list[Path]) -> dict[str, Any]:
    from ingest.encoders.embedded import efficientnet, minilm
    from ingest.encoders.embedded.runtime.session import open_session
    from ingest.ocr import pp_ocr
    from ingest.ocr.rapidocr_engine import RapidOcr

    def opened(model: Path | bytes, threads: int, **_: Any) -> Any:
        return open_session(model, threads, runtime=runtime)

    for module in (efficientnet, pp_ocr):
        module.open_session = opened
    minilm.open_kept_session = lambda _name, _sha, network, threads: opened(network(), threads)
    seconds: dict[str, float] = {}

    def timed(part: str, started: float) -> None:
        seconds[part] = time.process_time() - started

    rng = np.random.default_rng(0)
    windows = rng.integers(1_000, 28_000, (WINDOWS, TOKENS)).tolist()
    encoder = minilm.MiniLmEncoder(threads=1)
    encoder._encode_tokens(windows[0])
    started = time.process_time()
    rows = [encoder._encode_tokens(window) for window in windows]
    timed(f"MiniLM, {WINDOWS} windows", started)

    photos = [Image.fromarray(rng.integers(0, 255, (320, 320, 3), np.uint8)) for _ in range(4)]
    classifier = efficientnet.EfficientNetLite2(threads=1)
    classifier.classify(photos)
    started = time.process_time()
    for _ in range(PHOTOS // len(photos)):
        classifier.classify(photos)
    timed(f"EfficientNet, {PHOTOS} photos", started)

    engine = RapidOcr()
    images = [Image.open(path).convert("RGB") for path in files]
    started = time.process_time()
    found = [engine.detect(image) for image in images]
    timed(f"PP-OCR finds, {len(images)} images", started)
    started = time.process_time()
    lines = [engine.recognize(i, c) for i, c in zip(images, found, strict=True)]
    timed("PP-OCR reads their lines", started)
    return {
        "seconds": seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        "rows": np.concatenate(rows)[::16].tolist(),
        "words": [[w.text for line in page for w in line.words] for page in lines],
    }


def _agreement(some: list[str], others: list[str]) -> float:
    a, b = Counter(some), Counter(others)
    return 2 * sum((a & b).values()) / max(sum(a.values()) + sum(b.values()), 1)


if __name__ == "__main__":
    main()
