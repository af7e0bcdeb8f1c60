"""Videos: shots, words, times, and files that are no good."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from make_video import BLUE, GREEN, RED, SUBTITLES, make_sound, make_video, picture
from PIL import Image

from ingest.files.formats.kinds import is_subtitles
from ingest.files.open import is_readable_head, open_source
from ingest.files.source import Source, UnreadableFile
from ingest.files.video import media_file, shots, thinner, video_source
from ingest.files.video.cues import Cue, find_sidecars, tidy
from ingest.files.video.media_type import sniff_media
from ingest.files.video.read_clip import read_clip
from ingest.files.video.shots import Sample, find_shots, split_span
from ingest.files.video.tone_map import HLG, PQ, tone_map
from ingest.files.video.video_settings import VideoSettings
from ingest.page import Page, TimeSpan
from ingest.readers.read_now import _read_image


def spans(source: Source) -> list[tuple[float, float]]:
    pages = (source.page_image(n, 144) for n in range(1, source.page_count + 1))
    return [tuple(page.span or ()) for page in pages]


def words(source: Source) -> list[str]:
    pages = (source.page_image(n, 144) for n in range(1, source.page_count + 1))
    return [" ".join(word.text for word in page.words) for page in pages]


def near(seen: Sequence[int], color: Sequence[int], by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(seen, color, strict=True))


def sample(time: float, color: Sequence[int]) -> Sample:
    return Sample.of(time, round(time * 10), picture(color, shots.SMALL))


def test_a_shot_is_called_by_its_time() -> None:
    page = Page("d" * 20, 3, "talk.mp4", span=TimeSpan(751.4, 760.0))
    assert str(page) == "talk.mp4, 12:31"
    assert page == Page("d" * 20, 3, "talk.mp4")
    assert hash(page) == hash(Page("d" * 20, 3, "talk.mp4"))


def test_shots_are_cut_where_the_picture_changes(tmp_path: Path) -> None:
    source = open_source(make_video(tmp_path / "a.mp4", title="Lamps"))
    assert (source.kind, source.title) == ("video", "Lamps")
    assert spans(source) == [(0, 2), (2, 4), (4, 6)]
    for number, color in enumerate((RED, GREEN, BLUE), start=1):
        page = source.page_image(number, 144)
        assert near(page.image.getpixel((100, 80)), color)
        assert page.figures == ((0.0, 0.0, 1.0, 1.0),)


def test_frames_at_even_distances(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4")
    source = open_source(path, video=VideoSettings(fps=1))
    assert [start for start, _ in spans(source)] == [0, 1, 2, 3, 4, 5]
    assert near(source.page_image(4, 144).image.getpixel((100, 80)), GREEN)


def test_subtitle_streams_are_words_below_the_frame(tmp_path: Path) -> None:
    said = [(0.2, 1.8, "The lamp <b>burns</b>"), (2.1, 3.0, "at\ndusk"), (3.0, 3.5, "and dawn")]
    source = open_source(make_video(tmp_path / "a.mp4", words=said))
    assert words(source) == ["The lamp burns", "at dusk and dawn", ""]
    page = source.page_image(1, 144)
    assert page.figures[0][3] < min(word.box[1] for word in page.words)
    assert all(0 <= edge <= 1 for word in page.words for edge in word.box)
    # What is printed is dark, where the words are.
    left, top, right, bottom = page.words[0].box
    width, height = page.image.size
    box = (left * width, top * height, right * width, bottom * height)
    assert page.image.convert("L").crop(tuple(map(round, box))).getextrema()[0] < 90


@pytest.mark.parametrize("suffix", ["srt", "vtt", "ass", "ko.srt"])
def test_subtitle_files_beside_it_are_read(tmp_path: Path, suffix: str) -> None:
    path = make_video(tmp_path / "a.mp4")
    text, encoding = SUBTITLES, "utf-8"
    if suffix == "vtt":
        text = "WEBVTT\n\n" + SUBTITLES.replace(",", ".")
    if suffix == "ass":
        lines = (
            "Dialogue: 0,0:00:00.20,0:00:01.80,D,,0,0,0,,{\\an8}The keeper lit the lamp at dusk."
        )
        text = f"[Script Info]\nScriptType: v4.00+\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n{lines}\n"
    if suffix == "ko.srt":
        text, encoding = (
            SUBTITLES.replace("The keeper lit the lamp", "등대지기가 불을 켰다"),
            "cp949",
        )
    (tmp_path / f"a.{suffix}").write_text(text, encoding=encoding)
    (tmp_path / "ab.srt").write_text(SUBTITLES.replace("keeper", "other"))
    first = words(open_source(path))[0]
    assert first == (
        "등대지기가 불을 켰다 at dusk."
        if suffix == "ko.srt"
        else "The keeper lit the lamp at dusk."
    )


def test_subtitles_that_are_not_read_are_named(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4")
    with (tmp_path / "a.srt").open("wb") as file:
        file.truncate(100_000_000)
    (tmp_path / "a.en.vtt").write_text("no subtitles")
    assert open_source(path).page_image(1, 144).note == (
        "No subtitles could be read from a.srt: it is larger than 16 MiB."
        " No subtitles could be read from a.en.vtt."
    )


def test_rolling_captions_and_languages() -> None:
    rolled = [Cue(0, 2, "one two"), Cue(2, 4, "one two\nthree"), Cue(4, 6, "three\nfour", "de")]
    assert [cue.text for cue in tidy(rolled)] == ["one two", "three", "three four"]


def test_a_subtitle_file_of_another_video_is_not_taken(tmp_path: Path) -> None:
    for name in ("talk.srt", "talk.en.vtt", "talk.and.more.of.it.srt", "talk2.srt", "talk.txt"):
        (tmp_path / name).write_text(SUBTITLES)
    found = find_sidecars(tmp_path / "talk.mp4")
    assert [(path.name, language) for path, language in found] == [
        ("talk.srt", ""),
        ("talk.en.vtt", "en"),
    ]


def test_a_turned_video_is_set_upright(tmp_path: Path) -> None:
    page = open_source(make_video(tmp_path / "a.mp4", rotate=90)).page_image(1, 144)
    assert page.image.size == (96, 160)
    # The bright bar was up on the left; a quarter turn to the left brings it down on the left.
    assert near(page.image.getpixel((8, 150)), (250, 250, 250))
    assert near(page.image.getpixel((8, 8)), RED)


def test_shots_without_key_frames_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_file, "MAX_GAP", 1.5)
    monkeypatch.setattr(media_file, "GAP_SPACING", 1.0)
    source = open_source(make_video(tmp_path / "a.mp4", key_frames=1_000))
    assert [start for start, _ in spans(source)] == [0, 2, 4]
    assert near(source.page_image(3, 144).image.getpixel((100, 80)), BLUE)


def test_many_samples_are_thinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thinner, "MANY_SAMPLES", 4)
    path = make_video(tmp_path / "a.mp4", ((RED, 8), (BLUE, 8)), key_frames=5)
    scan = media_file.MediaFile(path, "mov").scan()
    assert len(scan.samples) < 8
    assert scan.end == 16


def test_hdr_becomes_sdr() -> None:
    # 100 nits are 0.508 of a PQ signal (BT.2100): mid-gray of an SDR screen after Reinhard.
    white = np.full((2, 2, 3), round(0.508 * 65_535), np.uint16)
    assert abs(int(tone_map(white, PQ)[0, 0, 0]) - 187) <= 2
    for transfer in (PQ, HLG):
        ramp = np.linspace(0, 65_535, 9).astype(np.uint16)[None, :, None].repeat(3, axis=2)
        mapped = tone_map(ramp, transfer)[0, :, 0].astype(int)
        assert mapped[0] == 0
        assert mapped[-1] >= 254
        assert (np.diff(mapped) >= 0).all()


def test_an_hdr_file_is_mapped(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as out:
        params = "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
        stream = out.add_stream("libx265", rate=5, options={"x265-params": params})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p10le"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = 9, 16, 9
        for at in range(3):
            # 0.508 of the signal: 100 nits.
            gray = np.full((96, 160, 3), 130, np.uint8)
            frame = av.VideoFrame.from_ndarray(gray, format="rgb24").reformat(format="yuv420p10le")
            frame.pts = at
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    seen = open_source(path).page_image(1, 144).image.getpixel((100, 50))
    assert near(seen, (187, 187, 187), by=10)


def test_the_sample_film() -> None:
    source = open_source(Path(__file__).parents[1] / "data" / "videos" / "harbour-tour.mp4")
    assert source.title == "A day at the harbour"
    assert spans(source) == [(0, 5), (5, 9), (9, 13), (13, 17)]
    first = words(source)[0]
    assert "leaves pier three at 9:40." in first
    assert "3번 부두에서 9시 40분에 떠납니다." in first


def test_subtitles_beside_a_recording_are_not_files_left_out(tmp_path: Path) -> None:
    for name in ("talk.mp4", "talk.srt", "talk.ko.vtt", "alone.srt", "talk.txt"):
        (tmp_path / name).touch()
    assert {path.name for path in tmp_path.iterdir() if is_subtitles(path)} == {
        "talk.srt",
        "talk.ko.vtt",
    }


def test_a_search_by_a_video_is_by_its_first_frame(tmp_path: Path) -> None:
    said = [(0.2, 1.8, "The lamp burns")]
    image = _read_image(make_video(tmp_path / "a.mp4", words=said))
    assert image.size == (160, 96)
    assert near(image.getpixel((100, 90)), RED)


class TestShots:
    def test_a_limit_a_minute(self) -> None:
        colors = (RED, GREEN, BLUE)
        samples = [sample(at, colors[at % 3]) for at in range(120)]
        spoken = [float(at) + 0.5 for at in range(120)]
        found = find_shots(samples, 120, spoken)
        assert sum(shot.start < 60 for shot in found) <= shots.MAX_A_MINUTE + 2

    def test_long_shots_are_parted_where_words_begin(self) -> None:
        assert split_span(0, 70, [10.0, 24.0, 29.0, 55.0]) == [(0, 29), (29, 55), (55, 70)]
        assert split_span(0, 70, []) == [(0, 30), (30, 60), (60, 70)]

    def test_parts_that_look_alike_are_one_shot_unless_words_are_spoken(self) -> None:
        samples = [sample(at, RED) for at in range(0, 90, 5)]
        assert [(s.start, s.end) for s in find_shots(samples, 90, ())] == [(0, 90)]
        spoken = find_shots(samples, 90, [2.0, 31.0, 32.0])
        assert [(s.start, s.end) for s in spoken] == [(0, 30), (30, 90)]

    def test_a_picture_that_comes_back_is_kept_once(self) -> None:
        colors = [RED, BLUE, RED, BLUE]
        samples = [sample(10 * at, color) for at, color in enumerate(colors)]
        assert [s.start for s in find_shots(samples, 40, ())] == [0, 10]

    def test_the_frame_with_most_to_see_stands_for_a_shot(self) -> None:
        black = Sample.of(0, 0, np.zeros((36, 64, 3), np.uint8))
        assert find_shots([black, sample(0.4, RED)], 2, ())[0].sample.pts == 4  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_animations_are_short_videos(tmp_path: Path, name: str) -> None:
    frames = [Image.fromarray(picture(color)) for color in (RED, BLUE)]
    options = {"save_all": True, "append_images": frames[1:], "duration": 1_500}
    frames[0].save(tmp_path / name, **options)
    source = open_source(tmp_path / name)
    assert source.kind == "video"
    assert spans(source) == [(0, 1.5), (1.5, 3)]
    second = open_source(tmp_path / name, video=VideoSettings(clips=True)).page_image(2, 144)
    assert near(second.image.getpixel((100, 80)), BLUE, by=25)
    whole = read_clip(tmp_path / name)
    for clip, colors in ((second.clip, [BLUE] * 16), (whole, [RED] * 8 + [BLUE] * 8)):
        assert clip is not None
        for frame, color in zip(clip, colors, strict=True):
            assert near(frame[40, 40].tolist(), color, by=25)
    frames[0].save(tmp_path / name)
    assert read_clip(tmp_path / name) is None
    assert open_source(tmp_path / name).kind == "image"


class TestSound:
    def test_words_alone_are_pages(self, tmp_path: Path) -> None:
        path = make_sound(tmp_path / "a.wav")
        (tmp_path / "a.srt").write_text(SUBTITLES)
        source = open_source(path)
        assert source.kind == "audio"
        assert words(source) == [
            "The keeper lit the lamp at dusk. Tea was served to 37 guests at four."
        ]
        assert spans(source) == [(0, 3.9)]

    @pytest.mark.parametrize("name", ["a.wav", "a.m4a"])
    def test_without_words_it_is_refused(self, tmp_path: Path, name: str) -> None:
        path = make_sound(tmp_path / name)
        with pytest.raises(UnreadableFile, match="neither pictures nor subtitles") as caught:
            _ = open_source(path).page_count
        assert ".srt" in caught.value.hint

    def test_a_cover_is_no_video(self, tmp_path: Path) -> None:
        path = make_video(tmp_path / "a.mp4", sound=True)
        assert open_source(path).kind == "video"


class TestBroken:
    def test_a_file_that_is_cut_short(self, tmp_path: Path) -> None:
        # Matroska has its index at the end and is read without it.
        whole = make_video(tmp_path / "a.mkv", ((RED, 4), (GREEN, 4), (BLUE, 4))).read_bytes()
        (tmp_path / "b.mkv").write_bytes(whole[: len(whole) // 2])
        source = open_source(tmp_path / "b.mkv")
        assert 1 <= source.page_count < 3
        assert near(source.page_image(1, 144).image.getpixel((100, 80)), RED)

    @pytest.mark.parametrize("keep", [40, 600])
    def test_what_only_claims_to_be_a_video(self, tmp_path: Path, keep: int) -> None:
        whole = make_video(tmp_path / "a.mp4").read_bytes()
        (tmp_path / "b.mp4").write_bytes(whole[:keep] + bytes(3_000))
        with pytest.raises(UnreadableFile, match=r"b\.mp4 is damaged"):
            _ = open_source(tmp_path / "b.mp4").page_count

    def test_a_header_of_a_thousand_million_frames(self, tmp_path: Path) -> None:
        data = bytearray(make_video(tmp_path / "a.mp4").read_bytes())
        for box, at in ((b"stts", 12), (b"mdhd", 20), (b"mvhd", 20), (b"tkhd", 24)):
            start = data.index(box) + at - (4 if box != b"stts" else 0)
            data[start : start + 4] = struct.pack(">I", 1_000_000_000)
        (tmp_path / "a.mp4").write_bytes(data)
        assert open_source(tmp_path / "a.mp4").page_count <= 3

    def test_a_recording_that_does_not_end(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(media_file, "MAX_TIME", 3.0)
        source = open_source(make_video(tmp_path / "a.mp4"))
        assert source.page_count == 2
        assert source.page_image(1, 144).note == video_source.TOO_LONG

    def test_a_playlist_is_no_video(self, tmp_path: Path) -> None:
        path = tmp_path / "a.mp4"
        path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n")
        assert sniff_media(path.read_bytes()) == ""
        # Nor where it follows the header of one.
        path.write_bytes(b"\0\0\0\x10ftypisom\0\0\0\0" + path.read_bytes())
        with pytest.raises(UnreadableFile):
            _ = open_source(path).page_count

    def test_frames_that_are_too_large(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(media_file, "MAX_PIXELS", 1_000)
        with pytest.raises(UnreadableFile, match="160 x 96 pixels, more than is safe"):
            open_source(make_video(tmp_path / "a.mp4"))


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\x1a\x45\xdf\xa3", "matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"RIFF\0\0\0\0WEBPVP8 ", ""),
        (b"\0\0\0\x18ftypheic", ""),
        (b"\0\0\0\x18ftypM4A ", "mov"),
        (b"\0\0\0\x08wide\0\0", "mov"),
        (b"The free encyclopedia", ""),
        (b"\x47" + b"\0" * 187 + b"\x47" + b"\0" * 187 + b"\x47", "mpegts"),
        (b"\xff\xfb\x90\x44", "mp3"),
        (b"\xff\xf1\x50\x80", "aac"),
        (b"\xff\xd8\xff\xe0", ""),
        (b"\xff\xfeT\0", ""),
    ],
)
def test_containers_by_their_first_bytes(head: bytes, name: str) -> None:
    assert sniff_media(head) == name
    if name:
        assert is_readable_head(head)
