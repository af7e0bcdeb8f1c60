"""CLIP encoders on tiny models of open_clip's and transformers' classes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import pty
import re
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from skimage import data
from sklearn.datasets import load_sample_images
from tiny_clip import (
    BIAS,
    LENGTH,
    SCALE,
    VISION,
    make_clip,
    make_open_clip,
    make_open_clip_siglip,
    make_siglip,
    make_siglip2,
)
from tiny_colbert import make_bert
from tiny_vlms import make_blip

from ingest.add import AddSettings, add
from ingest.box import crop_image
from ingest.encoders.checkpoint import InvalidCheckpoint
from ingest.encoders.clip import ClipEncoder, ImagePreparer
from ingest.encoders.dual_encoder import CLIP_COSINE_RANGE
from ingest.encoders.embedded.weights import WeightsMissing
from ingest.encoders.encoder import Encoding
from ingest.encoders.load import load_encoder
from ingest.encoders.loading.query_truncated import QueryTruncated
from ingest.event import Done
from ingest.files.render import RenderSettings
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import WHOLE, Box, Page, Rendered, Vectors
from retrieval.search import Searcher

MAKERS: dict[str, Callable[[Path], Path]] = {
    "open_clip": make_open_clip,
    "open_clip_siglip": make_open_clip_siglip,
    "clip": make_clip,
    "siglip": make_siglip,
    "siglip2": make_siglip2,
}
TEXTS = ["a photo of a red circle", "the Lighthouse,  keeper!", "어디에 있나요", "a"]
PHOTOS = [
    Image.fromarray(pixels).resize((240, 160))
    for pixels in (*load_sample_images().images, data.astronaut())
]
FIGURES: tuple[Box, ...] = ((0.1, 0.2, 0.5, 0.6), (0.5, 0.0, 1.0, 0.9))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: make(tmp_path_factory.mktemp(name)) for name, make in MAKERS.items()}


@pytest.fixture(scope="module", params=MAKERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(kind: str, folders: dict[str, Path]) -> Path:
    return folders[kind]


@pytest.fixture(scope="module")
def encoder(folder: Path) -> ClipEncoder:
    encoder = load_encoder(f"clip:{folder}")
    assert isinstance(encoder, ClipEncoder)
    return encoder


def rendered(picture: Image.Image, *figures: Box) -> Rendered:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return Rendered(Page("d", 1), buffer.getvalue(), *picture.size, (), figures, "none")


@cache
def load_open_clip(folder: Path) -> tuple[Any, Any, Any]:
    import open_clip

    name = f"local-dir:{folder}"
    return *open_clip.create_model_from_pretrained(name), open_clip.get_tokenizer(name)


@cache
def load_transformers(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoModel, AutoProcessor

    return AutoModel.from_pretrained(folder), AutoProcessor.from_pretrained(folder)


@torch.inference_mode()
def library_rows(kind: str, folder: Path, given: Image.Image | str) -> Vectors:
    """The library's own way, without this project's code."""
    if kind.startswith("open_clip"):
        model, prepare, tokenize = load_open_clip(folder)
        if isinstance(given, str):
            return model.encode_text(tokenize([given]), normalize=True).numpy()
        return model.encode_image(prepare(given)[None], normalize=True).numpy()
    model, processor = load_transformers(folder)
    if isinstance(given, str):
        how = {"padding": "max_length", "truncation": True, "max_length": LENGTH}
        rows = model.get_text_features(**processor(text=[given], return_tensors="pt", **how))
    else:
        batch = processor.image_processor(images=[given], return_tensors="pt")
        rows = model.get_image_features(**batch)
    return torch.nn.functional.normalize(rows.pooler_output, dim=-1).numpy()


def test_rows_of_pictures_equal_the_librarys_own(
    encoder: ClipEncoder, kind: str, folder: Path
) -> None:
    for photo in PHOTOS:
        (seen,) = encoder.encode_pages([rendered(photo, WHOLE)])
        np.testing.assert_allclose(seen.vectors, library_rows(kind, folder, photo), atol=1e-5)


def test_rows_of_texts_equal_the_librarys_own(
    encoder: ClipEncoder, kind: str, folder: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", QueryTruncated)  # Korean, to words trained on English
        for asked, text in zip(encoder.encode_queries(TEXTS), TEXTS, strict=True):
            expected = library_rows(kind, folder, text)
            np.testing.assert_allclose(asked.vectors, expected, atol=1e-5)
            assert asked.words == ("",)
            assert not asked.even


def test_a_page_gives_a_row_for_itself_and_one_a_figure(
    encoder: ClipEncoder, kind: str, folder: Path
) -> None:
    page, photo = encoder.encode_pages([rendered(PHOTOS[0], *FIGURES), rendered(PHOTOS[1], WHOLE)])
    np.testing.assert_allclose(page.boxes, [WHOLE, *FIGURES])
    np.testing.assert_allclose(photo.boxes, [WHOLE])
    for row, place in zip(page.vectors, [WHOLE, *FIGURES], strict=True):
        expected = library_rows(kind, folder, crop_image(PHOTOS[0], place))
        np.testing.assert_allclose(row, expected[0], atol=1e-5)


def test_a_batch_of_eight_equals_one_by_one(encoder: ClipEncoder) -> None:
    sizes = [(40, 40), (90, 30), (31, 200), (1, 1), (64, 64), (200, 210), (17, 16), (300, 100)]
    pages = [rendered(PHOTOS[i % 3].resize(size), FIGURES[0]) for i, size in enumerate(sizes)]
    for page, seen in zip(pages, encoder.encode_pages(pages), strict=True):
        (alone,) = encoder.encode_pages([page])
        np.testing.assert_allclose(seen.vectors, alone.vectors, atol=1e-5)
        np.testing.assert_array_equal(seen.boxes, alone.boxes)
        np.testing.assert_allclose(np.linalg.norm(seen.vectors, axis=1), 1, atol=1e-5)


def test_nothing_gives_nothing(encoder: ClipEncoder) -> None:
    assert encoder.encode_pages([]) == []
    assert encoder.encode_queries([]) == []
    assert encoder.embed([]).shape == (0, encoder.dim)


def test_what_an_index_remembers(encoder: ClipEncoder, kind: str, folder: Path) -> None:
    library = "open_clip" if kind.startswith("open_clip") else "transformers"
    assert encoder.name == f"clip:{folder}"
    head, hashed = encoder.model.rsplit(" ", 1)
    assert head == f"{library} {folder}"
    assert len(hashed) == 12
    assert encoder.provenance.keys() == {library.replace("clip", "clip_torch"), "dtype"}
    assert encoder.dim == len(library_rows(kind, folder, "a")[0])
    assert encoder.modality == "image"
    assert encoder.logit_scale == pytest.approx(SCALE)


def test_the_reach_is_the_sigmoids_own_where_there_is_one(encoder: ClipEncoder, kind: str) -> None:
    stranger, match = encoder.cosine_range
    if "siglip" not in kind:
        assert encoder.cosine_range == CLIP_COSINE_RANGE
        return
    chances = 1 / (1 + np.exp(-(SCALE * np.array([stranger, match]) + BIAS)))
    np.testing.assert_allclose(chances, [0.001, 0.5], atol=1e-5)


def test_a_text_that_just_fits_is_read_and_one_too_long_is_cut_with_a_warning(
    encoder: ClipEncoder,
) -> None:
    def repeat(count: int) -> str:
        return " ".join(["the"] * count)

    most = 1
    with warnings.catch_warnings():
        warnings.simplefilter("error", QueryTruncated)
        while most < 2 * LENGTH:
            try:
                encoder.embed([repeat(most + 1)])
            except QueryTruncated:
                break
            most += 1
    shorter, longest = encoder.embed([repeat(most - 1), repeat(most)])
    with pytest.warns(QueryTruncated, match=f"reads {LENGTH} tokens; the end of") as warned:
        cut_off, whole = encoder.embed([repeat(most + 1), "the"])
    assert len(warned) == 1
    assert np.abs(longest - shorter).max() > 1e-4
    np.testing.assert_allclose(cut_off, longest, atol=1e-5)
    np.testing.assert_allclose(whole, encoder.embed(["the"])[0], atol=1e-5)


def test_half_the_digits_still_give_rows_of_length_one(encoder: ClipEncoder, folder: Path) -> None:
    half = load_encoder(f"clip:{folder}", Encoding(dtype="bf16"))
    assert half.provenance["dtype"] == "bf16"
    assert half.cosine_range == encoder.cosine_range
    page = rendered(PHOTOS[0], *FIGURES)
    (seen,), (exact,) = half.encode_pages([page]), encoder.encode_pages([page])
    np.testing.assert_allclose(np.linalg.norm(seen.vectors, axis=1), 1, atol=1e-6)
    assert (seen.vectors * exact.vectors).sum(axis=1).min() > 0.98
    asked, exactly = half.encode_queries(["a red circle"]), encoder.encode_queries(["a red circle"])
    assert float(asked[0].vectors[0] @ exactly[0].vectors[0]) > 0.98


def test_fixed_batches_and_a_full_device_give_the_same(
    folder: Path, encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [rendered(photo, *FIGURES) for photo in PHOTOS]
    expected = np.concatenate([seen.vectors for seen in encoder.encode_pages(pages)])
    small = load_encoder(f"clip:{folder}", Encoding(batch=4))
    assert isinstance(small, ClipEncoder)
    sizes: list[int] = []
    forward = small.dual_encoder.encode_images

    def with_little_room(prepared: Any) -> torch.Tensor:
        sizes.append(len(prepared))
        if len(prepared) > 2:
            raise torch.OutOfMemoryError("the device is full")
        return forward(prepared)

    monkeypatch.setattr(small.dual_encoder, "encode_images", with_little_room)
    seen = np.concatenate([seen.vectors for seen in small.encode_pages(pages)])
    np.testing.assert_allclose(seen, expected, atol=1e-5)
    assert sizes == [4, 2, 2, 2, 2, 1]


def test_photos_ingested_are_found_by_picture_and_by_text(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    for name, photo in zip(("china", "flower", "astronaut"), PHOTOS, strict=True):
        photo.save(tmp_path / "photos" / f"{name}.png")
    spec = f"clip:{folders['clip']}"
    settings = AddSettings(render=RenderSettings(ocr="none"), encoders=("minilm", spec))
    home = Home(tmp_path / "home")
    (*_, done) = add(home, [tmp_path / "photos"], settings)
    assert isinstance(done, Done)
    assert (done.added, done.failed) == (3, 0)
    searcher = Searcher(home)
    for name, photo in zip(("china", "flower", "astronaut"), PHOTOS, strict=True):
        best = searcher.search_by_image(photo)[0]
        assert best.page.document_name == f"{name}.png"
        assert best.signals[f"late.{spec}"] == pytest.approx(1, abs=2e-3)
        assert best.regions[0].box == WHOLE

    encoder = load_encoder(spec)
    rows = [seen.vectors[0] for seen in encoder.encode_pages([rendered(p) for p in PHOTOS])]
    for text in TEXTS[:2]:
        cosines = encoder.encode_queries([text])[0].vectors[0] @ np.stack(rows).T
        hits = searcher.search(text, images=True)
        names = [("china.png", "flower.png", "astronaut.png")[i] for i in np.argsort(-cosines)]
        assert [hit.page.document_name for hit in hits] == names
        found = [hit.signals[f"late.{spec}"] for hit in hits]
        np.testing.assert_allclose(found, sorted(cosines, reverse=True), atol=0.02)
        assert searcher.search(text)
    searcher.close()


class TestFromTheHub:
    @pytest.fixture(autouse=True)
    def cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A hub's cache with nothing in it, and no hub."""
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
        return tmp_path / "hub"

    def keep(self, cache: Path, repository: str, *files: Path) -> None:
        """Put files into the cache, as a download does."""
        root = cache / f"models--{repository.replace('/', '--')}"
        snapshot = root / "snapshots" / ("0123456789ab" + "0" * 28)
        snapshot.mkdir(parents=True)
        (root / "refs").mkdir()
        (root / "refs" / "main").write_text(snapshot.name)
        for file in files:
            shutil.copy(file, snapshot)

    def test_the_weights_of_a_tag(self, cache: Path, folders: dict[str, Path]) -> None:
        self.keep(cache, "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", *folders["open_clip"].iterdir())
        encoder = load_encoder("clip:ViT-B-32/laion2b_s34b_b79k")
        assert encoder.name == "clip:ViT-B-32/laion2b_s34b_b79k"
        assert encoder.model == "open_clip ViT-B-32/laion2b_s34b_b79k 0123456789ab"
        same = load_encoder(f"clip:{folders['open_clip']}")
        (a,), (b,) = (each.encode_queries(["a red circle"]) for each in (encoder, same))
        np.testing.assert_array_equal(a.vectors, b.vectors)

    def test_the_weights_of_a_tag_that_names_a_bare_file(
        self, cache: Path, folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import open_clip
        from safetensors.torch import load_file

        config = json.loads((folders["open_clip"] / "open_clip_config.json").read_text())
        (tmp_path / "Tiny-ViT.json").write_text(json.dumps(config["model_cfg"]))
        open_clip.add_model_config(tmp_path / "Tiny-ViT.json")
        torch.save(
            load_file(folders["open_clip"] / "open_clip_model.safetensors"), tmp_path / "w.bin"
        )
        how = {"mean": (0.5,) * 3, "std": (0.5,) * 3, "interpolation": "bicubic"}
        how |= {"resize_mode": "shortest", "hf_hub": "someone/tiny/w.bin"}
        monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "Tiny-ViT", {"own": how})
        self.keep(cache, "someone/tiny", tmp_path / "w.bin")
        encoder, same = (
            load_encoder("clip:Tiny-ViT/own"),
            load_encoder(f"clip:{folders['open_clip']}"),
        )
        page = rendered(PHOTOS[0], WHOLE)
        (a,), (b,) = encoder.encode_pages([page]), same.encode_pages([page])
        np.testing.assert_allclose(a.vectors, b.vectors, atol=1e-6)

    def test_a_hub_id(self, cache: Path, folders: dict[str, Path]) -> None:
        self.keep(cache, "someone/siglip", *folders["siglip"].iterdir())
        encoder = load_encoder("clip:someone/siglip")
        assert encoder.model == "transformers someone/siglip 0123456789ab"

    @pytest.mark.parametrize("model", ["ViT-B-32/laion2b_s34b_b79k", "ViT-B-32/nothing_known"])
    def test_no_hub(self, model: str) -> None:
        with pytest.raises(WeightsMissing) as caught:
            load_encoder(f"clip:{model}")
        assert caught.value.message.startswith(f"The weights of {model} are not available: ")
        assert "give its folder" in caught.value.hint
        assert "conse needs no download" in caught.value.hint

    def test_no_network_is_not_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        waits: list[float] = []
        monkeypatch.setattr(time, "sleep", waits.append)
        with pytest.raises(WeightsMissing):
            load_encoder("clip:ViT-B-32/laion2b_s34b_b79k")
        assert waits == []


