"""Speech: windows of sound, words at their times, and a real tiny Whisper."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from make_video import BLUE, RED, SUBTITLES, make_sound, make_video
from tiny_whisper import make_whisper

from ingest.encoders.embedded.weights import WeightsMissing
from ingest.extras import MissingExtra
from ingest.files.open import open_source
from ingest.files.video import video_source
from ingest.files.video.media_file import MediaFile
from ingest.files.video.spoken import SpokenWords
from ingest.files.video.video_settings import VideoSettings
from ingest.speech.faster_whisper_model import FasterWhisper
from ingest.speech.load_speech import check_speech, load_speech
from ingest.speech.speech import RATE, Samples, SpokenWord, UnknownSpeech

SPEECH = VideoSettings(speech="scripted")


class Scripted:
    """Says a word a second, with the loudness that it heard."""

    def __init__(self) -> None:
        self.heard: list[float] = []

    def recognize(self, samples: Samples) -> Sequence[SpokenWord]:
        self.heard.append(len(samples) / RATE)
        seconds = range(int(len(samples) / RATE))
        return [SpokenWord(f"w{np.abs(samples).max():.1f}", at, at + 0.9) for at in seconds]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    engine = Scripted()
    monkeypatch.setattr(video_source, "load_speech", lambda spec: engine)
    return engine


def test_words_belong_to_the_window_of_their_middle() -> None:
    asked: list[tuple[float, float]] = []

    def sound(start: float, end: float) -> Samples:
        asked.append((start, end))
        return np.zeros(round((min(end, 60) - start) * RATE), np.float32)

    class Clock:
        def recognize(self, samples: Samples) -> Sequence[SpokenWord]:
            start = asked[-1][0]
            return [
                SpokenWord(str(round(start + at)), at, at + 1) for at in range(len(samples) // RATE)
            ]

    words = SpokenWords(Clock(), sound)
    (cue,) = words.between(20, 30)
    assert cue.text == " ".join(map(str, range(20, 30)))
    assert (cue.start, cue.end) == (20, 30)
    assert asked == [(0, 28), (24, 54)]
    assert words.between(30, 40)[0].text == " ".join(map(str, range(30, 40)))
    assert words.between(70, 75) == []
    # Windows are recognized once.
    assert asked == [(0, 28), (24, 54), (50, 80)]


def test_what_is_said_in_a_shot_is_printed_below_it(tmp_path: Path, scripted: Scripted) -> None:
    path = make_video(tmp_path / "a.mp4", ((RED, 2), (BLUE, 2)), sound=True)
    source = open_source(path, video=SPEECH)
    pages = [source.page_image(number, 144) for number in (1, 2)]
    assert [len(page.words) for page in pages] == [2, 2]
    # The tone has 9,000 of 32,768.
    assert {word.text for page in pages for word in page.words} == {"w0.3"}
    assert len(scripted.heard) == 1
    assert scripted.heard[0] == pytest.approx(4, abs=0.2)


def test_subtitles_come_first(tmp_path: Path, scripted: Scripted) -> None:
    path = make_video(tmp_path / "a.mp4", sound=True)
    path.with_suffix(".srt").write_text(SUBTITLES)
    page = open_source(path, video=SPEECH).page_image(1, 144)
    assert " ".join(word.text for word in page.words) == "The keeper lit the lamp at dusk."
    assert scripted.heard == []


@pytest.mark.parametrize("name", ["a.wav", "a.m4a"])
def test_sound_alone_is_read(tmp_path: Path, scripted: Scripted, name: str) -> None:
    source = open_source(make_sound(tmp_path / name, 33), video=SPEECH)
    assert (source.kind, source.page_count) == ("audio", 2)
    first, second = (source.page_image(number, 144) for number in (1, 2))
    assert len(first.words) == 30
    assert 2 <= len(second.words) <= 3
    assert second.span is not None
    assert second.span.start == 30


def test_sound_is_cut_where_it_is_asked_for(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "a.wav", 4)
    media = MediaFile(path, "wav")
    whole = media.sound(0, 10)
    assert len(whole) == 4 * RATE
    part = media.sound(1.5, 2.5)
    np.testing.assert_allclose(part, whole[round(1.5 * RATE) : round(2.5 * RATE)], atol=1e-4)
    assert len(media.sound(20, 30)) == 0


def test_a_wrong_engine_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_speech("none") == "none"
    assert load_speech("none") is None
    for spec in ("whisper", "faster-whisper:", "faster-whisper"):
        with pytest.raises(UnknownSpeech, match="no speech engine"):
            check_speech(spec)
    with pytest.raises(WeightsMissing, match="neither a folder nor in the hub's cache"):
        check_speech("faster-whisper:tiny")
    with pytest.raises(WeightsMissing, match="cannot be loaded"):
        FasterWhisper(str(tmp_path))
    monkeypatch.setattr("ingest.extras.find_missing", lambda *names: list(names))
    with pytest.raises(MissingExtra, match="faster_whisper"):
        check_speech(f"faster-whisper:{tmp_path}")


def test_a_real_model_gives_words_with_times(tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2")
    spec = f"faster-whisper:{make_whisper(tmp_path)}"
    engine = load_speech(spec)
    assert isinstance(engine, FasterWhisper)
    noise = np.random.default_rng(0).normal(0, 0.1, 4 * RATE).astype(np.float32)
    assert engine.recognize(noise) == []  # nobody speaks
    transcribe = engine._model.transcribe

    def without_gate(samples: Samples, **options: object) -> object:
        return transcribe(
            samples, **{**options, "vad_filter": False, "language": "en", "temperature": 0}
        )

    engine._model.transcribe = without_gate
    words = engine.recognize(noise)
    assert words
    assert all(word.text and 0 <= word.start <= word.end for word in words)
