"""Find a model's files: a local folder as it is, or a hub id through the hub's cache.

Everything downstream loads from a folder, so a model without a network is a
model given by its path. Knows no model's inside.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from ingest.encoders.embedded.weights import WeightsMissing
from ingest.error import ConfigurationError

SAFE = "*.safetensors"
WEIGHTS = ("*.safetensors", "*.bin", "*.pt", "*.pth")
OTHERS = ("*.json", "*.txt", "*.model", "*.jinja", "artifact.metadata")
"""The last is where Stanford's ColBERT keeps its lengths and marks."""
SAMPLE = 1 << 20
"""Bytes at either end of a weights file that go into its fingerprint."""
UNLOADABLE = (
    *(OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError),
    *(AssertionError, ImportError, SafetensorError),
)
"""What libraries raise over files that are missing, cut short or of another kind of model."""


class InvalidCheckpoint(ConfigurationError):
    """A model's folder does not hold what its encoder needs."""

    code = "invalid-checkpoint"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model's files. `spec` is as the user gave it, a folder made absolute."""

    spec: str
    folder: Path
    fingerprint: str

    @property
    def title(self) -> str:
        """What an index remembers: the model and which state of it."""
        return f"{self.spec} {self.fingerprint[:12]}"

    def read(self, name: str) -> dict[str, Any] | None:
        """A JSON file of the folder; None where there is none.

        Raises:
            InvalidCheckpoint: it is no JSON, or no object.
        """
        path = self.folder / name
        if not path.is_file():
            return None
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InvalidCheckpoint(
                f"{path} is not JSON: {error}.", hint="Download the model anew."
            ) from None
        if not isinstance(values, dict):
            raise InvalidCheckpoint(
                f"{path} holds no JSON object.", hint="Download the model anew."
            )
        return values

    def unloadable(self, error: Exception, hint: str) -> InvalidCheckpoint:
        """What to say of it when a library raised one of `UNLOADABLE`."""
        if isinstance(error, ImportError):
            hint = "Install what it asks for."
        return InvalidCheckpoint(f"{self.spec} cannot be loaded: {reason(error)}.", hint=hint)


def find_checkpoint(model: str, instead: str) -> Checkpoint:
    """The files of a model; a hub id is downloaded once, into the hub's own cache.

    Args:
        model: a folder, a hub id, or a hub id with `@revision`.
        instead: the embedded encoder that needs no weights from outside, for the error's sake.

    Raises:
        WeightsMissing: there is no such folder, or the hub cannot give it.
    """
    folder = Path(os.path.expanduser(model))
    if folder.is_dir():
        found = folder.absolute()
        return Checkpoint(str(found), found, _fingerprint(found))
    if model.startswith((".", "/", "~")) or _split(model)[0].count("/") != 1:
        raise WeightsMissing(
            f"There is no folder {folder}, and {model!r} is no hub id.",
            hint=f"A model is a folder, OWNER/NAME or OWNER/NAME@REVISION. {_without(instead)}",
        )
    fetched = fetch(model, model, [SAFE, *OTHERS], instead)
    if any(path.match(SAFE) for path in _model_files(fetched.folder)):
        return fetched
    # Only older checkpoints have their weights in no other form.
    return fetch(model, model, [*WEIGHTS, *OTHERS], instead)


def is_at_hand(model: str) -> bool:
    """Whether a model can be loaded without a download."""
    if Path(os.path.expanduser(model)).is_dir():
        return True
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    name, revision = _split(model)
    files = ("adapter_config.json", "config.json", "open_clip_config.json")
    try:
        return any(
            isinstance(try_to_load_from_cache(name, file, revision=revision), str) for file in files
        )
    except HFValidationError:
        return False


def fetch(spec: str, repository: str, files: Sequence[str], instead: str) -> Checkpoint:
    """A model's files from the hub, or from its cache where there is no network.

    Args:
        spec: what the user calls it.
        repository: a hub id, or a hub id with `@revision`.
        files: patterns of those wanted.
        instead: see `find_checkpoint`.

    Raises:
        WeightsMissing: the hub cannot give it.
    """
    from huggingface_hub import snapshot_download

    name, revision = _split(repository)
    try:
        folder = snapshot_download(name, revision=revision, allow_patterns=[*files])
    # The hub's client and the HTTP library under it have many names for trouble, and change them.
    except Exception as error:
        raise WeightsMissing(
            f"The weights of {spec} cannot be had: {reason(error)}.",
            hint="Check the name and the network (a gated model needs HF_TOKEN), or download it"
            f" where there is one and give its folder in place of the id. {_without(instead)}",
        ) from error
    # The hub keeps a snapshot in a folder named by its commit.
    return Checkpoint(spec, Path(folder), Path(folder).name)


def reason(error: Exception) -> str:
    """The first line of what a library says, without addresses; the error's name where it says nothing."""
    lines = [
        " ".join(word for word in line.split() if "://" not in word).rstrip(".:")
        for line in str(error).splitlines()
    ]
    return next(filter(None, lines), type(error).__name__)


def _split(model: str) -> tuple[str, str | None]:
    """A hub id and its revision, which may be a path (`refs/pr/1`)."""
    name, _, revision = model.partition("@")
    return name, revision or None


def _without(instead: str) -> str:
    return f"Without it, {instead} works as it is."


def _fingerprint(folder: Path) -> str:
    """A hash of a folder's model files: small ones whole, the ends and the size of large ones."""
    digest = hashlib.sha256()
    for path in _model_files(folder):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(SAMPLE))
            if size > SAMPLE:
                file.seek(max(SAMPLE, size - SAMPLE))
                digest.update(file.read(SAMPLE))
    return digest.hexdigest()


def _model_files(folder: Path) -> Iterator[Path]:
    """Files of the folder and of those in it: sentence-transformers keeps a module in each."""
    for pattern in (*OTHERS, *WEIGHTS):
        yield from sorted(path for path in folder.glob(pattern) if path.is_file())
        for path in sorted(folder.glob(f"*/{pattern}")):
            # The hub's client keeps notes of its downloads in .cache.
            if path.is_file() and not path.parent.name.startswith("."):
                yield path
