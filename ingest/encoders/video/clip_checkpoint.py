"""Clip checkpoints: networks of clips, with the keys that their files lack."""

from __future__ import annotations

from typing import Any

from ingest.encoders.checkpoint import LOAD_ERRORS, Checkpoint, InvalidCheckpoint, find_checkpoint
from ingest.encoders.loading.load_report import LoadReport

FALLBACK = "conse"
HINT = "Download the model again."


def find_clip_checkpoint(model: str, kind: str) -> Checkpoint:
    """Find a model's files, if it is of a kind (`model_type` of its config).

    Raises:
        WeightsMissing, InvalidCheckpoint
    """
    checkpoint = find_checkpoint(model, FALLBACK)
    found = str((checkpoint.read("config.json") or {}).get("model_type"))
    if found != kind:
        raise InvalidCheckpoint(
            f"{checkpoint.spec} is no {kind} model: its config says model_type {found!r}.",
            hint="Give one of MCG-NJU/videomae-base and the like as videomae:MODEL, of"
            " microsoft/xclip-base-patch32 and the like as xclip:MODEL.",
        )
    return checkpoint


def load_clip_network(checkpoint: Checkpoint, network_class: Any) -> tuple[Any, LoadReport]:
    """Load a network, with the keys that the checkpoint lacks.

    Raises:
        InvalidCheckpoint
    """
    try:
        network, info = network_class.from_pretrained(
            checkpoint.folder, output_loading_info=True, trust_remote_code=False
        )
    except LOAD_ERRORS as error:
        raise checkpoint.load_error(error, HINT) from error
    return network, LoadReport.read(info)