class TestTrouble:
    def test_no_such_folder(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsMissing, match=r"no folder .*gone.*conse needs no download"):
            load_encoder(f"clip:{tmp_path / 'gone'}")

    def test_a_folder_without_a_model(self, tmp_path: Path) -> None:
        with pytest.raises(
            InvalidCheckpoint, match=r"neither open_clip_config\.json nor config\.json"
        ):
            load_encoder(f"clip:{tmp_path}")

    @pytest.mark.parametrize("name", ["open_clip_config.json", "config.json"])
    @pytest.mark.parametrize("text", ['{"model_', "[]", '{"model_type": "none such"}'])
    def test_a_config_that_is_broken(self, tmp_path: Path, name: str, text: str) -> None:
        (tmp_path / name).write_text(text)
        with pytest.raises(InvalidCheckpoint) as caught:
            load_encoder(f"clip:{tmp_path}")
        assert str(tmp_path) in caught.value.message
        assert "again" in caught.value.hint

    @pytest.mark.parametrize("kind", ["open_clip", "clip"])
    @pytest.mark.parametrize("damage", ["gone", "cut short", "of another size"])
    def test_weights_that_are_broken(
        self, folders: dict[str, Path], tmp_path: Path, kind: str, damage: str
    ) -> None:
        folder = shutil.copytree(folders[kind], tmp_path / "model")
        weights = next(folder.glob("*.safetensors"))
        if damage == "gone":
            weights.unlink()
        elif damage == "cut short":
            weights.write_bytes(weights.read_bytes()[:-1000])
        else:
            name = "open_clip_config.json" if kind == "open_clip" else "config.json"
            config = (folder / name).read_text()
            (folder / name).write_text(config.replace('"patch_size": 8', '"patch_size": 16'))
        with pytest.raises(InvalidCheckpoint, match="cannot be loaded: .*again"):
            load_encoder(f"clip:{folder}")

    def test_another_kind_of_model(self, tmp_path: Path) -> None:
        with pytest.raises(
            InvalidCheckpoint, match=r"is a BertModel, which is no .* CLIP or SigLIP"
        ):
            load_encoder(f"clip:{make_bert(tmp_path)}")

    def test_a_tokenizer_that_asks_for_a_package(
        self, folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from transformers import AutoProcessor

        def refuse(*_: Any, **__: Any) -> None:
            raise ImportError("\nSiglipTokenizer requires the SentencePiece library")

        monkeypatch.setattr(AutoProcessor, "from_pretrained", refuse)
        with pytest.raises(
            InvalidCheckpoint, match=r"requires the SentencePiece .*Install the package"
        ):
            load_encoder(f"clip:{folders['siglip']}")


def test_workers_prepare_what_the_encoder_would(encoder: ClipEncoder) -> None:
    packed = pickle.dumps(ImagePreparer(encoder.dual_encoder.prepare))
    assert len(packed) < 20_000  # no weights go along
    pages = [rendered(PHOTOS[0], *FIGURES), rendered(PHOTOS[1], WHOLE)]
    ahead = [replace(page, prepared={encoder.name: pickle.loads(packed)(page)}) for page in pages]
    for a, b in zip(encoder.encode_pages(ahead), encoder.encode_pages(pages), strict=True):
        np.testing.assert_array_equal(a.vectors, b.vectors)


@pytest.mark.slow
def test_a_quiet_command_writes_nothing_of_the_librarys(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    photo = tmp_path / "red.png"
    Image.new("RGB", (80, 60), "red").save(photo)
    blip = make_blip(tmp_path / "blip")
    command = [sys.executable, "-m", "api.cli.main", "ingest", str(photo), "--quiet"]
    models = ["--images", f"clip:{folders['clip']}", "--caption", f"transformers:{blip}"]
    options = ["--home", str(tmp_path / "home"), "--ocr", "none", "--encoder", "minilm"]
    done = subprocess.run([*command, *models, *options], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    library = Library(Home(tmp_path / "home"))
    assert library.captions(library.page_records()[0].page)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("missing", r"lacks 1 of the weights .*\(visual\.conv1\.weight\).* random"),
        ("unexpected", r"has 1 weights that its architecture has not \(visual\.more\)"),
        ("renamed", r"lacks 4 .*\(.*ln_final\.bias, .*ln_final\.weight.* and 1 more\)"),
    ],
)
def test_open_clip_weights_under_other_names(
    change: str, message: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(folders["open_clip"], tmp_path / "model")
    (file,) = folder.glob("*.safetensors")
    weights = load_file(file)
    if change == "missing":
        del weights["visual.conv1.weight"]
    elif change == "unexpected":
        weights["visual.more"] = weights["logit_scale"].clone()
    else:
        finals = [key for key in weights if "ln_final" in key or "ln_post" in key]
        weights |= {f"other.{key}": weights.pop(key) for key in finals}
    save_file(weights, file, {"format": "pt"})
    with pytest.raises(InvalidCheckpoint, match=message) as caught:
        load_encoder(f"clip:{folder}")
    assert "open_clip_config.json" in caught.value.hint


def test_a_pickle_with_code_is_not_opened(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(folders["open_clip"], tmp_path / "model")
    next(folder.glob("*.safetensors")).unlink()
    marker = tmp_path / "ran"

    class Hostile:
        def __reduce__(self) -> Any:
            return open, (str(marker), "w")

    torch.save({"visual.conv1.weight": Hostile()}, folder / "open_clip_pytorch_model.bin")
    with pytest.raises(InvalidCheckpoint, match="cannot be loaded"):
        load_encoder(f"clip:{folder}")
    assert not marker.exists()


@pytest.mark.parametrize("tower", ["text_model", "vision_model"])
def test_a_tower_under_other_names_is_refused(tower: str, tmp_path: Path) -> None:
    folder = make_clip(tmp_path / "clip")
    (file,) = folder.glob("*.safetensors")
    weights = load_file(file)
    renamed = {key.replace(tower, "other_tower"): value for key, value in weights.items()}
    save_file(renamed, file, {"format": "pt"})
    with pytest.raises(InvalidCheckpoint, match=f"{tower}.*would be random"):
        load_encoder(f"clip:{folder}")


def test_siglip_2_published_as_siglip_reads_small_letters(tmp_path: Path) -> None:
    folder = make_siglip(tmp_path / "siglip2")
    path = folder / "tokenizer_config.json"
    encoder = load_encoder(f"clip:{folder}")
    upper, small = encoder.encode_queries(["Red Bicycle", "red bicycle"])
    differ = not np.allclose(upper.vectors, small.vectors)
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "tokenizer_class": "GemmaTokenizer"}))
    encoder = load_encoder(f"clip:{folder}")
    upper, small = encoder.encode_queries(["Red Bicycle", "red bicycle"])
    assert differ
    np.testing.assert_array_equal(upper.vectors, small.vectors)


