"""Fine-tuning from random weights: a tiny CLIP on unseen combinations.

    python -m benchmarks.finetune [--folder DIR] [--epochs 40] [--threads 1]

A drawing shows one of 8 colours, 6 shapes and 9 places, 432 combinations in
all. 72 of them, drawn at random, are never trained on: 24 choose the best epoch,
48 are the test. The base is a CLIP of 3.4 million random weights. The
command line is used as a user would: `pageglass finetune`, then
an ingest with `--images clip:DIR`, then searches.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter

from ingest.add import AddSettings, add
from ingest.encoders.clip import ClipEncoder
from ingest.encoders.encoder import Encoding
from ingest.files.render import RenderSettings
from ingest.library.home import Home
from ingest.page import WHOLE, Page, Rendered
from retrieval.search import Searcher

ROOT = Path(__file__).parents[1]
COLOURS = {
    "red": (210, 30, 35),
    "green": (35, 150, 50),
    "blue": (35, 70, 210),
    "yellow": (240, 215, 40),
    "orange": (240, 130, 20),
    "purple": (130, 40, 160),
    "pink": (250, 140, 190),
    "black": (20, 20, 20),
}
SHAPES = ("circle", "square", "triangle", "star", "cross", "ring")
PLACES = {
    "at the top left": (0, 0), "at the top": (1, 0), "at the top right": (2, 0),
    "at the left": (0, 1), "in the middle": (1, 1), "at the right": (2, 1),
    "at the bottom left": (0, 2), "at the bottom": (1, 2), "at the bottom right": (2, 2),
}  # fmt: skip
SIDE = 96
"""Pixels of a drawing."""
MODEL = {
    "embed_dim": 64,
    "vision_cfg": {"image_size": 64, "patch_size": 8, "layers": 3, "width": 64, "head_width": 32},
    "text_cfg": {
        "context_length": 16, "vocab_size": 49_408, "width": 64, "heads": 2, "layers": 2,
    },
}  # fmt: skip
SEEN = {"mean": [0.5] * 3, "std": [0.5] * 3}
VAL, TEST = 24, 48
"""Combinations that are not trained on."""
DRAWN = {"train": 6, "val": 2, "test": 3}
"""Drawings of each combination."""

Combination = tuple[str, str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="where to work; a temporary one otherwise")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    # A model this small is hardly faster on two, and far slower where others want them too.
    parser.add_argument("--threads", type=int, default=1, help="of torch; others read drawings")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    started = time.monotonic()
    folder = args.folder or Path(tempfile.mkdtemp(prefix="pageglass-finetune-"))
    base, out = make_base(folder / "base", MODEL), folder / "tuned"
    splits = deal(args.seed)
    drawn = {name: make_drawings(folder / name, some, DRAWN[name]) for name, some in splits.items()}
    write_pairs(folder / "pairs.jsonl", drawn)
    validation = [(path, combination) for name in drawn for path, combination in drawn[name]]
    print(f"{platform.machine()}, {os.cpu_count()} cores, {args.threads} threads of torch")
    print(", ".join(f"{len(drawn[name])} drawings to {name}" for name in drawn))
    show("before", base, drawn["test"], validation)
    took = finetune(folder / "pairs.jsonl", base, out, args.epochs, args.threads)
    show("after", out, drawn["test"], validation)
    print(f"training    {took:.0f} s with start, reading and validation; best: {best(out)}")
    search(Home(folder / "home"), out, drawn["test"])
    print(f"all of it   {time.monotonic() - started:.0f} s; files in {folder}")


def caption(combination: Combination) -> str:
    color, shape, place = combination
    return f"{'an' if color[0] in 'aeiou' else 'a'} {color} {shape} {place}"


def deal(seed: int) -> dict[str, list[Combination]]:
    """Which combinations are for what."""
    every = [(c, s, p) for c in COLOURS for s in SHAPES for p in PLACES]
    random.Random(seed).shuffle(every)
    return {"test": every[:TEST], "val": every[TEST : TEST + VAL], "train": every[TEST + VAL :]}


def draw(combination: Combination, chance: random.Random, side: int = SIDE) -> Image.Image:
    """A drawing: color, size, place and tilt vary a little, and so does the paper."""
    color, shape, place = combination
    paper = chance.randint(200, 250)
    image = Image.new(
        "RGB", (4 * side, 4 * side), tuple(paper + chance.randint(-5, 5) for _ in "rgb")
    )
    ink = tuple(min(max(value + chance.randint(-18, 18), 0), 255) for value in COLOURS[color])
    third = 4 * side / 3
    column, row = PLACES[place]
    x = (column + 0.5 + chance.uniform(-0.12, 0.12)) * third
    y = (row + 0.5 + chance.uniform(-0.12, 0.12)) * third
    draw_shape(ImageDraw.Draw(image), shape, x, y, third * chance.uniform(0.28, 0.4), ink, chance)
    image = image.resize((side, side), Image.Resampling.BOX)
    return image.filter(ImageFilter.GaussianBlur(chance.uniform(0, 0.6)))


def draw_shape(
    pen: ImageDraw.ImageDraw,
    shape: str,
    x: float,
    y: float,
    radius: float,
    ink: tuple[int, ...],
    chance: random.Random,
) -> None:
    bounds = [x - radius, y - radius, x + radius, y + radius]
    if shape == "circle":
        pen.ellipse(bounds, ink)
        return
    if shape == "ring":
        pen.ellipse(bounds, outline=ink, width=round(radius * 0.35))
        return
    # Corners as angle (in turns, from the top) and share of the radius.
    corners = {
        "square": [((2 * i + 1) / 8, 1.15) for i in range(4)],
        "triangle": [(i / 3, 1.2) for i in range(3)],
        "star": [(i / 10, 1.2 if i % 2 == 0 else 0.5) for i in range(10)],
        "cross": [
            (quarter / 4 + turn, cosine_range)
            for quarter in range(4)
            for turn, cosine_range in ((-0.05, 1.1), (0.05, 1.1), (0.125, 0.47))
        ],
    }[shape]
    tilt = chance.uniform(-0.02, 0.02)
    points = [
        (
            x + cosine_range * radius * math.sin(2 * math.pi * (turn + tilt)),
            y - cosine_range * radius * math.cos(2 * math.pi * (turn + tilt)),
        )
        for turn, cosine_range in corners
    ]
    pen.polygon(points, ink)


def make_drawings(
    folder: Path, combinations: Sequence[Combination], each: int
) -> list[tuple[Path, Combination]]:
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for combination in combinations:
        for number in range(each):
            path = folder / f"{'-'.join(combination).replace(' ', '-')}-{number}.png"
            draw(combination, random.Random(path.name)).save(path)
            drawn.append((path, combination))
    return drawn


def write_pairs(file: Path, drawn: dict[str, list[tuple[Path, Combination]]]) -> None:
    """What is to be trained on and what chooses the best epoch; the test is not in it."""
    lines = [
        {"image": f"{path.parent.name}/{path.name}", "text": caption(combination), "split": name}
        for name in ("train", "val")
        for path, combination in drawn[name]
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def make_base(folder: Path, config: dict[str, object], seed: int = 0) -> Path:
    """A CLIP of random weights, as open_clip saves one."""
    import open_clip
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    made = {name: value for name, value in config.items() if name != "custom_text"}
    kind = open_clip.CustomTextCLIP if config.get("custom_text") else open_clip.CLIP
    network = kind(**made)
    save_file(network.state_dict(), folder / "open_clip_model.safetensors")
    values = {"model_cfg": config, "preprocess_cfg": SEEN}
    (folder / "open_clip_config.json").write_text(json.dumps(values), encoding="utf-8")
    return folder


def show(
    when: str,
    model: Path,
    test: Sequence[tuple[Path, Combination]],
    validation: Sequence[tuple[Path, Combination]],
) -> None:
    """Recall@1 of the test's captions among its own drawings, and among all there are."""
    encoder = ClipEncoder(str(model), Encoding(device="cpu"))
    combinations = list(dict.fromkeys(combination for _, combination in test))
    asked = encoder.embed([caption(combination) for combination in combinations])
    shares = []
    for pictures in (test, validation):
        pages = [as_page(path) for path, _ in pictures]
        rows = np.concatenate([page.vectors for page in encoder.encode_pages(pages)])
        first = (asked @ rows.T).argmax(axis=1)
        hits = [pictures[place][1] == combinations[i] for i, place in enumerate(first)]
        right = sum(combination in combinations for _, combination in pictures)
        chance = right / len(combinations) / len(pictures)
        shares.append(f"{np.mean(hits):.3f} (chance {chance:.4f}) among {len(pictures)} drawings")
    print(f"{when:12}recall@1 of {len(combinations)} captions: {'; '.join(shares)}", flush=True)


