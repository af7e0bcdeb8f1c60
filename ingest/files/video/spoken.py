"""Spoken words: what is said in a recording, recognized a window at a time.

A window overlaps its neighbours, so that no word is cut; a word belongs to the window
that its middle is in. What was recognized last is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from ingest.files.video.cues import Cue
from ingest.speech.speech import Samples, SpeechRecognizer, SpokenWord

WINDOW = 26.0
"""Seconds; with the overlap it is the 30 that Whisper takes at once."""
OVERLAP = 2.0
KEPT = 16
"""Windows whose words are kept."""


class SpokenWords:
    """Words of a recording.

    Args:
        sound: samples from a time to another, in seconds.
    """

    def __init__(
        self, recognizer: SpeechRecognizer, sound: Callable[[float, float], Samples]
    ) -> None:
        self._recognizer = recognizer
        self._sound = sound
        self._window = lru_cache(maxsize=KEPT)(self._recognize)

    def between(self, start: float, end: float) -> list[Cue]:
        """What is said from a time to another, as one cue; none in silence."""
        words = [word for word in self._words(start, end) if start <= _middle(word) < end]
        if not words:
            return []
        return [Cue(words[0].start, words[-1].end, " ".join(word.text for word in words))]

    def _words(self, start: float, end: float) -> Iterator[SpokenWord]:
        for at in range(int(start // WINDOW), int(end // WINDOW) + 1):
            yield from self._window(at)

    def _recognize(self, at: int) -> Sequence[SpokenWord]:
        first = max(at * WINDOW - OVERLAP, 0.0)
        samples = self._sound(first, (at + 1) * WINDOW + OVERLAP)
        if not len(samples):
            return ()
        found = [
            SpokenWord(word.text, word.start + first, word.end + first)
            for word in self._recognizer.recognize(samples)
        ]
        return [word for word in found if at * WINDOW <= _middle(word) < (at + 1) * WINDOW]


def _middle(word: SpokenWord) -> float:
    return (word.start + word.end) / 2
