from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data_dir

from ingest.add import AddSettings, add
from ingest.encoders.encoder import Encoding
from ingest.files.render import RenderSettings
from ingest.library.home import Home
from retrieval.error import EmptyQuery
from retrieval.query.compose import InvalidQuery, QueryPart, is_composed, is_image, split_query
from retrieval.query.encode import QueryEncoder
from retrieval.search import Searcher


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["a", "red", "bicycle"], [QueryPart(1, "a red bicycle")]),
        (
            ["golden retriever", "+", "./pool.jpg"],
            [QueryPart(1, "golden retriever"), QueryPart(1, "./pool.jpg")],
        ),
        (
            ["2:golden retriever", "-", "fruit"],
            [QueryPart(2, "golden retriever"), QueryPart(-1, "fruit")],
        ),
        (["-", "0.5:snow", "+", "dog"], [QueryPart(-0.5, "snow"), QueryPart(1, "dog")]),
        (["at", "12:30"], [QueryPart(1, "at 12:30")]),
    ],
)
def test_a_question_is_split_at_its_signs(words: list[str], parts: list[QueryPart]) -> None:
    assert split_query(words) == parts


@pytest.mark.parametrize("words", [["+"], ["dog", "+"], ["dog", "+", "-", "cat"], ["0:dog"]])
def test_parts_that_do_not_add_up(words: list[str]) -> None:
    with pytest.raises(InvalidQuery):
        split_query(words)


@pytest.mark.parametrize(
    ("words", "composed"),
    [
        (["a dog"], False),
        (["a", "dog"], False),
        (["2:dog"], True),
        (["dog", "-", "cat"], True),
        (["well-known + cheap"], False),
        (["12:30"], False),
    ],
)
def test_only_signs_that_stand_alone_compose(words: list[str], composed: bool) -> None:
    assert is_composed(words) is composed


def test_what_names_a_picture() -> None:
    assert all(map(is_image, ["./pool", "/tmp/x", "~/x", "pool.JPG", "a b.webp"]))
    assert not any(map(is_image, ["pool", "a jpg", "jpg"]))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    """A cat, coffee, a rocket and a motorcycle, all shipped by scikit-image."""
    home = Home(tmp_path_factory.mktemp("photos"))
    names = ["chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png"]
    files = [Path(data_dir, name) for name in names if Path(data_dir, name).exists()]
    assert len(files) >= 3
    list(
        add(
            home,
            files,
            AddSettings(render=RenderSettings(ocr="none"), encoders=("minilm", "conse")),
        )
    )
    return Searcher(home)


def first(hits: list) -> str:  # type: ignore[type-arg]
    return str(hits[0].page.document_name)


def test_a_sum_of_one_text_is_the_text(photos: Searcher) -> None:
    plain = photos.search("a cat", images=True)
    summed = photos.search_composed([(1.0, "a cat")])
    assert [hit.page for hit in plain] == [hit.page for hit in summed]
    assert first(plain) == "chelsea.png"


def test_texts_and_pictures_are_added_and_taken_away(photos: Searcher) -> None:
    with Image.open(Path(data_dir, "chelsea.png")) as cat:
        cat.load()
    assert first(photos.search_composed([(1.0, "a cup of coffee"), (0.2, "a cat")])) == "coffee.png"
    assert first(photos.search_composed([(0.2, "a cup of coffee"), (1.0, cat)])) == "chelsea.png"
    away = photos.search_composed([(1.0, "a cup of coffee"), (-1.0, cat)])
    assert away[-1].page.document_name == "chelsea.png"


def test_the_sum_is_that_of_unit_rows(photos: Searcher) -> None:
    indexes = photos._shards.read()[0].indexes
    (index,) = (index for index in indexes if index.manifest.modality == "image")
    queries = QueryEncoder(Encoding())
    encoder = queries.encoder(index)
    cat, cup = (encoder.encode_queries([text])[0].vectors[0] for text in ("a cat", "a cup"))
    mixed = queries.encode_composed([(2.0, "a cat"), (-1.0, "a cup")], indexes)["conse"].vectors[0]
    expected = 2 * cat - cup
    np.testing.assert_allclose(mixed, expected / np.linalg.norm(expected), atol=1e-6)


def test_a_sum_of_nothing_is_no_question(photos: Searcher) -> None:
    with pytest.raises(EmptyQuery, match="cancel out"):
        photos.search_composed([(1.0, "a cat"), (-1.0, "a cat")])
