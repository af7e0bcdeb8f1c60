"""Train a CLIP model further on pairs of picture and caption: the main act of this folder."""

from __future__ import annotations

import platform
from collections.abc import Generator, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import torch

from ingest.encoders.device import choose_device, choose_dtype, dtype_name
from ingest.encoders.load_dual_encoder import load_dual_encoder
from ingest.encoders.open_clip_model import OpenClip
from ingest.error import ConfigurationError, PageglassError
from ingest.finetune.crop import Glance
from ingest.finetune.folder import Folder
from ingest.finetune.gallery import Gallery
from ingest.finetune.gradient import Towers, picture_size
from ingest.finetune.learner import Learner
from ingest.finetune.pairs import Pair, fingerprint, read_pairs, split_pairs
from ingest.finetune.picture_reader import Reader
from ingest.finetune.plan import Plan, TrainSettings
from ingest.finetune.run import Run, read_epoch
from ingest.finetune.training_event import Event, LeftOut, Started, Trained

FORMAT = 1
"""Of the state that an unfinished training leaves."""
PACKAGES = ("torch", "torchvision", "open_clip_torch", "pillow")
LOOK = 256
"""Pictures that are looked through together before the training begins."""


class UnsupportedBaseModel(ConfigurationError):
    """The base is a model of a kind that is not trained here."""

    code = "unsupported-base-model"


def train(
    pairs: Path,
    base: str,
    out: Path,
    settings: TrainSettings | None = None,
    *,
    device: str = "auto",
    force: bool = False,
) -> Generator[Event, None, None]:
    """Train `base` on a file of pairs; what becomes of it, `load_dual_encoder` loads from `out`.

    An unfinished training in `out` is gone on with, and on a CPU ends with the
    very weights that it would have had without the stop.

    Args:
        base: a model of open_clip, as `load_dual_encoder` takes it.
        force: begin anew where `out` holds a training.

    Raises:
        PairsMissing, OutputFolderInUse, TrainingMismatch, WeightsMissing, InvalidCheckpoint, UnsupportedBaseModel, DeviceUnavailable,
        UnreadableFile, ReaderProcessDied, OutOfDeviceMemory, Diverged: what was trained so far stays.
    """
    how, folder = settings or TrainSettings(), Folder(out)
    folder.check(base, force=force)
    there = choose_device(device)
    dtype = choose_dtype(how.dtype, there)
    good, left_out = yield from _gather(pairs)
    kept, held = split_pairs(good, how.val_share)
    dual_encoder = _load(base, there)
    towers = Towers(dual_encoder.network, there, dtype)
    plan = Plan(len(kept), how)
    identity = {
        "format": FORMAT,
        **asdict(how),
        # How a step is cut into batches changes nothing.
        "batch": how.batch * how.accumulate,
        "accumulate": 1,
        "base": dual_encoder.title,
        "pairs": fingerprint([*kept, *held]),
    }
    gallery, learner = Gallery(held, picture_size(dual_encoder)), Learner(towers, how)
    with folder.held(), Reader(len(good)) as reader:
        run = Run(dual_encoder, learner, plan, kept, gallery, folder, identity)
        if folder.unfinished and not force:
            run.load()
        else:
            folder.clear()
            run.save()
        yield Started(
            train=len(kept),
            val=len(held),
            left_out=left_out,
            cut=_count_cut(dual_encoder, good),
            step=run.progress.step,
            steps=plan.steps,
            device=str(there),
            dtype=dtype_name(dtype),
        )
        yield from run.go(reader)
        epochs = [read_epoch(epoch) for epoch in run.progress.epochs]
        best = next(epoch for epoch in reversed(epochs) if epoch.best)
        run.save()
        run.save_log()
        done = Trained(folder.path, epochs[0], best, left_out, run.progress.seconds)
        about = {"file": str(pairs.absolute()), "train": len(kept), "val": len(held)}
        folder.finish(
            {
                "base": dual_encoder.title,
                "pairs": {**about, "left_out": left_out},
                "settings": asdict(how),
                "device": str(there),
                "dtype": dtype_name(dtype),
                "versions": {"python": platform.python_version()}
                | {name: version(name) for name in PACKAGES},
                "steps": plan.steps,
                "seconds": round(done.seconds, 1),
                "before": run.progress.epochs[0],
                "best": run.progress.epochs[best.number],
            }
        )
    yield done


def _gather(file: Path) -> Generator[LeftOut, None, tuple[list[Pair], int]]:
    """The usable pairs, each picture decoded once, and how many lines are not."""
    pairs, bad = read_pairs(file)
    paths = {pair.image: pair.path for pair in pairs}
    glances = [Glance(path, (1, 1)) for path in paths.values()]
    broken: dict[str, PageglassError] = {}
    with Reader(len(glances)) as reader:
        parts = (glances[start : start + LOOK] for start in range(0, len(glances), LOOK))
        seen = (one for part in reader.try_read(parts) for one in part)
        for image, one in zip(paths, seen, strict=True):
            if isinstance(one, PageglassError):
                broken[image] = one
    bad += [(pair.line, broken[pair.image]) for pair in pairs if pair.image in broken]
    for line, fault in sorted(bad, key=lambda one: one[0]):
        yield LeftOut(line, fault)
    return [pair for pair in pairs if pair.image not in broken], len(bad)


def _load(base: str, device: torch.device) -> OpenClip:
    dual_encoder = load_dual_encoder(base, device, torch.float32)
    if not isinstance(dual_encoder, OpenClip):
        raise UnsupportedBaseModel(
            f"{base} is a transformers checkpoint, and only models of open_clip are trained here.",
            hint="Take ARCH/TAG (such as ViT-B-32/laion2b_s34b_b79k), or a folder or hub id that"
            " has open_clip_config.json.",
        )
    return dual_encoder


def _count_cut(dual_encoder: OpenClip, pairs: Sequence[Pair]) -> int:
    """Captions that are longer than the model reads."""
    texts = {pair.text for pair in pairs}
    longest = dual_encoder.tokenizer(["a"]).shape[1]
    return sum(dual_encoder.length(text) > longest for text in texts)
