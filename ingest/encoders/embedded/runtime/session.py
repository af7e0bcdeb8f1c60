"""Inference session of a network on the CPU: the one place that opens one.

OpenVINO runs those of the reading workers where it is installed, onnxruntime all others.
OpenVINO computes in bf16 on processors that have it. Their vectors are near enough that an index
made by one is searched by the other (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy.typing as npt

Runtime = Literal["openvino", "onnxruntime"]


class Session(Protocol):
    """Network that is ready to run; threads may share it."""

    def run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """Run the network: its outputs, in the order of the model."""
        ...


@cache
def default_runtime() -> Runtime:
    """The runtime that is used: "openvino" where it is installed."""
    try:
        version("openvino")
    except PackageNotFoundError:
        return "onnxruntime"
    return "openvino"


def threaded_runtime() -> Runtime:
    """The runtime of networks in processes with threads: "onnxruntime".

    With OpenVINO there, a server under test stopped answering once, at its first search
    for photos. Reading workers have one thread.
    """
    return "onnxruntime"


def runtime_version(runtime: Runtime | None = None) -> dict[str, str]:
    """Name and version of a runtime, by default that of processes with threads."""
    name = runtime or threaded_runtime()
    return {name: version(name)}


def open_session(
    model: Path | bytes,
    threads: int,
    *,
    runtime: Runtime | None = None,
    threaded: bool = False,
    arena: bool = False,
) -> Session:
    """Open an inference session.

    Args:
        model: a file, or a serialized model.
        threads: CPU threads; 0 for one a core.
        runtime: "onnxruntime" for a network of a few small inputs, which it loads faster.
        threaded: the process has other threads; see `threaded_runtime`.
        arena: keep memory allocated between runs (onnxruntime).
    """
    usual = threaded_runtime() if threaded else default_runtime()
    if (runtime or usual) == "openvino":
        from ingest.encoders.embedded.runtime.openvino_session import OpenVinoSession

        return OpenVinoSession(model, threads)
    from ingest.encoders.embedded.runtime.onnxruntime_session import OnnxRuntimeSession

    return OnnxRuntimeSession(model, threads, arena=arena)
