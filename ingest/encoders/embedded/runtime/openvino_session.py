"""Session of OpenVINO.

A network is compiled in about a third of a second. Compiled networks are not kept:
several workers that begin together would write and read the same file of OpenVINO's
cache, which does not promise to be atomic. Each new shape of an input takes tens of
milliseconds and about 10 MB once: callers have few shapes.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino

# OpenVINO 2026 makes its table of types at the first use, and two threads that do so at once
# wait for each other without end, one holding the interpreter's lock. An import is of one thread.
openvino.Type.f32.to_dtype()

_compiling = threading.Lock()
"""Threads that open networks ahead do so one after the other, by one core."""


class OpenVinoSession:
    """Network on OpenVINO as a `Session`; arguments as of `open_session`.

    Each thread has a request of its own, since a request holds its inputs and outputs.
    """

    def __init__(self, model: Path | bytes, threads: int, precision: str | None = None) -> None:
        settings: dict[str, Any] = {
            "INFERENCE_NUM_THREADS": threads or _cores(),
            "NUM_STREAMS": 1,
            # A worker is one of several on the machine: the system places its thread.
            "ENABLE_CPU_PINNING": False,
        }
        if precision:
            settings["INFERENCE_PRECISION_HINT"] = precision
        with _compiling:
            core = _core()
            self._network = core.compile_model(_read(core, model), "CPU", settings)
        self._requests = threading.local()

    def run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """See `Session`."""
        request = getattr(self._requests, "request", None)
        if request is None:
            request = self._requests.request = self._network.create_infer_request()
        request.infer(dict(inputs), share_inputs=True)
        # Copied: the next run of this thread writes into the same memory.
        return [np.array(tensor.data) for tensor in request.output_tensors]


def _cores() -> int:
    """Cores that this process may use, where the system tells them apart (Linux)."""
    own = getattr(os, "sched_getaffinity", None)
    return len(own(0)) if own else os.cpu_count() or 1


def _read(core: openvino.Core, model: Path | bytes) -> openvino.Model:
    """Read a network; the weights of one in OpenVINO's own format are mapped."""
    if isinstance(model, Path) and model.suffix == ".xml":
        return core.read_model(model)
    data = model if isinstance(model, bytes) else model.read_bytes()
    return core.read_model(io.BytesIO(data))


@cache
def _core() -> openvino.Core:
    return openvino.Core()
