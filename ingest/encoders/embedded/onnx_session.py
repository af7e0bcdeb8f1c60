"""Open an ONNX model for inference on the CPU."""

from __future__ import annotations

from pathlib import Path

import onnxruntime


def open_session(
    model: Path | bytes, threads: int, *, arena: bool = False
) -> onnxruntime.InferenceSession:
    """A session over a model's file or bytes; `threads` 0 takes every core; an `arena` keeps memory between runs."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Idle threads that spin would take the cores from the workers that render and read.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # An arena has the largest batch's memory for good: 170 MB of an encoder's, for 15 % of a photo's time.
    options.enable_cpu_mem_arena = arena
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
