"""OpenCLIP networks: every weight given, and no code of a checkpoint run."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from ingest.encoders.checkpoint import LOAD_ERRORS, Checkpoint, InvalidCheckpoint
from ingest.encoders.loading.load_report import name_keys

KEYS = re.compile(r'(Missing|Unexpected) key\(s\) in state_dict: ((?:"[^"]+"(?:, )?)+)')
"""What torch says of the keys of a strict load."""
CONFIG_HINT = (
    "Take the open_clip_config.json that the weights were trained with, or download the model"
    " again."
)


def create_network(
    checkpoint: Checkpoint, name: str, hint: str, **options: Any
) -> tuple[Any, Any, Any]:
    """Create a network with its preprocessing and its tokenizer.

    Weights are read as data: safetensors, or the tensors of a pickle alone.

    Args:
        name: an architecture, or `local-dir:` and a folder.
        hint: for an error.

    Raises:
        InvalidCheckpoint: files or weights are missing, broken, or of another network.
    """
    import open_clip

    try:
        with _without_remote_code():
            network, preprocess = open_clip.create_model_from_pretrained(
                name, weights_only=True, **options
            )
            tokenizer = open_clip.get_tokenizer(name)
    except (*LOAD_ERRORS, pickle.UnpicklingError) as error:
        raise _wrong_keys(checkpoint, error) or checkpoint.load_error(error, hint) from error
    return network, preprocess, tokenizer


@contextmanager
def _without_remote_code() -> Iterator[None]:
    """Refuse code of text towers and tokenizers, which open_clip lets transformers ask for.

    It has no parameter for it; at a time of 0 transformers refuses without a question.
    """
    from transformers import dynamic_module_utils

    with patch.object(dynamic_module_utils, "TIME_OUT_REMOTE_CODE", 0):
        yield


def _wrong_keys(checkpoint: Checkpoint, error: Exception) -> InvalidCheckpoint | None:
    """The error that names the keys of a strict load that failed; None for other errors."""
    found = {
        kind: sorted(re.findall(r'"([^"]+)"', keys)) for kind, keys in KEYS.findall(str(error))
    }
    if missing := found.get("Missing"):
        return InvalidCheckpoint(
            f"{checkpoint.spec} lacks {len(missing)} of the weights that this model needs"
            f" ({name_keys(missing)}): they would be random.",
            hint=CONFIG_HINT,
        )
    if unexpected := found.get("Unexpected"):
        return InvalidCheckpoint(
            f"{checkpoint.spec} has {len(unexpected)} weights that its architecture has not"
            f" ({name_keys(unexpected)}).",
            hint=CONFIG_HINT,
        )
    return None
