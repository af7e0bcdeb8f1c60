"""Model checkpoints: a local folder, or a Hugging Face hub id and its cache.

Encoders and language models load from a folder alone, so that a model given by
its path needs no network.
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
METADATA = ("*.json", "*.txt", "*.model", "*.jinja", "artifact.metadata")
"""Configs and tokenizers; the last is the config of Stanford's ColBERT."""
OPEN_CLIP_CONFIG = "open_clip_config.json"
SAMPLE = 1 << 20
"""Bytes of either end of a weights file that go into its fingerprint."""
LOAD_ERRORS = (
    *(OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError),
    *(AssertionError, ImportError, SafetensorError),
)
"""What libraries raise for files that are missing, truncated or of another kind of model."""


class InvalidCheckpoint(ConfigurationError):
    """A model's files are broken, or of another kind than its encoder loads."""

    code = "invalid-checkpoint"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Model files in a folder, with their fingerprint.

    `spec` is the name that the user gave; a folder is made absolute.
    """

    spec: str
    folder: Path
    fingerprint: str

    @property
    def title(self) -> str:
        """The model and the head of its fingerprint, as an index records it."""
        return f"{self.spec} {self.fingerprint[:12]}"

    def read(self, name: str) -> dict[str, Any] | None:
        """Read a JSON file of the folder; None where there is none.

        Raises:
            InvalidCheckpoint: it is not a JSON object.
        """
        path = self.folder / name
        if not path.is_file():
            return None
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InvalidCheckpoint(
                f"{path} is not JSON: {error}.", hint="Download the model again."
            ) from None
        if not isinstance(values, dict):
            raise InvalidCheckpoint(
                f"{path} is not a JSON object.", hint="Download the model again."
            )
        return values

    def load_error(self, error: Exception, hint: str) -> InvalidCheckpoint:
        """Make the error to raise when a library raised one of `LOAD_ERRORS`."""
        if isinstance(error, ImportError):
            hint = "Install the package that it needs."
        if "trust_remote_code" in str(error):
            return InvalidCheckpoint(
                f"{self.spec} needs code of its own, which is never run.",
                hint="Take a checkpoint that transformers, colpali-engine or open_clip loads"
                " itself; often that is the -hf version of the same model.",
            )
        return InvalidCheckpoint(f"{self.spec} cannot be loaded: {reason(error)}.", hint=hint)


def find_checkpoint(model: str, fallback: str) -> Checkpoint:
    """Find a model's files; a hub id is downloaded once, into the hub's own cache.

    Args:
        model: a folder, a hub id, or a hub id with `@revision`.
        fallback: the embedded encoder or model that needs no download, for the error's hint.

    Raises:
        WeightsMissing: there is no such folder, or the hub does not provide it.
    """
    folder = Path(os.path.expanduser(model))
    if folder.is_dir():
        found = folder.absolute()
        return Checkpoint(str(found), found, _fingerprint(found))
    _check_name(model, fallback)
    fetched = fetch(model, model, [SAFE, *METADATA], fallback)
    if any(path.match(SAFE) for path in model_files(fetched.folder)):
        return fetched
    # Only older checkpoints have their weights in no other form.
    return fetch(model, model, [*WEIGHTS, *METADATA], fallback)


def check_reachable(model: str, fallback: str) -> str:
    """Say where a model's files are; nothing is downloaded.

    Raises:
        WeightsMissing: it is neither a folder nor a hub id.
    """
    if is_local(model):
        return "its files are here"
    _check_name(model, fallback)
    return "its files are not here yet: the hub is asked at the first use"


def _check_name(model: str, fallback: str) -> None:
    if model.startswith((".", "/", "~")) or _split(model)[0].count("/") != 1:
        raise WeightsMissing(
            f"There is no folder {Path(os.path.expanduser(model))}, and {model!r} is not a hub id.",
            hint=f"A model is a folder, OWNER/NAME or OWNER/NAME@REVISION. {without_weights(fallback)}",
        )


def is_local(model: str) -> bool:
    """Whether a model can be loaded without a download."""
    if Path(os.path.expanduser(model)).is_dir():
        return True
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    name, revision = _split(model)
    files = ("adapter_config.json", "config.json", OPEN_CLIP_CONFIG)
    try:
        return any(
            isinstance(try_to_load_from_cache(name, file, revision=revision), str) for file in files
        )
    except HFValidationError:
        return False


def fetch(spec: str, repository: str, files: Sequence[str], fallback: str) -> Checkpoint:
    """Fetch a model's files from the hub, or from its cache where there is no network.

    Args:
        spec: the name that the user gave.
        repository: a hub id, or a hub id with `@revision`.
        files: glob patterns of the files to fetch.
        fallback: see `find_checkpoint`.

    Raises:
        WeightsMissing: the hub does not provide it.
    """
    from huggingface_hub import snapshot_download

    name, revision = _split(repository)
    try:
        folder = snapshot_download(name, revision=revision, allow_patterns=[*files])
    # The hub's client and its HTTP library raise many classes, which change with versions.
    except Exception as error:
        raise WeightsMissing(
            f"The weights of {spec} are not available: {reason(error)}.",
            hint="Check the name and the network (a gated model needs HF_TOKEN), or download it"
            f" elsewhere and give its folder in place of the id. {without_weights(fallback)}",
        ) from error
    # The hub keeps a snapshot in a folder named by its commit.
    return Checkpoint(spec, Path(folder), Path(folder).name)


def reason(error: Exception) -> str:
    """First line of an error's message, without URLs.

    The name of the error's class where the message is empty.
    """
    lines = [
        " ".join(word for word in line.split() if "://" not in word).rstrip(".:")
        for line in str(error).splitlines()
    ]
    return next(filter(None, lines), type(error).__name__)


def _split(model: str) -> tuple[str, str | None]:
    """Split a hub id from its revision, which may be a path (`refs/pr/1`)."""
    name, _, revision = model.partition("@")
    return name, revision or None


def without_weights(fallback: str) -> str:
    """The last sentence of a hint: the embedded encoder or model needs no download."""
    return f"The embedded {fallback} needs no download."


def _fingerprint(folder: Path) -> str:
    """Hash a folder's model files: small ones whole, of large ones both ends and the size."""
    digest = hashlib.sha256()
    for path in model_files(folder):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(SAMPLE))
            if size > SAMPLE:
                file.seek(max(SAMPLE, size - SAMPLE))
                digest.update(file.read(SAMPLE))
    return digest.hexdigest()


def model_files(folder: Path) -> Iterator[Path]:
    """Model files of a folder and its subfolders.

    sentence-transformers has a subfolder a module.
    """
    for pattern in (*METADATA, *WEIGHTS):
        yield from sorted(path for path in folder.glob(pattern) if path.is_file())
        for path in sorted(folder.glob(f"*/{pattern}")):
            # The hub's client keeps its own metadata in .cache.
            if path.is_file() and not path.parent.name.startswith("."):
                yield path
