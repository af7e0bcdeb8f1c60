"""Make the sample film in data/videos: pictures of the samples with a slow pan, and subtitles.

    python data/make_film.py [--out DIR]

The places and times are invented.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from PIL import Image

SAMPLES = Path(__file__).parent / "samples"
SIZE = (480, 270)
RATE = 10
PAN = 0.06
"""Share of a picture's width that the camera moves over."""
SCENES = (
    ("lighthouse.png", 5),
    ("sailboat.png", 4),
    ("teapot.jpg", 4),
    ("mushroom.png", 4),
)
"""Pictures and seconds."""
WORDS = {
    "": (
        (0.4, 2.4, "The ferry to the lighthouse leaves pier three at 9:40."),
        (2.6, 4.6, "The climb has 214 steps."),
        (5.4, 8.4, "Sailing lessons begin in May and cost 35 crowns an hour."),
        (9.4, 12.4, "The tea house behind the harbour closes on Tuesdays."),
        (13.4, 16.4, "Do not pick the red mushrooms in the wood: they are poisonous."),
    ),
    "ko": (
        (0.4, 2.4, "등대로 가는 배는 3번 부두에서 9시 40분에 떠납니다."),
        (2.6, 4.6, "계단은 214개입니다."),
        (5.4, 8.4, "요트 강습은 5월에 시작하며 한 시간에 35크라운입니다."),
        (9.4, 12.4, "항구 뒤의 찻집은 화요일에 쉽니다."),
        (13.4, 16.4, "숲의 붉은 버섯은 독이 있으니 따지 마세요."),
    ),
}
"""Subtitles by language: from, to, words."""


def frames() -> Iterator[Image.Image]:
    """Frames of the film."""
    for name, seconds in SCENES:
        picture = Image.open(SAMPLES / name).convert("RGB")
        width, height = SIZE[0] / (1 - PAN), SIZE[1] / (1 - PAN)
        scale = max(width / picture.width, height / picture.height)
        picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
        count = seconds * RATE
        for at in range(count):
            left = round((picture.width - SIZE[0]) * at / (count - 1))
            top = (picture.height - SIZE[1]) // 2
            yield picture.crop((left, top, left + SIZE[0], top + SIZE[1]))


def make_film(path: Path) -> None:
    """Write the film as MP4 (H.264)."""
    with av.open(str(path), "w") as out:
        out.metadata["title"] = "A day at the harbour"
        stream = out.add_stream("libx264", rate=RATE, options={"crf": "34", "preset": "veryslow"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for at, image in enumerate(frames()):
            frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
            frame.pts = at
            out.mux(stream.encode(frame))
        out.mux(stream.encode())


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    return f"00:{minutes:02}:{rest // 1000:02},{rest % 1000:03}"


def subtitles(language: str) -> str:
    """SubRip text of a language."""
    cues = enumerate(WORDS[language], start=1)
    return "\n".join(f"{at}\n{_clock(a)} --> {_clock(b)}\n{text}\n" for at, (a, b, text) in cues)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "videos")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    make_film(out / "harbour-tour.mp4")
    (out / "harbour-tour.srt").write_text(subtitles(""), encoding="utf-8")
    (out / "harbour-tour.ko.srt").write_text(subtitles("ko"), encoding="utf-8")


if __name__ == "__main__":
    main()
