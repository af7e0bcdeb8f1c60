"""Exported towers of tiny CLIP and SigLIP models: the same vectors as by torch, without torch."""

from __future__ import annotations

import io
import json
import logging
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file
from skimage import data
from tiny_clip import LENGTH, make_clip, make_open_clip, make_siglip, make_siglip2

from api.diagnostics.examine import examine
from api.settings import Settings
from ingest.add import AddSettings, add
from ingest.annotate.classify import Labeller, load_image_encoder
from ingest.caches.kept_files import cache_folder
from ingest.encoders.clip import ClipEncoder
from ingest.encoders.embedded.weights import WeightsMissing
from ingest.encoders.encoder import Encoder, Encoding, ImageEncoder
from ingest.encoders.exported import export_towers as exporting
from ingest.encoders.exported import towers
from ingest.encoders.exported.exported_clip import ExportedClip
from ingest.encoders.exported.towers import NotExported, find_towers
from ingest.encoders.load import load_encoder, load_for_ingest
from ingest.encoders.loading.query_truncated import QueryTruncated
from ingest.files.render import RenderSettings
from ingest.index.index import open_indexes
from ingest.index.probe import measure_drift
from ingest.library.home import Home
from ingest.page import WHOLE, Page, Rendered
from retrieval.search import Searcher

MAKERS: dict[str, Callable[[Path], Path]] = {"clip": make_clip, "siglip": make_siglip}
TEXTS = ["a photo of a red circle", "the Lighthouse,  keeper!", "어디", "a", "", "two cats"]
SIZES = [
    (240, 160),
    (31, 200),
    (1, 1),
    (300, 100),
    (32, 32),
    (17, 16),
    (64, 65),
    (640, 480),
    (9, 9),
]
CPU = Encoding(device="cpu", threads=1)
PHOTOS = [
    Image.fromarray(pixels).resize((160, 120)) for pixels in (data.astronaut(), data.coffee())
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def used_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))


