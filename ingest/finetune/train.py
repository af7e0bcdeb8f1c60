"""Fine-tuning: trains a CLIP model of open_clip on image-caption pairs."""

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
from ingest.finetune.crop import CropRequest
from ingest.finetune.folder import Folder
from ingest.finetune.gradient import DeviceNetwork, image_size
from ingest.finetune.image_reader import ImageReader
from ingest.finetune.learner import Learner
from ingest.finetune.pairs import Pair, fingerprint, read_pairs, split_pairs
from ingest.finetune.plan import Plan, TrainSettings
from ingest.finetune.run import Run, read_epoch
from ingest.finetune.training_event import Event, LeftOut, Started, Trained
from ingest.finetune.validation import ValidationSet

FORMAT = 1
"""Format of the checkpoint of an unfinished training."""
PACKAGES = ("torch", "torchvision", "open_clip_torch", "pillow")
CHECKED_TOGETHER = 256
"""Images that are checked together before the training starts."""


class UnsupportedBaseModel(ConfigurationError):
    """The base model is of a kind that cannot be trained."""

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
    """Train a base model on a file of pairs, into the folder `out`.

    `load_dual_encoder` loads the result from `out`. An unfinished training in `out`
    is resumed. On a CPU its weights equal those of an uninterrupted training.

    Args:
        base: a model of open_clip, as `load_dual_encoder` takes it.
        force: start a new training even if `out` holds one.

    Raises:
        PairsMissing, OutputFolderInUse, TrainingMismatch, WeightsMissing, InvalidCheckpoint, UnsupportedBaseModel, DeviceUnavailable,
        UnreadableFile, ReaderProcessDied, OutOfDeviceMemory, TrainingDiverged: the checkpoint is kept.
    """
    options, folder = settings or TrainSettings(), Folder(out)
    folder.check(base, force=force)
    target = choose_device(device)
    dtype = choose_dtype(options.dtype, target)
    good, left_out = yield from _check_pairs(pairs)
    kept, held = split_pairs(good, options.val_share)
    dual_encoder = _load(base, target)
    model = DeviceNetwork(dual_encoder.network, target, dtype)
    plan = Plan(len(kept), options)
    identity = {
        "format": FORMAT,
        **asdict(options),
        # The division of a step into batches does not change the result.
        "batch": options.batch * options.accumulate,
        "accumulate": 1,
        "base": dual_encoder.title,
        "pairs": fingerprint([*kept, *held]),
    }
    validation, learner = ValidationSet(held, image_size(dual_encoder)), Learner(model, options)
    with folder.held(), ImageReader(len(good)) as reader:
        run = Run(dual_encoder, learner, plan, kept, validation, folder, identity)
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
            device=str(target),
            dtype=dtype_name(dtype),
        )
        yield from run.train(reader)
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
                "settings": asdict(options),
                "device": str(target),
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


def _check_pairs(file: Path) -> Generator[LeftOut, None, tuple[list[Pair], int]]:
    """The usable pairs, after decoding each image once, and the number of unusable lines."""
    pairs, bad = read_pairs(file)
    paths = {pair.image: pair.path for pair in pairs}
    requests = [CropRequest(path, (1, 1)) for path in paths.values()]
    broken: dict[str, PageglassError] = {}
    with ImageReader(len(requests)) as reader:
        parts = (
            requests[start : start + CHECKED_TOGETHER]
            for start in range(0, len(requests), CHECKED_TOGETHER)
        )
        seen = (one for part in reader.try_read(parts) for one in part)
        for image, one in zip(paths, seen, strict=True):
            if isinstance(one, PageglassError):
                broken[image] = one
    bad += [(pair.line, broken[pair.image]) for pair in pairs if pair.image in broken]
    for line, error in sorted(bad, key=lambda one: one[0]):
        yield LeftOut(line, error)
    return [pair for pair in pairs if pair.image not in broken], len(bad)


def _load(base: str, device: torch.device) -> OpenClip:
    dual_encoder = load_dual_encoder(base, device, torch.float32)
    if not isinstance(dual_encoder, OpenClip):
        raise UnsupportedBaseModel(
            f"{base} is a transformers checkpoint, and only models of open_clip are trained here.",
            hint="Give ARCH/TAG (such as ViT-B-32/laion2b_s34b_b79k), or a folder or hub id that"
            " has open_clip_config.json.",
        )
    return dual_encoder


def _count_cut(dual_encoder: OpenClip, pairs: Sequence[Pair]) -> int:
    """Count the captions that are longer than the model's context."""
    texts = {pair.text for pair in pairs}
    longest = dual_encoder.tokenizer(["a"]).shape[1]
    return sum(dual_encoder.length(text) > longest for text in texts)
