"""What a local model cannot be asked: more than it looks back on, or nothing to look at."""

from __future__ import annotations

from ingest.error import InvalidInputError


class PromptTooLong(InvalidInputError):
    """The prompt is longer than what the model can look back on."""

    code = "prompt-too-long"


class ImageRequired(InvalidInputError):
    """A model that takes one picture was asked something without any."""

    code = "image-required"
