"""Score device: CUDA where it is available and asked for, else the CPU.

torch is imported only where a CUDA driver is installed.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from ingest.encoders.encoder import DeviceUnavailable
from ingest.extras import missing_extra

if TYPE_CHECKING:
    from retrieval.gpu.vector_cache import GpuVectorCache

ScoreDevice = Literal["auto", "cpu", "cuda"]
KERNELS = "late_interaction_kernels"
NO_KERNELS = "the fused kernels are not installed"
CAPABILITY = (7, 5)
"""The lowest compute capability that the kernels support."""


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """The device that computes scores, and the reason for it."""

    device: Literal["cpu", "cuda"]
    reason: str


def score_ordinal(device: str) -> int:
    """Number of the GPU that scores: the first that models run on, else 0.

    >>> score_ordinal("cuda:1"), score_ordinal("cuda:2,cuda:3"), score_ordinal("auto")
    (1, 2, 0)
    """
    name, _, number = device.partition(",")[0].strip().partition(":")
    return int(number) if name == "cuda" and number.isdecimal() else 0


def choose_score_device(wanted: ScoreDevice, ordinal: int = 0) -> DeviceChoice:
    """The device that computes scores.

    "auto" takes CUDA where a device and the kernels are available.

    Args:
        ordinal: number of the GPU.

    Raises:
        MissingExtra: "cuda" is wanted, and the kernels are not installed.
        DeviceUnavailable: "cuda" is wanted and not available.
    """
    if wanted == "cpu":
        return DeviceChoice("cpu", "asked for")
    obstacle, hint = _find_obstacle(ordinal)
    if not obstacle:
        return DeviceChoice("cuda", _name(ordinal))
    if wanted == "auto":
        return DeviceChoice("cpu", obstacle)
    if obstacle == NO_KERNELS:
        raise missing_extra("gpu", "Scoring on CUDA", [KERNELS])
    raise DeviceUnavailable(
        f"Scores cannot be computed on CUDA: {obstacle}.",
        hint=f"{hint}, or compute scores on the CPU.",
    )


def open_vector_cache(
    wanted: ScoreDevice, cache_mb: int, ordinal: int = 0
) -> GpuVectorCache | None:
    """The vector cache on the GPU; None where the CPU scores.

    The cache holds at most `cache_mb` megabytes on the GPU with this number.

    Raises:
        DeviceUnavailable: as `choose_score_device`.
    """
    if choose_score_device(wanted, ordinal).device == "cpu":
        return None
    import torch
    from late_interaction_kernels.score_pairs import score_pairs_packed

    from retrieval.gpu.vector_cache import GpuVectorCache

    return GpuVectorCache(torch.device("cuda", ordinal), cache_mb * 1_000_000, score_pairs_packed)


def _find_obstacle(ordinal: int) -> tuple[str, str]:
    """What keeps scores from CUDA, with a hint; empty where CUDA is available."""
    if find_spec(KERNELS) is None or find_spec("triton") is None:
        return NO_KERNELS, ""
    if not _has_driver():
        return "no NVIDIA driver is installed", "Install the driver of the GPU"
    import torch

    if not torch.cuda.is_available():
        return (
            f"torch {torch.__version__} sees no CUDA device",
            "Install the torch build for the driver, or look at CUDA_VISIBLE_DEVICES",
        )
    if ordinal >= (count := torch.cuda.device_count()):
        return f"there is no GPU {ordinal}; torch sees {count}", "Name one of them"
    found = torch.cuda.get_device_capability(ordinal)
    if found < CAPABILITY:
        return (
            f"{_name(ordinal)} has compute capability {found[0]}.{found[1]}, and {CAPABILITY[0]}.{CAPABILITY[1]} is needed",
            "Take a newer GPU",
        )
    return "", ""


def _has_driver() -> bool:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def _name(ordinal: int) -> str:
    import torch

    return torch.cuda.get_device_name(ordinal)
