"""Image files of every mode: upright RGB on white, or an error with a reason."""

from __future__ import annotations

import contextlib
import io
import re
import resource
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, TiffImagePlugin

from ingest.files.open import open_source
from ingest.files.photo import MAX_DECODED, MAX_PIXELS, PhotoSource
from ingest.files.source import LONGEST_SIDE, UnreadableFile
from ingest.page import WHOLE

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)
Colour = tuple[int, int, int]


def read(path: Path, number: int = 1) -> Image.Image:
    source = open_source(path)
    assert source.kind == "image"
    sheet = source.page_image(number, 144)
    assert sheet.image.mode == "RGB"
    assert sheet.words == ()
    assert sheet.figures == (WHOLE,)
    return sheet.image


def near(seen: Any, wanted: Colour, slack: int = 3) -> bool:
    return max(abs(a - b) for a, b in zip(seen, wanted, strict=True)) <= slack


def test_a_long_screenshot_is_cut_between_its_lines(tmp_path: Path) -> None:
    image = Image.new("RGB", (540, 5200), "white")
    for top in range(20, 5180, 32):  # a line of print is 18 high, with 14 between
        for left in range(20, 500, 8):
            image.paste("black", (left, top, left + 4, top + 18))
    image.save(tmp_path / "chat.png")
    source = open_source(tmp_path / "chat.png")
    pages = [source.page_image(n, 72).image for n in range(1, source.page_count + 1)]
    assert len(pages) == 6
    assert sum(page.height for page in pages) == 5200
    for page in pages:
        for row in (0, page.height - 1):
            assert page.crop((0, row, 540, row + 1)).getcolors() == [(540, (255, 255, 255))]
    Image.new("RGB", (5200, 540)).save(tmp_path / "wide.png")
    Image.new("RGB", (500, 2900)).save(tmp_path / "short.png")
    assert [open_source(tmp_path / f"{n}.png").page_count for n in ("wide", "short")] == [1, 1]


def quarters() -> Image.Image:
    """Red left top, green right top, blue left bottom, white right bottom; wider than high."""
    image = Image.new("RGB", (64, 32), "white")
    image.paste(RED, (0, 0, 32, 16))
    image.paste(GREEN, (32, 0, 64, 16))
    image.paste(BLUE, (0, 16, 32, 32))
    return image