@pytest.fixture(scope="module", params=MAKERS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return MAKERS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture
def exported(folder: Path) -> ExportedClip:
    encoder = load_for_ingest(f"clip:{folder}", CPU)
    assert isinstance(encoder, ExportedClip)
    return encoder


@pytest.fixture
def own_folder(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "model")


def rendered(image: Image.Image) -> Rendered:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    figures = ((0.1, 0.2, 0.5, 0.6), WHOLE)
    return Rendered(Page("d", 1), buffer.getvalue(), *image.size, (), figures, "none")


cuts_texts = pytest.mark.filterwarnings(
    "ignore::ingest.encoders.loading.query_truncated.QueryTruncated"
)
"""Tiny models read few tokens, and know few words."""


def least_cosine(ours: Any, theirs: Any) -> float:
    return float((np.asarray(ours) * np.asarray(theirs)).sum(axis=-1).min())


def test_texts_have_the_vectors_of_torch(exported: ExportedClip, folder: Path) -> None:
    by_torch = ClipEncoder(str(folder), CPU)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", QueryTruncated)
        assert least_cosine(exported.embed(TEXTS), by_torch.embed(TEXTS)) >= 0.9999
    (asked,) = exported.encode_queries(TEXTS[:1])
    np.testing.assert_allclose(asked.vectors, by_torch.embed(TEXTS[:1]), atol=1e-4)


def test_pages_have_the_vectors_of_torch(exported: ExportedClip, folder: Path) -> None:
    by_torch = ClipEncoder(str(folder), CPU)
    pages = [rendered(PHOTOS[i % 2].resize(size)) for i, size in enumerate(SIZES)]
    pages += [rendered(PHOTOS[0].convert(mode)) for mode in ("L", "P", "LA", "RGBA", "1")]
    ours, theirs = exported.encode_pages(pages), by_torch.encode_pages(pages)
    for one, other in zip(ours, theirs, strict=True):
        assert least_cosine(one.vectors, other.vectors) >= 0.9999
        np.testing.assert_array_equal(one.boxes, other.boxes)
    assert exported.encode_pages([]) == []
    assert exported.embed([]).shape == (0, exported.dim)


def test_an_index_records_the_same(exported: ExportedClip, folder: Path) -> None:
    by_torch = ClipEncoder(str(folder), CPU)
    for name in ("name", "model", "dim", "modality", "calibrated", "cosine_range", "logit_scale"):
        assert getattr(exported, name) == getattr(by_torch, name)
    assert exported.provenance.keys() == {"transformers", "openvino", "dtype"}


@pytest.mark.parametrize("size", [*SIZES, (1000, 20)])
def test_pixels_are_those_of_the_processor(
    exported: ExportedClip, folder: Path, size: tuple[int, int]
) -> None:
    from transformers import AutoImageProcessor

    found = find_towers(str(folder), CPU)
    assert not isinstance(found, NotExported)
    image = PHOTOS[1].resize(size)
    slow = AutoImageProcessor.from_pretrained(folder, backend="pil")
    theirs = slow(images=image, return_tensors="np")["pixel_values"][0]
    np.testing.assert_allclose(found.pixels(image), theirs, atol=1e-5)


def test_too_long_a_text_is_cut_with_a_warning(exported: ExportedClip, folder: Path) -> None:
    long = "the lighthouse " * 40
    with pytest.warns(QueryTruncated, match=f"reads {LENGTH} tokens; the end of"):
        ours = exported.embed([long])
    with pytest.warns(QueryTruncated):
        assert least_cosine(ours, ClipEncoder(str(folder), CPU).embed([long])) >= 0.9999


def test_bf16_is_near(exported: ExportedClip, folder: Path) -> None:
    half = load_encoder(f"clip:{folder}", Encoding("cpu", "bf16", threads=1))
    assert isinstance(half, ExportedClip)
    assert half.provenance["dtype"] == "bf16"
    assert least_cosine(half.embed(TEXTS[:2]), exported.embed(TEXTS[:2])) > 0.98


@cuts_texts
@pytest.mark.parametrize("way", ["exported", "torch"])
def test_labels_of_an_image(way: str, folder: Path, exported: ExportedClip) -> None:
    encoder: Encoder = exported if way == "exported" else ClipEncoder(str(folder), CPU)
    assert isinstance(encoder, ImageEncoder)
    rows = exported.encode_pages([rendered(PHOTOS[0])])[0].vectors
    likely = Labeller(encoder, ["cat", "dog"]).probabilities(rows)
    expected = Labeller(exported, ["cat", "dog"]).probabilities(rows)
    np.testing.assert_allclose(likely, expected, atol=0.01)
    assert load_image_encoder(f"clip:{folder}", CPU).logit_scale == exported.logit_scale


def ingest_photos(root: Path, spec: str, load: Callable[[str, Encoding], Encoder]) -> Home:
    (root / "photos").mkdir(parents=True)
    for name, photo in zip(("astronaut", "coffee"), PHOTOS, strict=True):
        photo.save(root / "photos" / f"{name}.png")
    settings = AddSettings(
        RenderSettings(ocr="none"), encoders=("minilm", spec), encoding=CPU, load_encoder=load
    )
    list(add(Home(root / "home"), [root / "photos"], settings))
    return Home(root / "home")


@pytest.mark.parametrize("made_by", ["torch", "exported"])
def test_an_index_made_one_way_is_searched_the_other(
    made_by: str, folder: Path, exported: ExportedClip, tmp_path: Path
) -> None:
    by_torch = ClipEncoder(str(folder), CPU)
    maker, seeker = (by_torch, exported) if made_by == "torch" else (exported, by_torch)
    spec = f"clip:{folder}"
    home = ingest_photos(
        tmp_path, spec, lambda name, how: maker if name == spec else load_encoder(name, how)
    )
    (index,) = (index for index in open_indexes(home) if index.manifest.encoder == spec)
    drift = measure_drift(index.folder, seeker)
    assert drift is not None
    assert drift.cosine >= 0.9999
    searcher = Searcher(home, encoding=CPU)
    searcher._encoder._encoders[spec] = seeker
    best = searcher.search_by_image(PHOTOS[1])[0]
    assert best.page.document_name == "coffee.png"
    assert best.regions[0].box == WHOLE
    composed = searcher.search_composed([(1.0, PHOTOS[0]), (0.2, "a cat"), (-0.1, PHOTOS[1])])
    assert composed[0].page.document_name == "astronaut.png"
    searcher.close()


SEARCH = """
import sys
from pathlib import Path
from PIL import Image
from ingest.encoders.encoder import Encoding
from ingest.library.home import Home
from retrieval.search import Searcher
searcher = Searcher(Home(Path(sys.argv[1])), encoding=Encoding(device="cpu"))
assert searcher.search("coffee", images=True)
assert searcher.search_by_image(Image.open(sys.argv[2]))[0].page.document_name == "coffee.png"
assert searcher.search_composed([(1.0, "coffee")])
print(*{"torch", "transformers", "open_clip", "openvino"} & sys.modules.keys())
"""


def test_a_search_in_a_new_process_loads_no_torch(tmp_path: Path) -> None:
    folder = make_clip(tmp_path / "model")
    home = ingest_photos(tmp_path, f"clip:{folder}", load_for_ingest)
    photo = tmp_path / "photos" / "coffee.png"
    done = subprocess.run(
        [sys.executable, "-c", SEARCH, str(home.root), str(photo)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["openvino"]


def test_other_weights_are_exported_anew(own_folder: Path) -> None:
    first = load_for_ingest(f"clip:{own_folder}", CPU)
    assert isinstance(first, ExportedClip)
    before = first.embed(["cat"])
    (file,) = own_folder.glob("*.safetensors")
    weights = {key: value.clone() for key, value in load_file(file).items()}
    weights["text_projection.weight"] = weights["text_projection.weight"].flip(0).contiguous()
    file.unlink()  # its pages are mapped
    save_file(weights, file, {"format": "pt"})
    found = find_towers(str(own_folder), CPU)
    assert isinstance(found, NotExported)
    assert "these weights" in found.reason
    assert isinstance(load_encoder(f"clip:{own_folder}", CPU), ClipEncoder)
    second = load_for_ingest(f"clip:{own_folder}", CPU)
    assert isinstance(second, ExportedClip)
    assert least_cosine(before, second.embed(["cat"])) < 0.99
    assert second.model != first.model
    kept = list((cache_folder() / "kept" / towers.kept_name(str(own_folder))).iterdir())
    assert len(kept) == 1  # the old ones are gone
    with pytest.raises(WeightsMissing, match=r"deleted since .*Start the program again"):
        first.encode_pages([rendered(PHOTOS[0])])


@pytest.mark.parametrize("damage", ["text.bin", "towers.json", "tokenizer.json"])
def test_damaged_towers_are_made_again(
    damage: str, own_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    load_for_ingest(f"clip:{own_folder}", CPU)
    (kept,) = (cache_folder() / "kept" / towers.kept_name(str(own_folder))).iterdir()
    if damage == "tokenizer.json":
        (kept / damage).unlink()
    else:
        (kept / damage).write_bytes((kept / damage).read_bytes()[:50])
    assert isinstance(load_encoder(f"clip:{own_folder}", CPU), ClipEncoder)
    assert "damaged" in caplog.text
    assert isinstance(load_for_ingest(f"clip:{own_folder}", CPU), ExportedClip)


@pytest.mark.parametrize("error", [OSError("the disk is full"), KeyboardInterrupt(), MemoryError()])
def test_an_export_that_is_cut_off_leaves_nothing(
    error: BaseException, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = exporting._write_tower

    def write_one(clip: Any, name: str, *rest: Any) -> None:
        if name == towers.TEXT:
            raise error
        write(clip, name, *rest)

    monkeypatch.setattr(exporting, "_write_tower", write_one)
    if isinstance(error, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            load_for_ingest(f"clip:{own_folder}", CPU)
    else:
        assert isinstance(load_for_ingest(f"clip:{own_folder}", CPU), ClipEncoder)
    assert list((cache_folder() / "kept" / towers.kept_name(str(own_folder))).iterdir()) == []
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_folder().parent))


def test_the_oldest_towers_go_where_all_are_too_large(
    tmp_path: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(exporting, "KEPT_BYTES", 1)
    other = make_siglip(tmp_path / "other")
    for folder in (own_folder, other):
        load_for_ingest(f"clip:{folder}", CPU)
    assert isinstance(find_towers(str(own_folder), CPU), NotExported)
    assert not isinstance(find_towers(str(other), CPU), NotExported)


def doctor_says(home: Home) -> str:
    (finding,) = (f for f in examine(home, Settings(device="cpu")) if f.topic == "towers")
    return finding.detail


@cuts_texts
@pytest.mark.parametrize(
    ("make", "why"),
    [
        (make_siglip2, "prepared by Siglip2ImageProcessor"),
        (make_open_clip, "split by open_clip's own code"),
        (make_clip, "exported: OpenVINO runs them"),
    ],
)
def test_doctor_says_which_way_and_why(
    make: Callable[[Path], Path], why: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "model").mkdir()
    folder = make(tmp_path / "model")
    for _ in range(2):  # the second finds what the first has kept
        encoder = load_for_ingest(f"clip:{folder}", CPU)
        assert isinstance(encoder, ExportedClip if make is make_clip else ClipEncoder)
    assert caplog.text.count("are not exported: ") == (make is make_siglip2)
    home = ingest_photos(tmp_path / "library", f"clip:{folder}", load_for_ingest)
    assert why in doctor_says(home)


def test_a_tokenizer_without_a_file_is_not_exported(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tokenizer = exporting._write_tokenizer

    def slow(clip: Any, path: Path) -> Any:
        clip.tokenizer = object()
        return tokenizer(clip, path)

    monkeypatch.setattr(exporting, "_write_tokenizer", slow)
    with caplog.at_level(logging.WARNING):
        load_for_ingest(f"clip:{own_folder}", CPU)
    found = find_towers(str(own_folder), CPU)
    assert isinstance(found, NotExported)
    assert found.lasting
    assert "not a fast one" in found.reason


@pytest.mark.parametrize("change", ["do_resize", "crop", "crop smaller"])
def test_a_processor_of_another_layout_is_not_exported(change: str, own_folder: Path) -> None:
    path = own_folder / "processor_config.json"
    config = json.loads(path.read_text())
    values = config.get("image_processor", config)
    if change == "do_resize":
        values["do_resize"] = False
    elif change == "crop":
        values["size"] = {"shortest_edge": 20}
    else:
        values["size"] = {"height": 40, "width": 40}
    path.write_text(json.dumps(config))
    if change == "do_resize":  # photos of any size are not stacked; the encoder still loads
        values["do_center_crop"] = True
    encoder = load_for_ingest(f"clip:{own_folder}", CPU)
    assert isinstance(encoder, ClipEncoder)
    found = find_towers(str(own_folder), CPU)
    assert isinstance(found, NotExported)
    assert "not known" in found.reason


def test_without_openvino_or_on_other_devices_torch_goes_on(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_for_ingest(f"clip:{own_folder}", CPU)
    for how, why in ((Encoding("cuda:0"), "cuda:0"), (Encoding("cpu", "fp16"), "fp16")):
        found = find_towers(str(own_folder), how)
        assert isinstance(found, NotExported)
        assert why in found.reason
    find = towers.version

    def no_openvino(name: str) -> str:
        if name == "openvino":
            raise towers.PackageNotFoundError(name)
        return find(name)

    monkeypatch.setattr(towers, "version", no_openvino)
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert isinstance(load_for_ingest(f"clip:{own_folder}", CPU), ClipEncoder)
    found = find_towers(str(own_folder), CPU)
    assert isinstance(found, NotExported)
    assert "OpenVINO is not installed" in found.reason


def test_a_machine_with_signs_of_a_gpu_leaves_the_choice_to_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert towers.runs_on_cpu("cpu")
    monkeypatch.setattr(towers, "GPU_SIGNS", (str(tmp_path),))
    assert not towers.runs_on_cpu("auto")


def test_a_moved_checkpoint_keeps_its_towers_by_its_own_path(
    own_folder: Path, tmp_path: Path
) -> None:
    load_for_ingest(f"clip:{own_folder}", CPU)
    copy = shutil.copytree(own_folder, tmp_path / "copy")
    assert isinstance(find_towers(str(copy), CPU), NotExported)
    assert not isinstance(find_towers(str(own_folder), CPU), NotExported)
