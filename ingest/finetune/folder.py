"""Output folder of a training: model, log, plot, checkpoint and summary.

OUT/open_clip_model.safetensors, open_clip_config.json   the best epoch's model, and its tokenizer's files if any
OUT/log.jsonl, curve.png                                 a line an epoch; the loss and the recall plotted
OUT/checkpoint.pt                                        to resume from; deleted when the training is finished
OUT/training.json                                        settings and results, when it is finished
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

from ingest.disk.atomic import aside, discard, write_atomically
from ingest.encoders.checkpoint import OPEN_CLIP_CONFIG, InvalidCheckpoint
from ingest.encoders.open_clip_model import COSINE_RANGE, OpenClip
from ingest.error import ConflictError
from ingest.finetune.curve import draw_curve

MODEL = "open_clip_model.safetensors"
TRAINING = "training.json"
LOG = "log.jsonl"
CURVE = "curve.png"
STATE = "checkpoint.pt"
LOCK = ".training.lock"
READ_ERRORS = (OSError, RuntimeError, ValueError, EOFError, LookupError, TypeError, UnpicklingError)
"""What reading a broken checkpoint raises."""
FILES = (MODEL, OPEN_CLIP_CONFIG, TRAINING, LOG, CURVE, STATE)


class OutputFolderInUse(ConflictError):
    """The folder holds files that must not be overwritten, or is in use."""

    code = "output-folder-in-use"


class TrainingMismatch(ConflictError):
    """The folder holds an unfinished training with other settings."""

    code = "training-mismatch"


class Folder:
    """Output folder; see the module. It is created by `held`."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()

    @property
    def unfinished(self) -> bool:
        """Whether there is a training to resume."""
        return (self.path / STATE).is_file()

    def check(self, base: str, *, force: bool) -> None:
        """Check that nothing would be overwritten.

        Raises:
            OutputFolderInUse: it holds a finished training and `force` is not set,
                or other files, or is the base model's own folder.
        """
        base_folder = Path(base).expanduser()
        if base_folder.is_dir() and base_folder.resolve() == self.path.resolve():
            raise OutputFolderInUse(
                f"{self.path} is the base model's own folder.",
                hint="Give another output folder.",
            )
        if self.path.exists() and not self.path.is_dir():
            raise OutputFolderInUse(
                f"{self.path} is not a folder.", hint="Give another output folder."
            )
        if self.unfinished or not self.path.exists():
            return
        if (self.path / TRAINING).is_file():
            if not force:
                raise OutputFolderInUse(
                    f"{self.path} holds a finished training.",
                    hint="Give another output folder, or force a new training in its place.",
                )
        elif any(not path.name.startswith(".") for path in self.path.iterdir()):
            raise OutputFolderInUse(
                f"{self.path} holds other files.",
                hint="Give a new or an empty output folder.",
            )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Create the folder and lock it against other trainings.

        Raises:
            OutputFolderInUse: another training holds the lock.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise OutputFolderInUse(
                f"Another process is training in {self.path}.",
                hint="Wait for it, or give another output folder.",
            ) from error
        try:
            yield
        finally:
            discard(self.path / LOCK)
            lock.release()

    def clear(self) -> None:
        """Delete the files of an earlier training."""
        for name in FILES:
            discard(self.path / name)
            for half in self.path.glob(f".{name}.*"):
                discard(half)

    def load(self, identity: Mapping[str, Any]) -> dict[str, Any]:
        """Load the checkpoint of the unfinished training.

        Args:
            identity: the settings that must be equal to resume it.

        Raises:
            InvalidCheckpoint: it cannot be read.
            TrainingMismatch: a setting differs.
        """
        path = self.path / STATE
        try:
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            stored = state["identity"]
        except READ_ERRORS as error:
            raise InvalidCheckpoint(
                f"{path} is not a checkpoint of a training, or broken ({type(error).__name__}).",
                hint="Force a new training.",
            ) from error
        names = {**stored, **identity}
        other = [name for name in names if stored.get(name) != identity.get(name)]
        if other:
            raise TrainingMismatch(
                f"{self.path} holds an unfinished training with other settings: "
                + "; ".join(
                    f"{name} was {stored.get(name)}, now {identity.get(name)}" for name in other
                )
                + ".",
                hint="Give the same settings to resume it, another output folder, or force a new training.",
            )
        return state

    def save_state(self, state: Mapping[str, Any]) -> None:
        """Save the checkpoint to resume from."""
        with aside(self.path / STATE) as file:
            torch.save(state, file)

    def save_model(self, dual_encoder: OpenClip, cosine_range: tuple[float, float] | None) -> None:
        """Save the model in the form that `load_dual_encoder` loads.

        The measured `cosine_range` is saved with it.
        """
        weights = {
            # Clones, since the format does not allow shared tensors.
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
        """Write a JSON file of the folder."""
        text = json.dumps(values, ensure_ascii=False, indent=2) + "\n"
        write_atomically(self.path / name, text.encode())

    def save_log(self, epochs: Sequence[Mapping[str, Any]], losses: Sequence[float]) -> None:
        """Write the epochs as JSON lines, and plot them.

        For the epochs see `Epoch`. The plot also shows the loss of every step.
        """
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
        """Write the summary and delete the checkpoint."""
        self.save_json(TRAINING, training)
        discard(self.path / STATE)
