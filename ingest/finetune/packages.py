"""Packages of training, checked before anything that imports torch is imported."""

from __future__ import annotations

from ingest.extras import require


def require_training_packages() -> None:
    """Check that a model can be trained at all.

    Raises:
        MissingExtra: a package is not installed.
    """
    modules = ("torch", "torchvision", "transformers", "open_clip", "huggingface_hub")
    require(*modules, extra="models", feature="Fine-tuning")
