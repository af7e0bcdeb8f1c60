"""Inference session of a network on the CPU: the one place that opens one.

onnxruntime runs the networks, but for one of the reading workers that OpenVINO runs where
it is installed and the processor has bf16, and for exported towers of CLIP, which are in
OpenVINO's format. Vectors of the two are near enough
that an index made by one is searched by the other (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy.typing as npt

Runtime = Literal["openvino", "onnxruntime"]
Precision = Literal["f32", "bf16"]
BF16_FLAGS = frozenset(("avx512_bf16", "amx_bf16", "bf16"))
"""Names that Linux has for products of bf16: x86's, and Arm's."""


class Session(Protocol):
    """Network that is ready to run; threads may share it."""

    def run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """Run the network: its outputs, in the order of the model."""
        ...


@cache
def worker_runtime() -> Runtime:
    """The runtime of processes with one thread: "openvino" where it is faster.

    It is faster where the processor multiplies bf16; in fp32 it reads lines no faster, and
    takes longer to start.
    """
    try:
        version("openvino")
    except PackageNotFoundError:
        return "onnxruntime"
    return "openvino" if has_bf16() else "onnxruntime"


def has_bf16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor multiplies bf16, as Linux says; False elsewhere."""
    try:
        flags = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return not BF16_FLAGS.isdisjoint(flags.split())


def runtime_version() -> dict[str, str]:
    """Name and version of the runtime of encoders."""
    return {"onnxruntime": version("onnxruntime")}


def open_session(
    model: Path | bytes,
    threads: int,
    *,
    runtime: Runtime = "onnxruntime",
    precision: Precision | None = None,
    arena: bool = False,
) -> Session:
    """Open an inference session.

    Args:
        model: a file, or a serialized model.
        threads: CPU threads; 0 for one a core.
        runtime: what runs the network; `worker_runtime` in a process with one thread.
        precision: what the network is computed in (OpenVINO); None for what the processor has.
        arena: keep memory allocated between runs (onnxruntime).
    """
    if runtime == "openvino":
        from ingest.encoders.embedded.runtime.openvino_session import OpenVinoSession

        return OpenVinoSession(model, threads, precision)
    from ingest.encoders.embedded.runtime.onnxruntime_session import OnnxRuntimeSession

    return OnnxRuntimeSession(model, threads, arena=arena)


def open_kept_session(
    name: str, sha256: str, network: Callable[[], bytes], threads: int
) -> Session:
    """Open a session by onnxruntime; the optimized network is kept for the next start.

    Args:
        name: of the network.
        sha256: of its bytes.
        network: gives these where the optimized one is not kept yet.
        threads: CPU threads; 0 for one a core.
    """
    from ingest.encoders.embedded.runtime.kept_session import open_kept

    return open_kept(name, sha256, network, threads)
