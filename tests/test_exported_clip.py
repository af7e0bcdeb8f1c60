"""CLIP's and SigLIP's exported towers against torch, on tiny models of transformers' classes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file
from skimage import data
from test_clip import FIGURES, PHOTOS, TEXTS, rendered
from tiny_clip import make_clip, make_open_clip, make_siglip, make_siglip2

from api.diagnostics.towers_used import check_towers
from ingest.add import AddSettings, add
from ingest.caches.kept_files import cache_folder
from ingest.encoders.clip import ClipEncoder
from ingest.encoders.encoder import Encoder, Encoding
from ingest.encoders.exported import export_towers, towers
from ingest.encoders.exported.exported_clip import ExportedClip
from ingest.encoders.exported.towers import NotExported, find_towers, kept_name
from ingest.encoders.load import load_encoder, load_for_ingest
from ingest.files.render import RenderSettings
from ingest.index.manifest import Manifest
from ingest.index.probe import measure_drift, write_probe
from ingest.library.home import Home
from ingest.page import WHOLE

CPU = Encoding(device="cpu")
pytestmark = pytest.mark.filterwarnings(
    "ignore::ingest.encoders.loading.query_truncated.QueryTruncated"
)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache folder for this module: each model is exported once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    makers = {"clip": make_clip, "siglip": make_siglip}
    return {name: make(tmp_path_factory.mktemp(name)) for name, make in makers.items()}


@pytest.fixture(scope="module", params=["clip", "siglip"])
def pair(request: pytest.FixtureRequest, folders: dict[str, Path]) -> tuple[Encoder, Encoder]:
    """The encoder by torch, and that of the exported towers."""
    spec = f"clip:{folders[request.param]}"
    # What another test has exported is not used by torch's.
    return ClipEncoder(str(folders[request.param]), CPU), load_for_ingest(spec, CPU)


def test_rows_are_those_of_torch(pair: tuple[Any, Any]) -> None:
    torch_encoder, exported = pair
    assert isinstance(exported, ExportedClip)
    pages = [rendered(PHOTOS[0], *FIGURES), *(rendered(photo, WHOLE) for photo in PHOTOS * 3)]
    for ours, theirs in zip(
        exported.encode_pages(pages), torch_encoder.encode_pages(pages), strict=True
    ):
        np.testing.assert_array_equal(ours.boxes, theirs.boxes)
        assert (ours.vectors * theirs.vectors).sum(axis=1).min() >= 0.9999
    texts = [*TEXTS, "a " * 100]
    assert (exported.embed(texts) * torch_encoder.embed(texts)).sum(axis=1).min() >= 0.9999
    assert exported.embed([]).shape == (0, exported.dim)
    assert exported.encode_pages([]) == []


def test_an_index_of_one_is_searched_by_the_other(pair: tuple[Any, Any], tmp_path: Path) -> None:
    torch_encoder, exported = pair
    assert Manifest.of(exported).fits(Manifest.of(torch_encoder))
    assert exported.cosine_range == torch_encoder.cosine_range
    assert exported.logit_scale == torch_encoder.logit_scale
    write_probe(tmp_path, torch_encoder)
    drift = measure_drift(tmp_path, exported)
    assert drift is not None
    assert drift.cosine > 0.9999


@pytest.mark.parametrize("size", [(512, 512), (240, 161), (33, 300), (20, 20)])
def test_pixels_are_those_of_the_processor_for_pillow(
    size: tuple[int, int], folders: dict[str, Path]
) -> None:
    from transformers import AutoImageProcessor

    image = Image.fromarray(data.astronaut()).resize(size)
    for folder in folders.values():
        load_for_ingest(f"clip:{folder}", CPU)
        found = find_towers(str(folder), CPU)
        assert not isinstance(found, NotExported)
        processor = AutoImageProcessor.from_pretrained(
            folder, backend="pil", trust_remote_code=False
        )
        theirs = processor(images=image, return_tensors="np")["pixel_values"][0]
        np.testing.assert_allclose(found.pixels(image), theirs, atol=1e-6)


def test_bf16_gives_nearly_the_same_rows_of_length_one(folders: dict[str, Path]) -> None:
    exact = load_for_ingest(f"clip:{folders['clip']}", CPU)
    half = load_encoder(f"clip:{folders['clip']}", Encoding(device="cpu", dtype="bf16"))
    assert isinstance(half, ExportedClip)
    assert half.provenance["dtype"] == "bf16"
    (ours,), (theirs,) = (each.encode_queries(["a red circle"]) for each in (half, exact))
    assert float(ours.vectors[0] @ theirs.vectors[0]) > 0.98
    np.testing.assert_allclose(np.linalg.norm(ours.vectors, axis=1), 1, atol=1e-6)


SEARCH = """
import sys
from PIL import Image
from ingest.library.home import Home
from retrieval.search import Searcher
searcher = Searcher(Home(sys.argv[1]))
photo = Image.open(sys.argv[2])
assert searcher.search("a red circle", images=True)
assert searcher.search_by_image(photo)[0].page.document_name == "one.png"
assert searcher.search_composed([(1.0, photo), (-0.2, "a red circle")])
searcher.close()
print([name for name in ("torch", "transformers", "open_clip") if name in sys.modules])
"""


def test_a_search_imports_no_torch(folders: dict[str, Path], tmp_path: Path) -> None:
    for name, photo in zip(("one", "two"), PHOTOS, strict=False):
        photo.save(tmp_path / f"{name}.png")
    spec = f"clip:{folders['clip']}"
    settings = AddSettings(render=RenderSettings(ocr="none"), encoders=(spec,), encoding=CPU)
    list(add(Home(tmp_path / "home"), sorted(tmp_path.glob("*.png")), settings))
    done = subprocess.run(
        [sys.executable, "-c", SEARCH, str(tmp_path / "home"), str(tmp_path / "one.png")],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


def test_changed_weights_are_exported_anew(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(folders["clip"], tmp_path / "model")
    before = load_for_ingest(f"clip:{folder}", CPU)
    (file,) = folder.glob("*.safetensors")
    weights = load_file(file)
    weights["text_projection.weight"] = -weights["text_projection.weight"]
    save_file(weights, file, {"format": "pt"})
    found = find_towers(str(folder), CPU)
    assert isinstance(found, NotExported)
    assert "for these weights" in found.reason
    assert isinstance(load_encoder(f"clip:{folder}", CPU), ClipEncoder)
    after = load_for_ingest(f"clip:{folder}", CPU)
    (old,), (new,) = (each.encode_queries(["a"]) for each in (before, after))
    np.testing.assert_allclose(new.vectors, -old.vectors, atol=1e-5)
    assert isinstance(load_encoder(f"clip:{folder}", CPU), ExportedClip)


def test_what_cannot_be_exported_goes_by_torch_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "naflex").mkdir()
    folder = make_siglip2(tmp_path / "naflex")
    assert isinstance(load_for_ingest(f"clip:{folder}", CPU), ClipEncoder)
    found = find_towers(str(folder), CPU)
    assert isinstance(found, NotExported)
    assert found.lasting
    assert "Siglip2ImageProcessor" in found.reason
    tried: list[object] = []
    monkeypatch.setattr(export_towers, "export_towers", tried.append)
    load_for_ingest(f"clip:{folder}", CPU)
    assert tried == []


def test_a_tokenizer_without_a_file(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(folders["siglip"], tmp_path / "model")
    encoder = ClipEncoder(str(folder), CPU)

    class Slow:
        def __call__(self, *given: Any, **how: Any) -> Any:
            return tokenizer(*given, **how)

    tokenizer = encoder.dual_encoder.tokenizer  # type: ignore[attr-defined]
    encoder.dual_encoder.tokenizer = Slow()  # type: ignore[attr-defined]
    found = export_towers.export_towers(encoder.dual_encoder)  # type: ignore[arg-type]
    assert isinstance(found, NotExported)
    assert "not a fast one" in found.reason


def test_an_export_that_is_cut_off_leaves_nothing(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(folders["clip"], tmp_path / "model")

    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(export_towers, "write_facts", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load_for_ingest(f"clip:{folder}", CPU)
    assert list((cache_folder() / "kept" / kept_name(str(folder))).iterdir()) == []


def test_a_full_disk_keeps_torch(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(folders["clip"], tmp_path / "model")

    def fill(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_towers, "_export", fill)
    assert isinstance(load_for_ingest(f"clip:{folder}", CPU), ClipEncoder)
    found = find_towers(str(folder), CPU)
    assert isinstance(found, NotExported)
    assert not found.lasting


def test_damaged_towers_are_not_used(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(folders["clip"], tmp_path / "model")
    load_for_ingest(f"clip:{folder}", CPU)
    found = find_towers(str(folder), CPU)
    assert not isinstance(found, NotExported)
    weights = found.folder / "text.bin"
    weights.write_bytes(weights.read_bytes()[:-10])
    assert isinstance(load_encoder(f"clip:{folder}", CPU), ClipEncoder)


def test_a_gpu_is_left_to_torch(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(towers, "GPU_SIGNS", (str(tmp_path),))
    load_for_ingest(f"clip:{folders['clip']}", CPU)
    for how in (Encoding(), Encoding(device="cuda"), Encoding(device="cpu", dtype="fp16")):
        found = find_towers(str(folders["clip"]), how)
        assert isinstance(found, NotExported)
        assert found.lasting


def test_doctor_says_which_way_is_used(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(folders["clip"], tmp_path / "model")
    manifest = Manifest.of(ClipEncoder(str(folder), CPU))
    (finding,) = check_towers(manifest, CPU)
    assert finding.state == "note"
    assert "torch runs its towers" in finding.detail
    assert "not exported yet" in finding.detail
    load_for_ingest(f"clip:{folder}", CPU)
    (finding,) = check_towers(manifest, CPU)
    assert finding.state == "ok"
    assert "without torch" in finding.detail
    (tmp_path / "open_clip").mkdir()
    other = Manifest.of(ClipEncoder(str(make_open_clip(tmp_path / "open_clip")), CPU))
    (finding,) = check_towers(other, CPU)
    assert "open_clip's own code" in finding.detail
    assert json.dumps(finding.hint) == '""'
