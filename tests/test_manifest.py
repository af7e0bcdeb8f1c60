from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.encoders.embedded.conse import ConseEncoder
from ingest.encoders.embedded.minilm import MiniLmEncoder
from ingest.index.manifest import FORMAT, IndexFormatError, Manifest, read_manifest, slug
from ingest.index.muvera import MEAN_FDE, PATCH_FDE

MANIFEST = Manifest(
    encoder="colpali:vidore/colqwen2-v1.0",
    model="ColQwen2 abc",
    dim=128,
    modality="page",
    calibrated=False,
    cosine_range=(0.1, 0.7),
    provenance={"dtype": "bf16", "pool": "3"},
    fde=PATCH_FDE,
    center=(0.25, -0.5),
    centroids=64,
    quantization="binary+int8",
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "manifest.json"
    MANIFEST.write(path)
    assert read_manifest(path) == MANIFEST
    assert [one.name for one in path.parent.iterdir()] == ["manifest.json"]


def test_the_file_is_json_with_a_format(tmp_path: Path) -> None:
    MANIFEST.write(tmp_path / "manifest.json")
    values = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert values["format"] == FORMAT
    assert values["modality"] == "page"
    assert values["calibrated"] is False
    assert values["fde"]["k_sim"] == PATCH_FDE.k_sim


@pytest.mark.parametrize(
    ("step", "said"), [(1, f"has format {FORMAT + 1}.*Upgrade"), (-1, "old format.*Rebuild")]
)
def test_another_format_is_refused(tmp_path: Path, step: int, said: str) -> None:
    replace(MANIFEST, format=FORMAT + step).write(tmp_path / "manifest.json")
    with pytest.raises(IndexFormatError, match=said):
        read_manifest(tmp_path / "manifest.json")


def test_an_unknown_quantization_is_refused(tmp_path: Path) -> None:
    MANIFEST.write(tmp_path / "manifest.json")
    text = (tmp_path / "manifest.json").read_text(encoding="utf-8").replace("binary+int8", "int2")
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(Exception, match="no quantization 'int2'"):
        read_manifest(tmp_path / "manifest.json")


def test_the_manifest_of_an_encoder() -> None:
    words, images = Manifest.of(MiniLmEncoder()), Manifest.of(ConseEncoder())
    assert (words.encoder, words.dim, words.modality) == ("minilm", 384, "text")
    assert (words.fde, words.centroids, words.pool_factor) == (MEAN_FDE, 128, 1)
    assert (images.modality, images.centroids) == ("image", 0)
    # Scores are compared with a threshold for the default encoder of words alone.
    assert words.calibrated
    assert not images.calibrated


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"quantization": "fp16"}, True),
        ({"center": ()}, True),
        ({"provenance": {"dtype": "fp32", "pool": "3"}}, True),
        ({"provenance": {"dtype": "bf16", "pool": "2"}}, False),
        ({"model": "ColQwen2 def"}, False),
        ({"dim": 64}, False),
        ({"encoder": "colpali:other/model"}, False),
    ],
)
def test_vectors_of_one_model_dimension_and_pool_factor_fit(
    change: dict[str, object], fits: bool
) -> None:
    assert MANIFEST.fits(replace(MANIFEST, **change)) is fits  # type: ignore[arg-type]


def test_a_slug_is_the_name_where_that_is_plain() -> None:
    assert slug("minilm") == "minilm"


@pytest.mark.parametrize(
    "name",
    [
        "colpali:vidore/colqwen2-v1.0",
        "clip:ViT-B-32/laion2b_s34b_b79k",
        "text:/models/a b/",
        "clip:",
    ],
)
def test_a_slug_is_a_folder_and_a_collection_name(name: str) -> None:
    made = slug(name)
    assert made.startswith(name.partition(":")[0])
    assert all(c.isascii() and (c.isalnum() or c == "-") for c in made)
    assert len(f"pageglass-{made}") <= 63


def test_slugs_of_similar_names_differ() -> None:
    names = ["text:a/model", "text:b/model", "text:b-model", "text:b/model@v2", "text:./b/model"]
    assert len({slug(name) for name in names}) == len(names)
