"""Checks of installed packages and of the devices that they can use."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from api.diagnostics.finding import Finding
from api.hints import hint_for
from api.settings import Settings
from ingest.error import PageglassError
from ingest.extras import EXTRAS, find_missing, install_name
from retrieval.gpu.device import choose_score_device, score_ordinal

NEEDED = (
    "numpy", "pillow", "pymupdf", "rapidocr", "onnxruntime", "onnx", "tokenizers", "chromadb",
    "fastapi", "uvicorn", "python-multipart",
)  # fmt: skip
"""Without one of these the default does not run."""


def check_packages() -> Iterator[Finding]:
    """Check the packages that the default needs, and list the extras."""
    for name in NEEDED:
        found = _version(name)
        if found:
            yield Finding("package", name, "ok", found)
        else:
            yield Finding(
                "package", name, "broken", "not installed", f"Install it: pip install {name}."
            )
    for name, extra in EXTRAS.items():
        missing = find_missing(*extra.modules)
        yield Finding(
            "extra", name, "note" if missing else "ok",
            extra.purpose + (f": not installed ({', '.join(missing)})" if missing else ""),
            f"If you want it: pip install '{install_name(name)}'." if missing else "",
        )  # fmt: skip


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def check_device() -> Finding:
    """Check the device that runs the default models."""
    gpus = _gpus()
    why = f"GPU found: {', '.join(gpus)}" if gpus else "no NVIDIA GPU found"
    return Finding(
        "device", "cpu", "ok", f"used for every model: the default runs on onnxruntime; {why}"
    )


def check_scoring(settings: Settings) -> Finding:
    """Check the device that scores pages."""
    try:
        choice = choose_score_device(settings.score_device, score_ordinal(settings.device))
    except PageglassError as error:
        return Finding(
            "scoring", settings.score_device, "broken", error.message, hint_for(error, "cli")
        )
    if choice.device == "cpu":
        return Finding("scoring", "cpu", "ok", f"used: {choice.reason}")
    kept = f"keeps up to {settings.device_cache_mb} MB of rows there"
    once = "" if settings.score_device == "cuda" else "; a command that asks once takes the CPU"
    return Finding("scoring", "cuda", "ok", f"used: {choice.reason}, {kept}{once}")


def _gpus() -> list[str]:
    """GPUs that nvidia-smi lists; none without it."""
    if shutil.which("nvidia-smi") is None:
        return []
    try:
        done = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True, text=True, check=False, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()] * (
        done.returncode == 0
    )
