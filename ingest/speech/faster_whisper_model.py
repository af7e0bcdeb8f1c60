"""Whisper models by faster-whisper (CTranslate2), in 8 bits on one thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ingest.encoders.embedded.weights import WeightsMissing
from ingest.speech.speech import Samples, SpokenWord


class FasterWhisper:
    """Whisper model, by the name of its size or its folder.

    Raises:
        WeightsMissing: it is neither a folder nor in the hub's cache, or not a model.
    """

    def __init__(self, model: str) -> None:
        from faster_whisper import WhisperModel

        try:
            self._model: Any = WhisperModel(
                find_model(model), device="cpu", compute_type="int8", cpu_threads=1
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise _no_model(model, str(error)) from error

    def recognize(self, samples: Samples) -> Sequence[SpokenWord]:
        """Words with their times; none where nobody speaks."""
        segments, _ = self._model.transcribe(
            samples,
            beam_size=1,
            word_timestamps=True,
            vad_filter=True,
            condition_on_previous_text=False,
        )
        return [word for segment in segments for word in _words(segment)]


def _words(segment: Any) -> Iterator[SpokenWord]:
    """Words of a segment; where they have no times of their own, spread over its time."""
    if segment.words:
        for word in segment.words:
            if text := word.word.strip():
                yield SpokenWord(text, float(word.start), max(float(word.start), float(word.end)))
        return
    texts = segment.text.split()
    step = max(segment.end - segment.start, 0.0) / max(len(texts), 1)
    for at, text in enumerate(texts):
        start = float(segment.start + at * step)
        yield SpokenWord(text, start, start + float(step))


@cache
def find_model(model: str) -> str:
    """Folder of a model; nothing is downloaded.

    Raises:
        WeightsMissing
    """
    if Path(model).expanduser().is_dir():
        return str(Path(model).expanduser())
    from faster_whisper.utils import download_model

    try:
        return str(download_model(model, local_files_only=True))
    except (OSError, ValueError) as error:
        raise _no_model(model, "it is neither a folder nor in the hub's cache") from error


def _no_model(model: str, why: str) -> WeightsMissing:
    return WeightsMissing(
        f"The speech model {model} cannot be loaded: {why}.",
        hint="Download it where there is a network:"
        f" python -c \"from faster_whisper import download_model; download_model('{model}')\".",
    )
