"""Choose where exact scores are computed: on a CUDA device where it pays, else on the CPU.

torch is imported only where a driver for such a device is there, and asked for.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, get_args

from ingest.encoders.encoder import DeviceUnavailable
from ingest.extras import missing_extra

if TYPE_CHECKING:
    from retrieval.gpu.vector_cache import GpuVectorCache

ScoreDevice = Literal["auto", "cpu", "cuda"]
SCORE_DEVICES: tuple[ScoreDevice, ...] = get_args(ScoreDevice)
KERNELS = "late_interaction_kernels"
NO_KERNELS = "the fused kernels are not installed"
CAPABILITY = (7, 5)
"""The first compute capability that the kernels are made for."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Where scores are computed ("cpu" or "cuda"), and why there."""

    device: Literal["cpu", "cuda"]
    why: str


def choose_score_device(wanted: ScoreDevice) -> Choice:
    """Where scores are computed; "auto" takes CUDA where there is a device and the kernels are installed.

    Raises:
        MissingExtra: "cuda" is asked for, and the kernels are not installed.
        DeviceUnavailable: it is asked for, and cannot be had.
    """
    if wanted == "cpu":
        return Choice("cpu", "asked for")
    lacking, hint = _what_lacks()
    if not lacking:
        return Choice("cuda", _name())
    if wanted == "auto":
        return Choice("cpu", lacking)
    if lacking == NO_KERNELS:
        raise missing_extra("gpu", "Scoring on CUDA", [KERNELS])
    raise DeviceUnavailable(
        f"Scores cannot be computed on CUDA: {lacking}.",
        hint=f"{hint}, or set PAGEGLASS_SCORE_DEVICE to auto or cpu.",
    )


def open_vector_cache(wanted: ScoreDevice, cache_mb: int) -> GpuVectorCache | None:
    """What scores pages on a device and keeps at most so many megabytes of them there; None where the CPU does.

    Raises:
        DeviceUnavailable: as `choose_score_device`.
    """
    if choose_score_device(wanted).device == "cpu":
        return None
    import torch
    from late_interaction_kernels.score_pairs import score_pairs_packed

    from retrieval.gpu.vector_cache import GpuVectorCache

    return GpuVectorCache(torch.device("cuda", 0), cache_mb * 1_000_000, score_pairs_packed)


def _what_lacks() -> tuple[str, str]:
    """What keeps scores from CUDA, and what to do about it; nothing where nothing does."""
    if find_spec(KERNELS) is None or find_spec("triton") is None:
        return NO_KERNELS, ""
    if not _has_driver():
        return "no NVIDIA driver is there", "Install the driver of the GPU"
    import torch

    if not torch.cuda.is_available():
        return (
            f"torch {torch.__version__} sees no CUDA device",
            "Install the torch build for the driver, or look at CUDA_VISIBLE_DEVICES",
        )
    found = torch.cuda.get_device_capability(0)
    if found < CAPABILITY:
        return (
            f"{_name()} has compute capability {found[0]}.{found[1]}, and {CAPABILITY[0]}.{CAPABILITY[1]} is needed",
            "Take a newer GPU",
        )
    return "", ""


def _has_driver() -> bool:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def _name() -> str:
    import torch

    return torch.cuda.get_device_name(0)
