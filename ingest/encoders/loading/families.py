"""Families of ColPali models: their classes, processors and backbones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ingest.encoders.checkpoint import Checkpoint, InvalidCheckpoint, find_checkpoint

FALLBACK = "minilm"
ENGINE, TRANSFORMERS = "colpali_engine.models", "transformers"


@dataclass(frozen=True, slots=True)
class Family:
    """Model class `name` of a `library`, with its processor class.

    `model_type` is that of its config, or of the backbone's.
    """

    name: str
    processor: str
    model_type: str
    library: str = ENGINE

    @property
    def processor_path(self) -> str:
        """Module and name of the processor class."""
        return f"{self.library}.{self.processor}"

    def network_class(self) -> Any:
        """The class that loads a checkpoint."""
        return getattr(import_module(self.library), self.name)


FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        Family("ColPali", "ColPaliProcessor", "paligemma"),
        Family("ColQwen2", "ColQwen2Processor", "qwen2_vl"),
        Family("ColQwen2_5", "ColQwen2_5_Processor", "qwen2_5_vl"),
        Family("ColQwen3", "ColQwen3Processor", "qwen3_vl"),
        Family("ColQwen3_5", "ColQwen3_5Processor", "qwen3_5"),
        Family("ColIdefics3", "ColIdefics3Processor", "idefics3"),
        Family("ColModernVBert", "ColModernVBertProcessor", "modernvbert"),
        Family("ColGemma3", "ColGemmaProcessor3", "gemma3"),
        # transformers' own classes: the checkpoints whose names end in -hf.
        Family("ColPaliForRetrieval", "ColPaliProcessor", "colpali", TRANSFORMERS),
        Family("ColQwen2ForRetrieval", "ColQwen2Processor", "colqwen2", TRANSFORMERS),
        Family(
            "ColModernVBertForRetrieval", "ColModernVBertProcessor", "colmodernvbert", TRANSFORMERS
        ),
    )
}
BY_MODEL_TYPE = {family.model_type: family for family in FAMILIES.values()}
"""For a config that does not name its class."""


def find_family(checkpoint: Checkpoint, base: Checkpoint) -> Family:
    """Find a checkpoint's family by the config of its base.

    Without an adapter the base is the checkpoint itself.

    Raises:
        InvalidCheckpoint: it is of no family that is known.
    """
    config = base.read("config.json") or {}
    for name in config.get("architectures") or []:
        if name in FAMILIES:
            return FAMILIES[name]
    if family := BY_MODEL_TYPE.get(str(config.get("model_type"))):
        return family
    raise InvalidCheckpoint(
        f"{checkpoint.spec} is not a ColPali model: its config says"
        f" model_type {config.get('model_type')!r}, architectures {config.get('architectures')!r}.",
        hint=f"Give one of {', '.join(FAMILIES)}.",
    )


def find_base(checkpoint: Checkpoint) -> Checkpoint:
    """The base of an adapter; the checkpoint itself where it is none.

    Raises:
        WeightsMissing: the base is not available.
    """
    adapter = checkpoint.read("adapter_config.json")
    if adapter is None:
        return checkpoint
    return find_checkpoint(str(adapter["base_model_name_or_path"]), FALLBACK)
