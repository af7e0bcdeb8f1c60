"""The folder that a training writes: the model as open_clip saves one, how it came about, and how far it is.

OUT/open_clip_model.safetensors, open_clip_config.json   the best epoch's model, and its tokenizer's files if any
OUT/log.jsonl, curve.png                                 every epoch; the loss and the recall drawn
OUT/checkpoint.pt                                        where to go on; gone once the training is finished
OUT/training.json                                        settings and results; there once it is
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from filelock import FileLock, Timeout
from safetensors.torch import save

from ingest.encoders.checkpoint import InvalidCheckpoint
from ingest.encoders.open_clip_model import COSINE_RANGE, OPEN_CLIP_CONFIG, OpenClip
from ingest.error import ConflictError
from ingest.finetune.curve import draw_curve
from ingest.library.atomic import aside, discard, write_atomically

MODEL = "open_clip_model.safetensors"
TRAINING = "training.json"
LOG = "log.jsonl"
CURVE = "curve.png"
STATE = "checkpoint.pt"
LOCK = ".training.lock"
BROKEN = (OSError, RuntimeError, ValueError, EOFError, LookupError, TypeError, UnpicklingError)
"""What reading a checkpoint is known to raise."""
OURS = (MODEL, OPEN_CLIP_CONFIG, TRAINING, LOG, CURVE, STATE)


class OutputFolderInUse(ConflictError):
    """The folder holds something that must not be overwritten, or is in use."""

    code = "output-folder-in-use"


class TrainingMismatch(ConflictError):
    """The folder holds an unfinished training that is not this one."""

    code = "training-mismatch"


class Folder:
    """See the module. Making one touches nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()

    @property
    def unfinished(self) -> bool:
        """Whether there is a training to go on with."""
        return (self.path / STATE).is_file()

    def check(self, base: str, *, force: bool) -> None:
        """Refuse to destroy anything.

        Raises:
            OutputFolderInUse: it holds a finished training and there is no `force`, or
                something else, or it is the base model's own.
        """
        there = Path(base).expanduser()
        if there.is_dir() and there.resolve() == self.path.resolve():
            raise OutputFolderInUse(
                f"{self.path} is the base model's own folder.",
                hint="Give --out a folder of its own.",
            )
        if self.path.exists() and not self.path.is_dir():
            raise OutputFolderInUse(f"{self.path} is no folder.", hint="Give --out another name.")
        if self.unfinished or not self.path.exists():
            return
        if (self.path / TRAINING).is_file():
            if not force:
                raise OutputFolderInUse(
                    f"{self.path} holds a finished training.",
                    hint="Give --out another folder, or --force to train anew in its place.",
                )
        elif any(not path.name.startswith(".") for path in self.path.iterdir()):
            raise OutputFolderInUse(
                f"{self.path} holds other files.",
                hint="Give --out a new or an empty folder.",
            )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder, and keep other trainings out of it.

        Raises:
            OutputFolderInUse: one is at work there.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise OutputFolderInUse(
                f"Another process is training in {self.path}.",
                hint="Wait for it, or give --out another folder.",
            ) from error
        try:
            yield
        finally:
            discard(self.path / LOCK)
            lock.release()

    def clear(self) -> None:
        """Delete what an earlier training wrote here."""
        for name in OURS:
            discard(self.path / name)
            for half in self.path.glob(f".{name}.*"):
                discard(half)

    def load(self, identity: Mapping[str, Any]) -> dict[str, Any]:
        """The state of the unfinished training.

        Args:
            identity: what must be the same for it to be gone on with.

        Raises:
            InvalidCheckpoint: it cannot be read.
            TrainingMismatch: something is not the same.
        """
        path = self.path / STATE
        try:
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            began = state["identity"]
        except BROKEN as error:
            raise InvalidCheckpoint(
                f"{path} is no state of a training, or broken ({type(error).__name__}).",
                hint="Begin anew with --force.",
            ) from error
        names = {**began, **identity}
        other = [name for name in names if began.get(name) != identity.get(name)]
        if other:
            raise TrainingMismatch(
                f"{self.path} holds an unfinished training with other settings: "
                + "; ".join(
                    f"{name} was {began.get(name)}, now {identity.get(name)}" for name in other
                )
                + ".",
                hint="Give the same again to go on, another --out, or --force to begin anew.",
            )
        return state

    def save_state(self, state: Mapping[str, Any]) -> None:
        """Write down how far the training is."""
        with aside(self.path / STATE) as file:
            torch.save(state, file)

    def save_model(self, dual_encoder: OpenClip, cosine_range: tuple[float, float] | None) -> None:
        """Write the model so that `load_dual_encoder` loads it from the folder; `cosine_range` as measured."""
        weights = {
            # Clones, since the format knows no weights that are shared.
            name: tensor.detach().to("cpu", copy=True).contiguous()
            for name, tensor in dual_encoder.network.state_dict().items()
        }
        write_atomically(self.path / MODEL, save(weights))
        if hasattr(dual_encoder.tokenizer, "save_pretrained"):
            dual_encoder.tokenizer.save_pretrained(self.path)
        seen = dual_encoder.network.visual.preprocess_cfg
        measured = {COSINE_RANGE: cosine_range} if cosine_range else {}
        self.save_json(
            OPEN_CLIP_CONFIG, {"model_cfg": dual_encoder.config, "preprocess_cfg": seen, **measured}
        )

    def save_json(self, name: str, values: Mapping[str, Any]) -> None:
        """Write one of the folder's JSON files."""
        text = json.dumps(values, ensure_ascii=False, indent=2) + "\n"
        write_atomically(self.path / name, text.encode())

    def save_log(self, epochs: Sequence[Mapping[str, Any]], losses: Sequence[float]) -> None:
        """Write every epoch (see `Epoch`), a JSON object a line, and draw them with the loss of every step."""
        lines = "".join(json.dumps(epoch) + "\n" for epoch in epochs)
        write_atomically(self.path / LOG, lines.encode())
        recalls = [
            (
                epoch["step"],
                epoch["recall"]["text_to_image"][0],
                epoch["recall"]["image_to_text"][0],
            )
            for epoch in epochs
            if epoch["recall"]
        ]
        write_atomically(self.path / CURVE, draw_curve(losses, recalls))

    def finish(self, training: Mapping[str, Any]) -> None:
        """Write down how the model came about; there is nothing to go on with any more."""
        self.save_json(TRAINING, training)
        discard(self.path / STATE)
