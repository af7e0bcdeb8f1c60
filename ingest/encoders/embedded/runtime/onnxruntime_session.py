"""Session of onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt
import onnxruntime


class OnnxRuntimeSession:
    """Network on onnxruntime as a `Session`; arguments as of `open_session`.

    `optimized` is for a file that onnxruntime has written of an optimized network.
    """

    def __init__(
        self,
        model: Path | bytes,
        threads: int,
        *,
        arena: bool = False,
        optimized: bool = False,
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Spinning idle threads would take cores from the workers that render and run OCR.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # An arena keeps the largest batch's memory: 170 MB of an encoder, to save 15 % of a photo's time.
        options.enable_cpu_mem_arena = arena
        if optimized:
            none = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            options.graph_optimization_level = none
        self._session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )

    def run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """See `Session`."""
        outputs: list[npt.NDArray[Any]] = self._session.run(None, dict(inputs))
        return outputs
