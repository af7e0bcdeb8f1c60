"""Settings file: config.toml in the user's configuration folder, settings by name."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from ingest.error import ConfigurationError


class InvalidSettingsFile(ConfigurationError):
    """The settings file cannot be read, or is no TOML."""

    code = "invalid-settings-file"


def settings_path() -> Path:
    """Path of the settings file, whether it is there or not."""
    return user_config_path("pageglass", appauthor=False) / "config.toml"


def read_settings_file() -> dict[str, Any]:
    """Settings of the file by name; none where there is no file.

    Raises:
        InvalidSettingsFile
    """
    path = settings_path()
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        reason = error.strerror or str(error)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = str(error)
    raise InvalidSettingsFile(
        f"The settings file {path} cannot be read: {reason}.",
        hint="It is TOML, a setting a line, such as: dpi = 200",
    )
