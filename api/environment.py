"""Environment check: PAGEGLASS_ variables that name no setting."""

from __future__ import annotations

import os
from difflib import get_close_matches

from api.settings import Settings


def unknown_variables() -> list[str]:
    """Sentences about PAGEGLASS_ variables of the environment that name no setting."""
    prefix = "PAGEGLASS_"
    known = [name.upper() for name in Settings.model_fields]
    sentences = []
    for name in sorted(os.environ):
        if name.upper().startswith(prefix) and name.upper().removeprefix(prefix) not in known:
            near = get_close_matches(name.upper().removeprefix(prefix), known, 1, 0.7)
            sentences.append(
                f"{name} is no setting" + (f": {prefix}{near[0]} may be meant." if near else ".")
            )
    return sentences
