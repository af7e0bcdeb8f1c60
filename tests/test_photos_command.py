"""`classify`, `duplicates`, `tags` and composed searches as typed by a user."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from skimage import data_dir
from tiny_clip import make_open_clip
from tiny_models import make_colpali
from typer.testing import CliRunner, Result

from api.cli.exits import exit_code
from api.cli.main import app
from ingest.annotate.classify import LabelsMissing
from ingest.choose import default_images
from retrieval.query.compose import InvalidQuery

CAT, COFFEE = Path(data_dir, "chelsea.png"), Path(data_dir, "coffee.png")


def run(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(app, ["--home", str(home), *map(str, arguments)])


def records(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("home")
    labels = tmp_path_factory.mktemp("labels") / "labels.txt"
    labels.write_text("cat\ncoffee\nbicycle\n")
    result = run(root, "ingest", CAT, COFFEE, "--ocr", "none", "--tag-with", labels)
    assert result.exit_code == 0
    assert "tagged 2 pages" in result.stderr
    return root


def test_classify_says_what_pictures_show(home: Path, tmp_path: Path) -> None:
    result = run(home, "classify", CAT, COFFEE, "--labels", "cat,cup of coffee,car", "--json")
    assert result.exit_code == 0
    cat, coffee = records(result)
    assert max(cat["labels"], key=cat["labels"].get) == "cat"
    assert max(coffee["labels"], key=coffee["labels"].get) == "cup of coffee"
    assert sum(cat["labels"].values()) == pytest.approx(1, abs=1e-3)
    for_people = run(home, "classify", CAT, "--labels", "cat,car", "-n", 1)
    assert "chelsea.png: cat " in for_people.stdout
    assert for_people.stdout.strip().endswith("%")
    (tmp_path / "labels.txt").write_text("cat\ncar\n")
    assert run(home, "classify", CAT, "--labels", f"@{tmp_path / 'labels.txt'}").exit_code == 0


def test_classify_goes_on_past_what_it_cannot_open(home: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    some = run(home, "classify", tmp_path / "bad.png", CAT, "--labels", "cat,car", "--json")
    assert some.exit_code == 3
    assert len(records(some)) == 1
    assert "bad.png" in some.stderr
    assert run(home, "classify", tmp_path / "gone.png", "--labels", "cat,car").exit_code == 1


def test_one_label_tells_nothing_apart(home: Path) -> None:
    result = run(home, "classify", CAT, "--labels", "cat")
    assert result.exit_code == exit_code(LabelsMissing("", hint=""))
    assert "two labels" in result.stderr


def test_tags_and_a_search_by_them(home: Path) -> None:
    assert records(run(home, "tags", "--json")) == [
        {"tag": "cat", "pages": 1},
        {"tag": "coffee", "pages": 1},
    ]
    assert "coffee  1" in run(home, "tags").stdout
    found = records(run(home, "search", "an animal", "--images", "--tag", "cat", "--json"))
    assert [hit["name"] for hit in found] == ["chelsea.png"]
    assert run(home, "search", "an animal", "--tag", "dog").exit_code == 4


def test_no_tags_yet(tmp_path: Path, home: Path) -> None:
    assert run(tmp_path / "home", "ingest", CAT, "--ocr", "none", "-q").exit_code == 0
    result = run(tmp_path / "home", "tags")
    assert result.exit_code == 4
    assert "--tag-with" in result.stderr


def test_search_by_a_sum(home: Path) -> None:
    found = records(run(home, "search", "0.2:a cat", "+", COFFEE, "--json"))
    assert found[0]["name"] == "coffee.png"
    assert run(home, "search", "a cat", "-", COFFEE).exit_code == 0
    nothing = run(home, "search", "a cat", "+")
    assert nothing.exit_code == exit_code(InvalidQuery("", hint=""))
    assert "nothing to add" in nothing.stderr
    assert run(home, "search", "a cat", "+", "./gone.jpg").exit_code != 0


def test_duplicates(home: Path, tmp_path: Path) -> None:
    assert run(home, "duplicates").exit_code == 4
    from PIL import Image

    with Image.open(CAT) as cat:
        cat.resize((200, 133)).save(tmp_path / "small.png")
    twice = tmp_path / "home"
    run(twice, "ingest", CAT, tmp_path / "small.png", "--ocr", "none", "-q")
    found = records(run(twice, "duplicates", "--json"))
    assert [Path(photo["paths"][0]).name for photo in found[0]["photos"]] == [
        "chelsea.png",
        "small.png",
    ]
    assert "2 similar" in run(twice, "duplicates").stdout


def test_an_encoder_on_the_command_line(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = make_colpali(tmp_path / "model")
    home = tmp_path / "home"
    arguments = ("ingest", CAT, "--ocr", "none", "--encoder", f"colpali:{model}")
    assert run(home, *arguments, "--batch", 1, "--dtype", "fp32", "--device", "cpu").exit_code == 0
    state = records(run(home, "status", "--json"))[0]
    assert {index["encoder"] for index in state["indexes"]} == {
        f"colpali:{model}",
        default_images(),
    }
    assert run(home, "search", "cat").exit_code == 0
    doctor = run(home, "doctor")
    assert "gives the vectors it gave when the index was made" in doctor.stdout
    assert (
        run(home, "ingest", CAT, "--encoder", "auto", "--ocr", "none").stderr.count("took minilm")
        == 1
    )
    gone = run(home, "ingest", CAT, "--encoder", f"colpali:{tmp_path / 'gone'}")
    assert gone.exit_code == 1
    assert "minilm needs no download" in gone.stderr


@pytest.mark.slow
def test_a_long_question_is_cut_with_a_warning_for_people(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    model = make_open_clip(tmp_path / "model")
    home = tmp_path / "home"
    assert run(home, "ingest", CAT, "--ocr", "none", "--images", f"clip:{model}").exit_code == 0
    long = " ".join(["a cat on a sofa"] * 40)
    searched = subprocess.run(
        [
            sys.executable,
            "-m",
            "api.cli.main",
            "--home",
            home,
            "search",
            long,
            "--images",
            "--json",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "warning: The model reads 16 tokens" in searched.stderr
    assert "QueryTruncated" not in searched.stderr
