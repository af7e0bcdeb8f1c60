"""Network loader: a vision-language network of transformers, placed and quantized."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from generation.models.local.unsupported import UNSUPPORTED, UNSUPPORTED_HINT
from ingest.encoders.checkpoint import LOAD_ERRORS, Checkpoint, find_checkpoint
from ingest.encoders.device import choose_attention, choose_dtype
from ingest.encoders.encoder import DeviceUnavailable
from ingest.encoders.loading.checkpoint_kind import refuse_unsupported
from ingest.encoders.loading.load_report import LoadReport, inspect_load
from ingest.extras import require

FALLBACK = "extractive"
DEVICE_MAPS = ("auto", "balanced", "sequential")
"""Ways of accelerate to share a network's layers among GPUs, memory and disk."""
LOAD_IN = ("8bit", "4bit")


@dataclass(frozen=True, slots=True)
class Placement:
    """Placement of a network.

    Attributes:
        device: where prompts are sent, and the whole network without a `device_map`.
        dtype: of activations, and of weights that are not quantized.
        device_map: one of `DEVICE_MAPS`; None for one device.
        load_in: "8bit" (LLM.int8, Dettmers et al. 2022, arXiv:2208.07339), "4bit" (NF4,
            Dettmers et al. 2023, arXiv:2305.14314), or None as the checkpoint has them.
    """

    device: torch.device
    dtype: torch.dtype
    device_map: str | None = None
    load_in: str | None = None

    @classmethod
    def choose(
        cls, device: torch.device, dtype: str, device_map: str | None, load_in: str | None
    ) -> Placement:
        """Choose the dtype and check that the packages and the device are there.

        Raises:
            DeviceUnavailable: the device or the dtype cannot be used so.
            MissingExtra: bitsandbytes is not installed.
        """
        if device_map and device_map not in DEVICE_MAPS:
            raise DeviceUnavailable(
                f"There is no device map {device_map!r}.", hint=f"Give {', '.join(DEVICE_MAPS)}."
            )
        if load_in and load_in not in LOAD_IN:
            raise DeviceUnavailable(
                f"Weights cannot be loaded in {load_in!r}.", hint=f"Give {' or '.join(LOAD_IN)}."
            )
        if load_in:
            require("bitsandbytes", extra="bitsandbytes", feature=f"Loading weights in {load_in}")
            if device.type not in ("cuda", "cpu"):
                raise DeviceUnavailable(
                    f"bitsandbytes has no {load_in} weights on {device}.",
                    hint="Use CUDA or the CPU, or load the weights as they are.",
                )
        # Matrix products in 8 bits take fp16.
        half = load_in == "8bit" and dtype == "auto"
        chosen = torch.float16 if half else choose_dtype(dtype, device)
        return cls(device, chosen, device_map, load_in)

    def options(self) -> dict[str, Any]:
        """Keyword arguments of `from_pretrained`."""
        options: dict[str, Any] = {"dtype": self.dtype}
        if self.device_map:
            options["device_map"] = self.device_map
        if self.load_in:
            from transformers import BitsAndBytesConfig

            eight = self.load_in == "8bit"
            options["quantization_config"] = BitsAndBytesConfig(
                load_in_8bit=eight,
                load_in_4bit=not eight,
                bnb_4bit_quant_type="nf4",
                bnb_4bit_compute_dtype=self.dtype,
            )
            options.setdefault("device_map", {"": str(self.device)})
        return options


def find_loader(checkpoint: Checkpoint) -> tuple[Any, Any]:
    """Find the config of a checkpoint, and the class that loads it.

    Raises:
        InvalidCheckpoint: its family cannot be asked.
        LOAD_ERRORS: its config cannot be read.
    """
    from transformers import AutoConfig
    from transformers.models.auto import modeling_auto

    refuse_unsupported(checkpoint, checkpoint.read("config.json") or {}, UNSUPPORTED)
    config = AutoConfig.from_pretrained(str(checkpoint.folder), trust_remote_code=False)
    if is_blip_vqa(config):
        return config, modeling_auto.AutoModelForVisualQuestionAnswering
    return config, modeling_auto.AutoModelForMultimodalLM


def is_blip_vqa(config: Any) -> bool:
    """Whether a config is of BLIP that answers questions."""
    return "BlipForQuestionAnswering" in (config.architectures or ())


def load_network(
    checkpoint: Checkpoint, config: Any, loader: Any, placement: Placement
) -> tuple[Any, LoadReport]:
    """Load a network onto its devices.

    Raises:
        LOAD_ERRORS
    """
    network, found = loader.from_pretrained(
        str(checkpoint.folder),
        config=config,
        attn_implementation=_attention(config, placement),
        output_loading_info=True,
        trust_remote_code=False,
        **placement.options(),
    )
    if not placement.device_map and not placement.load_in:
        network.to(placement.device)
    return network.eval(), LoadReport.read(found)


def inspect_network(model: str) -> LoadReport:
    """Compare the names of a checkpoint's weights with those of its network.

    Raises:
        WeightsMissing, InvalidCheckpoint
    """
    checkpoint = find_checkpoint(model, FALLBACK)
    try:
        config, loader = find_loader(checkpoint)
        info = inspect_load(loader, str(checkpoint.folder), config=config)
    except LOAD_ERRORS as error:
        raise checkpoint.load_error(error, UNSUPPORTED_HINT) from error
    return LoadReport.read(info)


def _attention(config: Any, placement: Placement) -> str | None:
    """FlashAttention where it can run; else the default of the model's class."""
    wanted = choose_attention(placement.device, placement.dtype, str(config.model_type))
    return wanted if wanted != "sdpa" else None