def stored_as(orientation: int) -> Image.Image:
    """What a camera stores so that turning it by `orientation` gives `quarters`. EXIF 2.32, 4.6.4 A."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    return quarters().transpose(undo[orientation]) if orientation in undo else quarters()


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", range(10))
def test_pictures_are_turned_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = tmp_path / f"a.{suffix}"
    options = {} if suffix in {"png", "tif"} else {"quality": 100}
    stored_as(orientation).save(path, exif=exif, **options)
    image = read(path)
    assert image.size == (64, 32)
    for at, colour in {(8, 4): RED, (56, 4): GREEN, (8, 28): BLUE, (56, 28): WHITE}.items():
        assert near(image.getpixel(at), colour, 12), at


def test_orientation_of_a_picture_that_is_decoded_small_is_kept(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    path = tmp_path / "large.jpg"
    stored_as(6).resize((3_200, 6_400)).save(path, exif=exif)
    image = read(path)
    assert image.size == (LONGEST_SIDE, LONGEST_SIDE // 2)
    assert near(image.getpixel((100, 100)), RED, 12)


@settings(max_examples=20, deadline=None)
@given(garbage=st.binary(max_size=60))
@example(garbage=b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x02\x00\x00\x00\x02up")
@example(garbage=b"%PDF-1.7")
@example(garbage=b"II*\x00\xff\xff\xff\xff")
def test_broken_metadata_do_not_hide_a_good_picture(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes
) -> None:
    path = tmp_path_factory.mktemp("exif") / "a.jpg"
    quarters().save(path, quality=100, exif=b"Exif\x00\x00" + garbage)
    assert sorted(read(path).size) == [32, 64]


def test_cmyk_jpegs_keep_their_colours(tmp_path: Path) -> None:
    Image.new("CMYK", (32, 32), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    assert near(read(tmp_path / "a.jpg").getpixel((9, 9)), RED)


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("most", [0.07, 0.5, 1.0])
def test_sixteen_bits_keep_their_brightness_even_in_a_dark_picture(
    tmp_path: Path, suffix: str, most: float
) -> None:
    values = np.linspace(0, most * 65_535, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / f"a.{suffix}")
    image = np.asarray(read(tmp_path / f"a.{suffix}"))
    assert np.abs(image[:, :, 0] - values / 257.0).max() <= 1
    assert (image[:, :, 0] == image[:, :, 2]).all()


@pytest.mark.parametrize("scale", [1.0, 40_000.0, 3e9])
def test_pictures_of_real_numbers_are_neither_black_nor_white(tmp_path: Path, scale: float) -> None:
    values = (np.linspace(0, 1, 64 * 64).reshape(64, 64) * scale).astype(np.float32)
    Image.fromarray(values).save(tmp_path / "a.tif")
    image = np.asarray(read(tmp_path / "a.tif"))[:, :, 0]
    assert image[0, 0] == 0
    assert image[-1, -1] == 255
    assert 120 < image[32].mean() < 136


def test_numbers_that_are_none_do_not_spoil_a_picture(tmp_path: Path) -> None:
    values = np.linspace(0, 1, 64 * 64).reshape(64, 64).astype(np.float32)
    values[3] = np.nan
    values[4] = np.inf
    Image.fromarray(values).save(tmp_path / "a.tif")
    assert 120 < np.asarray(read(tmp_path / "a.tif"))[32].mean() < 136


def test_deep_integers_span_black_to_white(tmp_path: Path) -> None:
    values = np.linspace(-5_000, 900_000, 64 * 64).reshape(64, 64).astype(np.int32)
    Image.fromarray(values).save(tmp_path / "a.tif")
    image = np.asarray(read(tmp_path / "a.tif"))
    assert (image.min(), image.max()) == (0, 255)


def test_a_fax_is_black_on_white(tmp_path: Path) -> None:
    page = Image.new("1", (64, 64), 1)
    page.paste(0, (0, 0, 32, 64))
    page.save(tmp_path / "fax.tif", compression="group4")
    image = read(tmp_path / "fax.tif")
    assert image.getpixel((5, 5)) == (0, 0, 0)
    assert image.getpixel((50, 5)) == WHITE


def frames(*sizes: tuple[int, int]) -> list[Image.Image]:
    return [
        Image.new("RGB", size, colour)
        for size, colour in zip(sizes, (RED, GREEN, BLUE), strict=False)
    ]


def test_each_page_of_a_tiff_is_a_page(tmp_path: Path) -> None:
    first, *rest = frames((20, 20), (30, 20), (20, 40))
    first.save(tmp_path / "a.tiff", save_all=True, append_images=rest)
    source = open_source(tmp_path / "a.tiff")
    assert source.page_count == 3
    seen = [source.page_image(number, 72).image for number in (3, 1, 2)]
    assert [image.size for image in seen] == [(20, 40), (20, 20), (30, 20)]
    assert [image.getpixel((5, 5)) for image in seen] == [BLUE, RED, GREEN]


@pytest.mark.parametrize(
    ("mode", "colour", "seen"),
    [
        ("RGBA", (255, 0, 0, 255), RED),
        ("RGBA", (255, 0, 0, 0), WHITE),
        ("RGBA", (255, 0, 0, 128), (255, 127, 127)),
        ("LA", (0, 255), (0, 0, 0)),
        ("LA", (0, 0), WHITE),
    ],
)
def test_what_is_transparent_shows_white_paper(
    tmp_path: Path, mode: str, colour: tuple[int, ...], seen: Colour
) -> None:
    Image.new(mode, (8, 8), colour).save(tmp_path / "a.png")
    assert near(read(tmp_path / "a.png").getpixel((3, 3)), seen, 1)


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_a_palette_with_a_transparent_colour_lies_on_white(tmp_path: Path, suffix: str) -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([*BLUE, *RED])
    image.paste(1, (4, 0, 8, 8))
    image.save(tmp_path / f"a.{suffix}", transparency=0)
    seen = read(tmp_path / f"a.{suffix}")
    assert seen.getpixel((1, 1)) == WHITE
    assert seen.getpixel((6, 1)) == RED


def test_one_transparent_colour_of_a_picture_without_palette_lies_on_white(tmp_path: Path) -> None:
    quarters().save(tmp_path / "a.png", transparency=BLUE)
    assert read(tmp_path / "a.png").getpixel((5, 28)) == WHITE


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_bitmaps_are_read(tmp_path: Path, mode: str) -> None:
    quarters().convert(mode).save(tmp_path / "a.bmp")
    image = read(tmp_path / "a.bmp")
    assert image.size == (64, 32)
    assert image.getpixel((60, 30)) == WHITE


@pytest.mark.parametrize(
    ("size", "seen"),
    [((1, 1), (1, 1)), ((20_000, 3), (3_000, 1)), ((3, 20_000), (1, 3_000)), ((1, 1_000), None)],
)
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_extreme_shapes_are_read(
    tmp_path: Path, size: tuple[int, int], seen: tuple[int, int] | None, suffix: str
) -> None:
    Image.new("RGB", size, RED).save(tmp_path / f"a.{suffix}")
    image = read(tmp_path / f"a.{suffix}")
    assert image.size == (seen or size)
    assert near(image.getpixel((0, 0)), RED)


# --- broken and hostile


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def claim(width: int, height: int) -> bytes:
    """A small PNG whose header claims that it is large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = (
        chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(5_000))) + chunk(b"IEND", b"")
    )
    return b"\x89PNG\r\n\x1a\n" + data


