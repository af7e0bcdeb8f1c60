from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from skimage import data_dir

from ingest.add import AddSettings, add
from ingest.files.render import RenderSettings
from ingest.library.home import Home
from retrieval.duplicates import SIDE, correlate, find_duplicates
from retrieval.error import ImageIndexNotFound

PLAIN = RenderSettings(ocr="none")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Four photos; the cat also smaller, brighter and cropped, the coffee also saved coarsely."""
    folder = tmp_path_factory.mktemp("photos")
    for name in ("chelsea.png", "coffee.png", "rocket.jpg", "astronaut.png"):
        with Image.open(Path(data_dir, name)) as photo:
            photo.convert("RGB").save(folder / f"{Path(name).stem}.png")
    cat = Image.open(folder / "chelsea.png")
    wide, high = cat.size
    cat.resize((wide // 2, high // 2)).save(folder / "cat-small.jpg", quality=80)
    ImageEnhance.Brightness(cat).enhance(1.2).save(folder / "cat-bright.jpg", quality=90)
    cat.crop((wide // 20, high // 20, wide * 19 // 20, high * 19 // 20)).save(
        folder / "cat-crop.png"
    )
    Image.open(folder / "coffee.png").save(folder / "coffee-coarse.jpg", quality=25)
    home = Home(tmp_path_factory.mktemp("home"))
    list(add(home, [folder], AddSettings(render=PLAIN, encoders=("minilm", "conse"))))
    return home


def test_near_duplicates_are_grouped_and_others_left_alone(home: Home) -> None:
    groups = [[page.document_name for page in group.pages] for group in find_duplicates(home)]
    assert [sorted(names) for names in groups] == [
        ["cat-bright.jpg", "cat-crop.png", "cat-small.jpg", "chelsea.png"],
        ["coffee-coarse.jpg", "coffee.png"],
    ]
    assert groups[0][-1] == "cat-small.jpg"  # the largest first
    assert all(0.85 <= group.similar <= 1 for group in find_duplicates(home))


def test_nothing_is_the_very_same(home: Home) -> None:
    assert find_duplicates(home, same=0.99999) == []


def test_a_home_without_pictures_says_so(tmp_path: Path, home: Home) -> None:
    empty = Home(tmp_path / "home")
    list(
        add(empty, [Path(data_dir, "chelsea.png")], AddSettings(render=PLAIN, encoders=("minilm",)))
    )
    with pytest.raises(ImageIndexNotFound):
        find_duplicates(empty)


def test_correlation_by_hand() -> None:
    rows = np.tile(np.linspace(0, 255, SIDE, dtype=np.float32), (SIDE, 1))
    assert correlate(rows, rows) == pytest.approx(1)
    assert correlate(rows, rows * 0.5 + 20) == pytest.approx(1)  # darker, same picture
    assert correlate(rows, rows[:, ::-1].copy()) == pytest.approx(-1)  # mirrored
    assert correlate(rows, np.zeros_like(rows)) == 0  # a blank one says nothing
