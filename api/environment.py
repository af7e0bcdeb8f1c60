"""Settings of the environment, and what looks like one but is none."""

from __future__ import annotations

import os
from collections.abc import Collection
from difflib import get_close_matches

from api.settings_file import read_settings_file

PREFIX = "PAGEGLASS_"


def environment_settings() -> dict[str, str]:
    """Values by the setting's name; the variable's name may be in any case."""
    return {
        variable[len(PREFIX) :].lower(): value
        for variable, value in os.environ.items()
        if variable.upper().startswith(PREFIX)
    }


def unknown_settings(known: Collection[str]) -> list[str]:
    """Sentences about variables and lines of the settings file that name no setting."""
    sentences = []
    for variable in sorted(name for name in os.environ if name.upper().startswith(PREFIX)):
        if (name := variable[len(PREFIX) :].lower()) not in known:
            near = get_close_matches(name, known, 1, 0.7)
            sentences.append(_sentence(variable, f"{PREFIX}{near[0].upper()}" if near else ""))
    for name in read_settings_file():
        if name not in known:
            near = get_close_matches(name, known, 1, 0.7)
            sentences.append(_sentence(f"{name} in the settings file", near[0] if near else ""))
    return sentences


def _sentence(name: str, near: str) -> str:
    return f"{name} is no setting: {near} may be meant." if near else f"{name} is no setting."
