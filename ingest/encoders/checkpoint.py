"""Find a model's files: a local folder as it is, or a hub id through the hub's cache.

Everything downstream loads from a folder, so a model without a network is a
model given by its path. Knows no model's inside.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.fault import Fault
from ingest.weights import WeightsMissing

WEIGHTS = ("*.safetensors", "*.bin", "*.pt")
OTHERS = ("*.json", "*.txt", "*.model", "*.jinja")
SAMPLE = 1 << 20
"""Bytes at either end of a weights file that go into its fingerprint."""


class BadCheckpoint(Fault):
    """A model's folder does not hold what its encoder needs."""


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
            BadCheckpoint: it is no JSON.
        """
        path = self.folder / name
        if not path.is_file():
            return None
        try:
            values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BadCheckpoint(
                f"{path} is not JSON: {error}.", remedy="Download the model anew."
            ) from None
        return values


def find_checkpoint(model: str, instead: str) -> Checkpoint:
    """The files of a model; a hub id is downloaded once, into the hub's own cache.

    Args:
        model: a folder, a hub id, or a hub id with `@revision`.
        instead: the embedded encoder that needs no weights from outside, for the error's sake.

    Raises:
        WeightsMissing: there is no such folder, or the hub cannot give it.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        found = folder.absolute()
        return Checkpoint(str(found), found, _fingerprint(found))
    if model.startswith((".", "/", "~")) or model.count("/") != 1:
        raise WeightsMissing(
            f"There is no folder {folder}, and {model!r} is no hub id.",
            remedy=f"A model is a folder, OWNER/NAME or OWNER/NAME@REVISION. {_without(instead)}",
        )
    return _from_hub(model, instead)


def is_at_hand(model: str) -> bool:
    """Whether a model can be loaded without a download."""
    if Path(model).expanduser().is_dir():
        return True
    from huggingface_hub import try_to_load_from_cache

    name, _, revision = model.partition("@")
    files = ("adapter_config.json", "config.json")
    return any(
        isinstance(try_to_load_from_cache(name, file, revision=revision or None), str)
        for file in files
    )


def _from_hub(model: str, instead: str) -> Checkpoint:
    import httpx
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    name, _, revision = model.partition("@")
    try:
        folder = snapshot_download(
            name, revision=revision or None, allow_patterns=[*WEIGHTS, *OTHERS]
        )
    except (
        *(HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled),
        *(httpx.HTTPError, OSError, ValueError),
    ) as error:
        raise WeightsMissing(
            f"The weights of {model} cannot be had: {_reason(error)}.",
            remedy="Check the name and the network (a gated model needs HF_TOKEN), or download it"
            f" where there is one and give its folder in place of the id. {_without(instead)}",
        ) from error
    # The hub keeps a snapshot in a folder named by its commit.
    return Checkpoint(model, Path(folder), Path(folder).name)


def _reason(error: Exception) -> str:
    """The first line of what the hub says, without addresses."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    words = [word for word in (lines or [type(error).__name__])[0].split() if "://" not in word]
    return " ".join(words).rstrip(".:")


def _without(instead: str) -> str:
    return f"Without it, {instead} works as it is."


def _fingerprint(folder: Path) -> str:
    """A hash of a folder's model files: small ones whole, the ends and the size of large ones."""
    digest = hashlib.sha256()
    for pattern in (*OTHERS, *WEIGHTS):
        for path in sorted(folder.glob(pattern)):
            digest.update(f"{path.name} {path.stat().st_size}\n".encode())
            with path.open("rb") as file:
                digest.update(file.read(SAMPLE))
                if path.stat().st_size > 2 * SAMPLE:
                    file.seek(-SAMPLE, 2)
                    digest.update(file.read(SAMPLE))
    return digest.hexdigest()