def as_page(path: Path) -> Rendered:
    return Rendered(Page(path.name, 1), path.read_bytes(), SIDE, SIDE, (), (WHOLE,), "none")


def finetune(pairs: Path, base: Path, out: Path, epochs: int, threads: int) -> float:
    """Run the program; seconds."""
    started = time.monotonic()
    command = [sys.executable, "-m", "api.cli.main", "finetune", "--pairs", str(pairs)]
    options = ["--epochs", str(epochs), "--batch", "128", "--lr", "0.002", "--device", "cpu"]
    subprocess.run(
        [*command, "--base", str(base), "--out", str(out), *options],
        cwd=ROOT,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
    )
    return time.monotonic() - started


def best(out: Path) -> str:
    training = json.loads((out / "training.json").read_text(encoding="utf-8"))
    recall = training["best"]["recall"]
    return (
        f"epoch {training['best']['number']}, recall@1 of the {VAL} captions that chose it"
        f" {recall['text_to_image'][0]:.3f}"
    )


def search(home: Home, model: Path, test: Sequence[tuple[Path, Combination]]) -> None:
    """Ingest the test's drawings and ask for each combination, as `search --images` does."""
    settings = AddSettings(
        render=RenderSettings(ocr="none"), encoders=("minilm", f"clip:{model}"), workers=2
    )
    for _ in add(home, [test[0][0].parent], settings):
        pass
    named = {path.name: combination for path, combination in test}
    searcher = Searcher(home)
    found = {}
    for combination in dict.fromkeys(named.values()):
        (hit,) = searcher.search(caption(combination), top=1, images=True)
        found[combination] = hit.page.document_name
    searcher.close()
    for combination, name in list(found.items())[:3]:
        print(f"            {caption(combination)}: {name}")
    right = np.mean([named[name] == combination for combination, name in found.items()])
    print(f"search      hit@1 of {len(found)} captions with --images: {right:.3f}")


if __name__ == "__main__":
    main()
