"""Speech loader: a speech recognizer by its name."""

from __future__ import annotations

from functools import cache

from ingest.extras import require
from ingest.speech.speech import SpeechRecognizer, UnknownSpeech

NONE = "none"


def check_speech(spec: str) -> str:
    """Check that a speech setting can be used, without loading a model.

    Raises:
        UnknownSpeech: there is no such engine.
        MissingExtra: its package is not installed.
        WeightsMissing: its model is neither a folder nor downloaded.
    """
    engine, _, model = spec.partition(":")
    if spec == NONE:
        return spec
    if engine != "faster-whisper" or not model:
        raise UnknownSpeech(
            f"There is no speech engine {spec!r}.",
            hint="Give faster-whisper:MODEL (such as faster-whisper:small, or a folder), or none.",
        )
    require("faster_whisper", extra="speech", feature="Speech recognition")
    from ingest.speech.faster_whisper_model import find_model

    find_model(model)
    return spec


@cache
def load_speech(spec: str) -> SpeechRecognizer | None:
    """Load a speech recognizer, once a process; None for "none".

    Raises:
        UnknownSpeech, MissingExtra, WeightsMissing
    """
    match check_speech(spec).partition(":"):
        case ("faster-whisper", _, model):
            from ingest.speech.faster_whisper_model import FasterWhisper

            return FasterWhisper(model)
    return None