@pytest.mark.parametrize(
    "size",
    [
        (60_000, 60_000),  # where Pillow itself refuses
        (20_000, MAX_PIXELS // 20_000 + 1),
        (20_000, MAX_DECODED // 20_000 + 1),
    ],
)
def test_a_decompression_bomb_is_not_opened(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "bomb.png").write_bytes(claim(*size))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreadableFile, match=r"bomb\.png claims .*more.* than is safe") as caught:
        open_source(tmp_path / "bomb.png").page_image(1, 144)
    assert "smaller" in caught.value.hint
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_a_bomb_on_a_later_page_of_a_tiff_is_not_opened(tmp_path: Path) -> None:
    first, rest = frames((20, 20), (30, 20))
    first.save(tmp_path / "a.tif", save_all=True, append_images=[rest])
    data = (tmp_path / "a.tif").read_bytes()
    # The width and height (tags 256 and 257) of the second page, as numbers of 4 bytes.
    for tag in (256, 257):
        entry = re.compile(re.escape(struct.pack("<H", tag)) + b"[\3\4]\0\1\0\0\0.{4}", re.DOTALL)
        *_, last = entry.finditer(data)
        data = data[: last.start()] + struct.pack("<HHII", tag, 4, 1, 60_000) + data[last.end() :]
    (tmp_path / "a.tif").write_bytes(data)
    source = open_source(tmp_path / "a.tif")
    assert source.page_image(1, 72).image.size == (20, 20)
    with pytest.raises(UnreadableFile, match=r"a\.tif claims"):
        source.page_image(2, 72)


def test_a_jpeg_of_a_good_camera_is_no_bomb(tmp_path: Path) -> None:
    """200 million pixels, as telephones take them; grey, so that the test is quick."""
    path = tmp_path / "large.jpg"
    Image.new("L", (16_320, 12_240), 200).save(path, quality=50)
    assert read(path).size == (3_000, 2_250)


@settings(max_examples=60, deadline=None)
@given(
    suffix=st.sampled_from(["JPEG", "PNG", "TIFF", "GIF", "WEBP", "BMP"]),
    share=st.floats(0.02, 0.95),
)
@example(suffix="TIFF", share=0.5)
def test_a_picture_cut_short_is_refused_by_name_or_read_as_far_as_it_goes(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, share: float
) -> None:
    buffer = io.BytesIO()
    noise = Image.effect_noise((120, 120), 60).convert("RGB")
    noise.save(buffer, suffix, **({"save_all": True} if suffix == "TIFF" else {}))
    data = buffer.getvalue()
    path = tmp_path_factory.mktemp("cut") / f"cut.{suffix.lower()}"
    path.write_bytes(data[: int(len(data) * share)])
    if suffix == "GIF":  # Pillow fills up what is missing of a GIF.
        with contextlib.suppress(UnreadableFile):
            assert read(path).size == (120, 120)
        return
    with pytest.raises(UnreadableFile, match=re.escape(path.name)) as caught:
        read(path)
    assert caught.value.hint


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(UnreadableFile, match=r"a\.png is empty"):
        open_source(tmp_path / "a.png")


@pytest.mark.parametrize("name", ["gone.png", "."])
def test_what_cannot_be_opened_says_why(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFile, match=r"cannot be opened: (No such file|Is a directory)"):
        open_source(tmp_path / name)


def test_formats_that_make_pillow_run_other_programs_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    with Image.open(path) as image:
        assert image.format == "EPS"
    with pytest.raises(UnreadableFile, match="nor another format"):
        PhotoSource(path)


@pytest.mark.parametrize("high", [1, 40, 255, 1_023, 4_095])
def test_sixteen_bit_pictures_of_low_values_are_scaled_to_their_range(
    tmp_path: Path, high: int
) -> None:
    values = np.linspace(0, high, 64 * 64).reshape(64, 64).round().astype(np.uint16)
    for suffix in ("png", "tif"):
        Image.fromarray(values).save(tmp_path / f"a.{suffix}")
        image = np.asarray(read(tmp_path / f"a.{suffix}").convert("L"))
        assert (image.min(), image.max()) == (0, 255)


@pytest.mark.parametrize("high", [40, 4_095])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_a_large_sixteen_bit_picture_of_low_values_is_scaled_down_too(
    tmp_path: Path, high: int, suffix: str
) -> None:
    values = np.zeros((50, 2 * LONGEST_SIDE + 500), np.uint16)
    values[:, LONGEST_SIDE:] = high
    Image.fromarray(values).save(tmp_path / f"a.{suffix}")
    image = np.asarray(read(tmp_path / f"a.{suffix}").convert("L"))
    assert image.shape[1] == LONGEST_SIDE
    assert (image[:, :1_300].max(), image[:, 1_500:].min()) == (0, 255)


@pytest.mark.parametrize("compression", ["raw", "group4"])
def test_frames_far_into_a_tiff_are_reached_once_not_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compression: str
) -> None:
    path = tmp_path / "a.tif"
    frames = [Image.new("1", (8 + at, 8), at % 2) for at in range(300)]
    frames[0].save(path, save_all=True, append_images=frames[1:], compression=compression)
    loaded = 0
    load = TiffImagePlugin.ImageFileDirectory_v2.load

    def count(directory: Any, file: Any) -> None:
        nonlocal loaded
        loaded += 1
        load(directory, file)

    monkeypatch.setattr(TiffImagePlugin.ImageFileDirectory_v2, "load", count)
    source = PhotoSource(path)
    for number in (201, 202, 203, 204):
        image = source.page_image(number, 144).image
        assert image.width == 8 + number - 1
        assert image.getpixel((0, 0)) == ((WHITE, (0, 0, 0))[number % 2])
    assert loaded < 250
    assert source.page_image(3, 144).image.width == 10
    assert source.page_count == 300


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("extra", [{}, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}])
def test_the_size_of_a_webp_is_checked_before_memory_is_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lossless: bool, extra: dict[str, bytes]
) -> None:
    path = tmp_path / "a.webp"
    Image.effect_noise((300, 200), 40).convert("RGB").save(path, lossless=lossless, **extra)
    assert read(path).size == (300, 200)
    monkeypatch.setattr("ingest.files.photo.MAX_DECODED", 59_999)
    monkeypatch.setattr(Image, "open", None)
    with pytest.raises(UnreadableFile, match="claims 300 x 200 pixels"):
        PhotoSource(path)


