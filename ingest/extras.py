"""Installation extras: the packages of each, and the error for a missing one.

The core is the embedded default. Code that needs more calls `require` before it
imports, so that a user reads one sentence with the command, and no traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from ingest.error import ConfigurationError


class MissingExtra(ConfigurationError):
    """An optional part of the installation is not there."""

    code = "missing-extra"


@dataclass(frozen=True, slots=True)
class Extra:
    """What an extra is for, and the top-level modules that it brings."""

    purpose: str
    modules: tuple[str, ...]


EXTRAS = {
    "models": Extra(
        "encoders and models that run on torch, and fine-tuning",
        (
            "torch",
            "torchvision",
            "transformers",
            "open_clip",
            "colpali_engine",
            "sentence_transformers",
            "sentencepiece",
            "huggingface_hub",
            "jinja2",
            "num2words",
            "peft",
            "scipy",
        ),
    ),
    "bitsandbytes": Extra("local models in 8 or 4 bits", ("bitsandbytes",)),
    "anthropic": Extra("answers by Anthropic's models", ("anthropic", "httpx2")),
    "openai": Extra(
        "answers by OpenAI's models and compatible servers",
        ("openai", "httpx2"),
    ),
    "gemini": Extra("answers by Gemini, also about whole videos", ("google.genai", "httpx2")),
    "bedrock": Extra("Claude by Amazon Bedrock", ("anthropic", "httpx2", "boto3", "botocore")),
    "vertex": Extra("Claude by Vertex AI", ("anthropic", "httpx2", "google.auth")),
    "mcp": Extra("the MCP server", ("mcp", "mcp_types")),
    "eval": Extra("evaluation, its plots and parquet sets", ("matplotlib", "pyarrow", "scipy")),
    "office": Extra(
        "words of DOCX, PPTX and XLSX without LibreOffice, HWP, and MSG e-mail",
        ("docx", "pptx", "openpyxl", "oxmsg", "olefile"),
    ),
    "speech": Extra("speech of recordings as words", ("faster_whisper",)),
    "store": Extra("libraries published to an object store", ("fsspec", "s3fs")),
    "cluster": Extra("ingest on a Ray cluster", ("fsspec", "ray")),
    "tracing": Extra("traces by OpenTelemetry", ("opentelemetry.exporter.otlp.proto.http",)),
    "gpu": Extra("scoring on CUDA (Linux)", ("late_interaction_kernels", "torch")),
}
"""Every extra by its name, as in pyproject.toml."""


def require(*modules: str, extra: str, feature: str) -> None:
    """Check that modules can be imported, without importing them.

    Args:
        modules: top-level names.
        extra: the key in `EXTRAS` that brings them.
        feature: what needs them, as the subject of a sentence.

    Raises:
        MissingExtra: one of them is not installed.
    """
    if missing := find_missing(*modules):
        raise missing_extra(extra, feature, missing)


def find_missing(*modules: str) -> list[str]:
    """List those of the modules that are not installed."""
    return [module for module in modules if not _is_there(module)]


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # what it would be part of is missing too
        return False


def missing_extra(extra: str, feature: str, missing: Sequence[str]) -> MissingExtra:
    """Make the error that names the feature, the packages and the command."""
    are = "is" if len(missing) == 1 else "are"
    return MissingExtra(
        f"{feature} needs {' and '.join(missing)}, which {are} not installed.",
        hint=f"Run: pip install '{install_name(extra)}'.",
    )


def install_name(extra: str) -> str:
    """Name the distribution with an extra, as pip takes it."""
    return f"pageglass[{extra}]"
