"""Kept networks: as onnxruntime has optimized them, for the next start.

Optimizing a network takes two to four times as long as opening what came of it. Its
weights are in a file of their own, which is mapped: processes share it, and what a
session has packed for its products is not held twice.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path

import onnxruntime

from ingest.caches.kept_files import keep_folder
from ingest.disk.atomic import discard
from ingest.encoders.embedded.runtime.onnxruntime_session import OnnxRuntimeSession

log = logging.getLogger(__name__)

FORM = "1"
"""Changes when networks are kept in another way."""
NETWORK, WEIGHTS = "network.onnx", "weights.bin"
INLINE_BYTES = "1024"
"""Smaller constants stay in the network's file."""
_SAME = ("vendor_id", "cpu family", "model", "stepping", "flags", "CPU", "Features")
"""Heads of lines of /proc/cpuinfo that say what a processor can do."""


def open_kept(
    name: str, sha256: str, network: Callable[[], bytes], threads: int
) -> OnnxRuntimeSession:
    """Open a network that is kept in its optimized form, or keep it first.

    Where nothing can be kept it is opened as it is. Results are the same bit by bit.
    Arguments as of `open_kept_session`.
    """
    version = hashlib.sha256(
        "\0".join([FORM, sha256, onnxruntime.__version__, processor()]).encode()
    ).hexdigest()[:16]
    try:
        folder = keep_folder(name, version, lambda folder: _optimize(network(), sha256, folder))
    except (OSError, *_ORT_ERRORS) as error:
        log.info("the network %s is not kept: %s", name, error)
        return OnnxRuntimeSession(network(), threads)
    try:
        return OnnxRuntimeSession(folder / NETWORK, threads, optimized=True)
    except _ORT_ERRORS as error:
        log.warning("the kept network %s is damaged, and is made again: %s", name, error)
        discard(folder)
        return OnnxRuntimeSession(network(), threads)


_ORT_ERRORS = (
    onnxruntime.capi.onnxruntime_pybind11_state.Fail,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf,
    onnxruntime.capi.onnxruntime_pybind11_state.NoSuchFile,
)
"""Of a file that cannot be written, or was damaged since."""


def _optimize(network: bytes, sha256: str, folder: Path) -> None:
    """Write the optimized network and its weights."""
    if (found := hashlib.sha256(network).hexdigest()) != sha256:
        raise ValueError(f"a network has SHA-256 {found}, not {sha256}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # not that it fits this processor alone
    options.optimized_model_filepath = str(folder / NETWORK)
    entry = "session.optimized_model_external_initializers"
    options.add_session_config_entry(f"{entry}_file_name", WEIGHTS)
    options.add_session_config_entry(f"{entry}_min_size_in_bytes", INLINE_BYTES)
    onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """What tells processors apart for which networks are optimized differently."""
    try:
        with cpuinfo.open(encoding="utf-8", errors="replace") as file:
            first = takewhile(str.strip, file)  # the others are alike
            lines = [line.strip() for line in first if line.startswith(_SAME)]
    except OSError:
        import platform

        return f"{sys.platform} {platform.machine()} {platform.processor()}"
    return "\n".join([os.uname().machine, *lines])