def drawn(mode: str, ink: int, share: float = 0.1, opaque: int = 255) -> Image.Image:
    """Ink on transparency: a bar that covers a share of the picture."""
    image = Image.new("LA", (100, 100), (0, 0))
    image.paste((ink, opaque), (0, 0, 100, round(100 * share)))
    return image.convert("RGBA") if mode in {"RGBA", "P"} else image


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
@pytest.mark.parametrize(("ink", "ground"), [(255, 0), (240, 0), (0, 255), (90, 255), (180, 255)])
def test_ink_on_transparency_stays_visible(
    tmp_path: Path, mode: str, ink: int, ground: int
) -> None:
    image = drawn(mode, ink)
    if mode == "P":
        image = image.quantize(4)
    image.save(tmp_path / "a.png")
    shown = np.asarray(read(tmp_path / "a.png").convert("L"), dtype=int)
    assert abs(shown[90, 50] - ground) <= 1
    assert abs(shown[5, 50] - ink) <= 2


def test_white_and_black_ink_on_transparency_are_both_visible(tmp_path: Path) -> None:
    image = drawn("RGBA", 255, 0.3)
    image.paste((0, 0, 0, 255), (0, 50, 100, 70))
    image.save(tmp_path / "a.png")
    shown = np.asarray(read(tmp_path / "a.png").convert("L"), dtype=int)
    white, black, ground = shown[5, 50], shown[60, 50], shown[90, 50]
    assert white - ground > 100
    assert ground - black > 100


