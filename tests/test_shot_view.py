"""Shots as models see them: frames with times, words with times, and what limits them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from make_video import BLUE, GREEN, RED, SUBTITLES, make_sound, make_video, picture
from PIL import Image

from generation.context.limits import Limits
from generation.context.page_input import build_page_inputs
from generation.context.prompt_template import build_request
from generation.context.shot_input import add_frames
from generation.context.whole_input import whole_inputs
from generation.prompt import Evidence, Prompt
from generation.request import Clip, EncodedImage, flatten
from ingest.add import AddSettings, add
from ingest.files.render import RenderSettings
from ingest.files.video.cues import Cue
from ingest.files.video.shot_view import ShotFrame, ShotView, view_shot
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import Page, TimeSpan, Word
from ingest.readers.limits import ReadLimits
from ingest.readers.reader_pool import ReaderPool
from ingest.readers.shot_reader import ShotReader


def color_of(frame: ShotFrame) -> tuple[int, ...]:
    with Image.open(io.BytesIO(frame.image)) as image:
        return image.convert("RGB").getpixel((image.width - 4, image.height - 4))  # type: ignore[return-value]


def near(seen: tuple[int, ...], color: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 16 for a, b in zip(seen, color, strict=True))


def test_frames_in_order_with_their_times_and_cues(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", words=[(0.2, 1.8, "The lamp burns"), (5.1, 5.9, "Out")])
    view = view_shot(path, TimeSpan(0.0, 6.0), 3)
    assert [frame.time for frame in view.frames] == [1.0, 3.0, 5.0]
    for frame, color in zip(view.frames, (RED, GREEN, BLUE), strict=True):
        assert near(color_of(frame), color)
    assert [(cue.start, cue.text) for cue in view.cues] == [(0.2, "The lamp burns"), (5.1, "Out")]
    (tmp_path / "a.srt").write_text(SUBTITLES)
    later = view_shot(path, TimeSpan(2.0, 4.0), 4)
    assert [cue.text for cue in later.cues] == ["Tea was served to 37 guests at four."]
    assert len(later.frames) == 1  # they all look alike


def test_frames_of_an_animation_and_of_sound(tmp_path: Path) -> None:
    images = [Image.fromarray(picture(color)) for color in (RED, GREEN, BLUE)]
    images[0].save(tmp_path / "a.gif", save_all=True, append_images=images[1:], duration=1_000)
    view = view_shot(tmp_path / "a.gif", TimeSpan(0.0, 3.0), 3)
    assert [frame.time for frame in view.frames] == [0.0, 1.0, 2.0]
    sound = view_shot(make_sound(tmp_path / "a.wav"), TimeSpan(0.0, 4.0), 3)
    assert sound == ShotView()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    (folder / "talk.srt").write_text(SUBTITLES)
    return make_video(folder / "talk.mp4")


@pytest.fixture(scope="module")
def library(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Library:
    home = Home(tmp_path_factory.mktemp("shots") / "home")
    settings = AddSettings(RenderSettings(ocr="none"), (), workers=1)
    list(add(home, [film], settings))
    return Library(home)


@pytest.fixture(scope="module")
def pool() -> Iterator[ReaderPool]:
    pool = ReaderPool(1, ReadLimits())
    yield pool
    pool.close()


def test_the_original_file_is_read_in_a_worker(library: Library, pool: ReaderPool) -> None:
    reader = ShotReader(library, pool)
    page = library.page("talk.mp4-2")
    view = reader.read(page, 4)
    assert [cue.text for cue in view.cues] == ["Tea was served to 37 guests at four."]
    assert near(color_of(view.frames[0]), GREEN)
    assert reader.read(page, 4) is view


def test_a_file_that_has_changed_or_gone_shows_nothing_more(
    library: Library, pool: ReaderPool, film: Path
) -> None:
    page, data = library.page("talk.mp4-1"), film.read_bytes()
    film.write_bytes(data[::-1])
    assert ShotReader(library, pool).read(page, 2) == ShotView()
    film.unlink()
    assert ShotReader(library, pool).read(page, 2) == ShotView()
    film.write_bytes(data)
    assert ShotReader(library, pool).read(page, 2).frames


def webp(size: tuple[int, int] = (64, 36), color: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "WEBP")
    return out.getvalue()


def shot(number: int, frames: int = 4, asked: list[int] | None = None) -> Evidence:
    """A shot of ten seconds that gives as many frames as it is asked for, up to some."""
    start = 10.0 * number

    def load(count: int) -> ShotView:
        if asked is not None:
            asked.append(count)
        times = [start + 2 * at for at in range(min(count, frames))]
        cues = (Cue(start + 1, start + 2, "lit at dusk"),)
        return ShotView(tuple(ShotFrame(time, webp()) for time in times), cues)

    words = tuple(Word(word, (0.0, 0.0, 1.0, 1.0)) for word in "EXIT lit at dusk".split())
    page = Page("d" * 20, number, "talk.mp4", span=TimeSpan(start, start + 10))
    return Evidence(number, page, words, webp, 1.0, shot=load)


def clips(evidence: list[Evidence], limits: Limits) -> list[list[float]]:
    inputs = add_frames(build_page_inputs(evidence, limits), limits)
    return [list(each.clip.times) if each.clip else [] for each in inputs.page_inputs]


def test_a_request_has_frames_and_words_with_times() -> None:
    limits = Limits()
    inputs = add_frames(build_page_inputs([shot(1)], limits), limits)
    request = build_request(Prompt("Why?", ()), inputs.page_inputs)
    heading, page, frames, clip, words, _ = request.turns[0].parts
    assert heading == "[1] talk.mp4, 0:10"
    assert isinstance(page, EncodedImage)
    assert frames == "[1] Frames of the same shot, in order:"
    assert isinstance(clip, Clip)
    assert clip.times == (10.0, 12.0, 14.0, 16.0)
    assert "\nEXIT\n0:11 lit at dusk\n" in str(words)
    flat = flatten([clip])
    assert flat[::2] == ["At 0:10:", "At 0:12:", "At 0:14:", "At 0:16:"]
    assert flat[1::2] == list(clip.frames)


def test_frames_share_the_room_that_is_left() -> None:
    three = [shot(1), shot(2), shot(3)]
    assert [len(times) for times in clips(three, Limits())] == [2, 2, 2]
    assert [len(times) for times in clips(three, Limits(max_images=6))] == [2, 0, 0]
    assert [len(times) for times in clips(three[:1], Limits())] == [4]
    # 36 by 64 pixels are 2 by 3 patches; the words of a page count 6 tokens.
    assert [len(times) for times in clips(three[:1], Limits(max_input_tokens=32))] == [3]
    assert [len(times) for times in clips(three[:1], Limits(max_input_tokens=20))] == [0]


def test_models_without_several_images_get_none() -> None:
    asked: list[int] = []
    for limits in (Limits(max_images=0), Limits(max_images=1), Limits(max_frames=0)):
        assert clips([shot(1, asked=asked)], limits) == [[]]
    assert asked == []


def test_a_single_frame_shows_no_more_than_the_page() -> None:
    assert clips([shot(1, frames=1)], Limits()) == [[]]


def test_claudes_edge_for_many_images_is_kept() -> None:
    limits = Limits(max_images=100, many_images=(8, 2_000))
    assert [len(times) for times in clips([shot(1), shot(2)], limits)] == [3, 3]


def test_a_whole_document_has_words_of_all_and_images_from_all_parts() -> None:
    pages = [shot(number) for number in range(1, 11)]
    inputs = whole_inputs(pages, Limits(max_images=3))
    assert len(inputs.page_inputs) == 10
    shown = [at for at, each in enumerate(inputs.page_inputs) if each.image]
    assert shown == [0, 3, 6]
    assert inputs.note == "The model saw the words alone of 7 of 10 pages."
    cut = whole_inputs(pages, Limits(max_images=0, max_input_tokens=20))
    assert len(cut.page_inputs) == 3
    assert cut.note.startswith("The last 7 of 10 pages were left out")
