"""ONNX inference session on the CPU, by onnxruntime."""

from __future__ import annotations

from pathlib import Path

import onnxruntime


def open_session(
    model: Path | bytes, threads: int, *, arena: bool = False
) -> onnxruntime.InferenceSession:
    """Open an inference session.

    Args:
        model: a file, or a serialized model.
        threads: CPU threads; 0 for one a core.
        arena: keep memory allocated between runs.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Spinning idle threads would take cores from the workers that render and run OCR.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # An arena keeps the largest batch's memory: 170 MB of an encoder, to save 15 % of a photo's time.
    options.enable_cpu_mem_arena = arena
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