def test_a_photo_that_is_opaque_or_mostly_dark_keeps_its_white_ground(tmp_path: Path) -> None:
    opaque = Image.new("RGBA", (50, 50), (250, 250, 250, 255))
    opaque.putpixel((0, 0), (0, 0, 0, 0))
    opaque.save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").getpixel((0, 0)) == (255, 255, 255)


def test_an_image_to_search_by_is_decoded_small(tmp_path: Path) -> None:
    Image.new("RGB", (4_000, 1_000), "red").save(tmp_path / "a.jpg")
    image = PhotoSource(tmp_path / "a.jpg").thumbnail(1_024)
    assert image.size == (1_024, 256)
    Image.new("1", (9_000, 9_000)).save(tmp_path / "b.png")
    with pytest.raises(UnreadableFile, match="more than is safe"):
        PhotoSource(tmp_path / "b.png").thumbnail(1_024)


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.avif", {}), ("a.jp2", {}), ("a.j2k", {"no_jp2": True}), ("a.avif", {"quality": 100})],
)
def test_avif_and_jpeg_2000_are_read(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    quarters().resize((640, 320)).save(tmp_path / name, **options)
    seen = read(tmp_path / name)
    assert seen.size == (640, 320)
    assert near(seen.getpixel((160, 80)), RED, 12)
    assert near(seen.getpixel((160, 240)), BLUE, 12)


def test_heic_is_read_and_what_only_claims_to_be_is_refused(tmp_path: Path) -> None:
    seen = read(Path(__file__).parent / "golden" / "quarters.heic")
    assert seen.size == (640, 320)
    assert near(seen.getpixel((160, 80)), RED, 12)
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(60))
    with pytest.raises(UnreadableFile):
        read(tmp_path / "a.heic")
    whole = (Path(__file__).parent / "golden" / "quarters.heic").read_bytes()
    (tmp_path / "b.heic").write_bytes(whole[: len(whole) - 40])
    with pytest.raises(UnreadableFile):
        read(tmp_path / "b.heic")


def test_a_sequence_of_photos_has_a_note_that_its_first_is_read(tmp_path: Path) -> None:
    first, *rest = frames((64, 64), (64, 64), (64, 64))
    first.save(tmp_path / "a.avif", save_all=True, append_images=rest)
    page = open_source(tmp_path / "a.avif").page_image(1, 144)
    assert page.note == "Only the first of 3 images of the file is read."
    assert near(page.image.getpixel((5, 5)), RED, 12)


def test_a_tiff_of_many_frames_is_walked_through_once(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    frames = [Image.new("RGB", (20, 10), color) for color in ("red", "lime", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    first = open_source(path)
    colors = [open_source(path).page_image(n, 72).image.getpixel((1, 1)) for n in (1, 3, 2)]
    assert colors == [(255, 0, 0), (0, 0, 255), (0, 255, 0)]
    assert open_source(path) is first
    frames[0].save(path)
    assert open_source(path) is not first
    assert open_source(path).page_count == 1