def test_code_of_a_text_tower_never_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """open_clip loads it by transformers, which asks on the terminal."""
    marker = tmp_path / "ran"
    (tmp_path / "code.py").write_text(f"open({str(marker)!r}, 'w').close()\n")
    remote = {"model_type": "remote", "auto_map": {"AutoConfig": "code.RemoteConfig"}}
    (tmp_path / "config.json").write_text(json.dumps(remote))
    text = {"hf_model_name": str(tmp_path), "hf_tokenizer_name": str(tmp_path)}
    config = {"embed_dim": 24, "vision_cfg": VISION, "text_cfg": text}
    whole = {"model_cfg": config, "preprocess_cfg": {}}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(whole))
    (tmp_path / "open_clip_model.safetensors").touch()
    monkeypatch.setattr("builtins.input", lambda _: "y")
    with pytest.raises(InvalidCheckpoint, match="needs code of its own, which is never run"):
        load_encoder(f"clip:{tmp_path}")
    assert not marker.exists()


def test_code_of_a_checkpoint_never_runs(tmp_path: Path) -> None:
    folder = tmp_path / "remote"
    folder.mkdir()
    marker = tmp_path / "ran"
    config = {
        "model_type": "remote-clip",
        "architectures": ["RemoteClip"],
        "auto_map": {"AutoConfig": "code.RemoteConfig", "AutoModel": "code.RemoteClip"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "code.py").write_text(f"open({str(marker)!r}, 'w').close()\n")
    photo = tmp_path / "red.png"
    Image.new("RGB", (40, 30), "red").save(photo)
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "api.cli.main", "ingest", str(photo), "--ocr", "none"]
    with subprocess.Popen(
        [*command, "--images", f"clip:{folder}", "--home", str(tmp_path / "home")],
        stdin=inner,
        stdout=inner,
        stderr=inner,
    ) as process:
        os.close(inner)
        os.write(outer, b"y\n")
        written = b""
        with contextlib.suppress(OSError):  # Linux says EIO where the other end is closed
            while piece := os.read(outer, 4096):
                written += piece
        os.close(outer)
    assert process.returncode == 1
    assert b"needs code of its own, which is never run" in written
    assert b"[y/N]" not in written
    assert not marker.exists()


def test_every_loader_refuses_remote_code() -> None:
    root = Path(__file__).parents[1]
    calls = [
        (path.name, found.start(), text[found.end() : found.end() + 400].partition("\n\n")[0])
        for layer in ("ingest", "generation")
        for path in (root / layer).rglob("*.py")
        for text in [path.read_text()]
        for found in re.finditer(r"\.from_pretrained\(", text)
    ]
    assert len(calls) >= 6
    assert [call[:2] for call in calls if "trust_remote_code=False" not in call[2]] == []
