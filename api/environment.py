"""Environment check: variables and lines of the settings file without a setting."""

from __future__ import annotations

import os
from difflib import get_close_matches

from api.settings import Settings
from api.settings_file import read_settings_file

PREFIX = "PAGEGLASS_"


def unknown_settings() -> list[str]:
    """Sentences about variables and lines of the settings file that name no setting."""
    known = list(Settings.model_fields)
    variables = (name for name in os.environ if name.upper().startswith(PREFIX))
    unknown = {
        name: name[len(PREFIX) :].lower()
        for name in sorted(variables)
        if name[len(PREFIX) :].lower() not in known
    }
    sentences = []
    for variable, name in unknown.items():
        near = get_close_matches(name, known, 1, 0.7)
        sentences.append(_sentence(variable, f"{PREFIX}{near[0].upper()}" if near else ""))
    for name in read_settings_file():
        if name not in known:
            near = get_close_matches(name, known, 1, 0.7)
            sentences.append(_sentence(f"{name} in the settings file", near[0] if near else ""))
    return sentences


def _sentence(name: str, near: str) -> str:
    return f"{name} is no setting: {near} may be meant." if near else f"{name} is no setting."
