"""Device and dtype choice for torch models."""

from __future__ import annotations

from importlib.util import find_spec

import torch

from ingest.encoders.encoder import DeviceUnavailable

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
AMPERE = (8, 0)
"""The first compute capability with bf16 matrix products at full rate."""
MEMORY_SIGNS = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "status_alloc_failed",
    # What cuBLAS says where there is no room for the workspace of its handle.
    "cublas_status_not_initialized",
)
"""What a RuntimeError says in lower case where memory ran out: CUDA, cuBLAS, cuDNN, MPS, CPU."""


def choose_device(wanted: str) -> torch.device:
    """Choose a device by name; "auto" takes CUDA, then MPS, then the CPU.

    Raises:
        DeviceUnavailable: this machine does not have it.
    """
    if wanted == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", torch.cuda.current_device())
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise DeviceUnavailable(
            f"There is no kind of device {wanted!r}.", hint="Give auto, cpu, cuda, cuda:N or mps."
        ) from None
    available = {
        "cpu": True,
        "cuda": (device.index or 0) < _gpus(),
        "mps": torch.backends.mps.is_available(),
    }
    if not available.get(device.type):
        raise DeviceUnavailable(
            f"This machine has no device {wanted}; torch {torch.__version__} sees {_gpus()} GPUs.",
            hint="Give auto as the device, or install the torch build for your hardware.",
        )
    return torch.device("cuda", 0) if wanted == "cuda" else device


def choose_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """Choose a dtype by name; "auto" takes bf16 or fp16 on a GPU, else fp32.

    bf16 on Ampere and later, fp16 on older GPUs.

    Raises:
        DeviceUnavailable: there is no such dtype.
    """
    if wanted in DTYPES:
        return DTYPES[wanted]
    if wanted != "auto":
        raise DeviceUnavailable(
            f"There is no dtype {wanted!r}.", hint=f"Give auto, {', '.join(DTYPES)}."
        )
    if device.type == "cuda":
        recent = torch.cuda.get_device_capability(device) >= AMPERE
        return torch.bfloat16 if recent else torch.float16
    return torch.float32


BIDIRECTIONAL = ("colpali", "gemma3", "gemma4", "paligemma", "t5gemma2")
"""Heads of the `model_type` of models with attention in both directions among image tokens."""


def choose_attention(device: torch.device, dtype: torch.dtype, model_type: str = "") -> str:
    """Choose an attention implementation: FlashAttention 2 or SDPA.

    FlashAttention 2 if it is installed and can run, else SDPA. Models whose image tokens
    attend in both directions take SDPA: FlashAttention drops that mask (row cosine 0.97 in
    the mean, 0.64 at least, for ColGemma 3).
    """
    half = dtype in (torch.float16, torch.bfloat16)
    both_ways = model_type.lower().startswith(BIDIRECTIONAL)
    flash = device.type == "cuda" and half and not both_ways and find_spec("flash_attn") is not None
    return "flash_attention_2" if flash else "sdpa"


def is_out_of_device_memory(error: BaseException) -> bool:
    """Whether an error of torch means that a device had too little memory.

    Libraries below torch report it as a plain RuntimeError.
    """
    if isinstance(error, torch.OutOfMemoryError):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in said for sign in MEMORY_SIGNS)


def dtype_name(dtype: torch.dtype) -> str:
    """The name of a dtype, as `choose_dtype` takes it."""
    return next(name for name, value in DTYPES.items() if value is dtype)


def _gpus() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0
