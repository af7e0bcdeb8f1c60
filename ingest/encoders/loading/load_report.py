"""Load report: the weights that a checkpoint did not give, and those not used.

transformers initializes a parameter at random where the checkpoint has no tensor
for it. `check_missing` refuses a model whose output depends on such a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch

from ingest.encoders.checkpoint import Checkpoint, InvalidCheckpoint
from ingest.encoders.loading.checkpoint_kind import describe_checkpoint

NAMED = 3
"""Keys that an error or a report names."""
WRAPPERS = ("base_layer", "original_module")
"""Where peft keeps the module that it wraps."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Keys that a load did not find in the checkpoint, and keys that it did not use."""

    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    @classmethod
    def read(cls, *infos: Mapping[str, Any]) -> LoadReport:
        """Read the loading info of transformers; several for a base and its adapter."""
        return cls(_keys(infos, "missing_keys"), _keys(infos, "unexpected_keys"))


def inspect_load(network_class: Any, folder: str, **options: Any) -> dict[str, Any]:
    """Find which keys a class takes from a checkpoint; no weights are kept."""
    _, info = network_class.from_pretrained(
        folder, device_map="meta", output_loading_info=True, trust_remote_code=False, **options
    )
    found: dict[str, Any] = info
    return found


def check_missing(
    checkpoint: Checkpoint,
    report: LoadReport,
    network: torch.nn.Module,
    probe: Callable[[], Iterable[torch.Tensor]],
) -> None:
    """Check that the output depends on no parameter that the checkpoint did not give.

    Each missing parameter is set to NaN while `probe` runs the model: where it is
    used, the output has NaN.

    Raises:
        InvalidCheckpoint: it names the first keys and what the checkpoint looks like.
    """
    used: list[str] = []
    for key in report.missing:
        parameter = _find_parameter(network, key)
        if parameter is not None and _changes_output(parameter, probe):
            used.append(key)
        if len(used) == NAMED:
            break
    if used:
        raise missing_weights(checkpoint, used, len(report.missing))


def missing_weights(checkpoint: Checkpoint, keys: Iterable[str], count: int) -> InvalidCheckpoint:
    """The error for a checkpoint that lacks weights which the model uses."""
    kind, hint = describe_checkpoint(checkpoint)
    return InvalidCheckpoint(
        f"{checkpoint.spec} lacks {count} of the weights that this model needs"
        f" ({name_keys(keys)}): they would be random. It looks like {kind}.",
        hint=hint,
    )


def name_keys(keys: Iterable[str]) -> str:
    """The first few keys, and how many more there are."""
    names = list(keys)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _keys(infos: Iterable[Mapping[str, Any]], name: str) -> tuple[str, ...]:
    return tuple(sorted({str(key) for info in infos for key in info.get(name) or ()}))


def _find_parameter(network: torch.nn.Module, key: str) -> torch.Tensor | None:
    """A parameter by its key, inside an adapter's wrapper too; None if it was removed."""
    parent, _, leaf = key.rpartition(".")
    for name in (key, *(f"{parent}.{wrapper}.{leaf}" for wrapper in WRAPPERS)):
        with suppress(AttributeError):
            return network.get_parameter(name)
    return None


@torch.inference_mode()
def _changes_output(parameter: torch.Tensor, probe: Callable[[], Iterable[torch.Tensor]]) -> bool:
    before = parameter.detach().clone()
    parameter.data.fill_(torch.nan)
    try:
        return any(bool(rows.isnan().any()) for rows in probe())
    finally:
        parameter.data.copy_(before)
