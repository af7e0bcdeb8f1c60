"""The table of families in docs/encoders.md: each row by a tiny model of its layout, or its config."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import test_clip
import test_colpali
from safetensors.torch import load_file, save_file
from test_colpali import PAGES, quietly
from tiny_clip import make_clip
from tiny_colbert import make_bert, make_colbert, make_pylate, make_stanford
from tiny_engine import BACKBONES, make_engine
from tiny_families import make_qwen2_vl
from tiny_native import make_native_colmodernvbert
from tiny_vlms import make_qwen2_5_vl

from api.diagnostics.models import check_weight_names
from ingest.encoders.checkpoint import InvalidCheckpoint
from ingest.encoders.load import load_encoder

DOCS = (Path(__file__).parents[1] / "docs" / "encoders.md").read_text()
TABLE = DOCS.partition("## Families of checkpoints")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| [^|]+ \| `(\w+):[^`|]+` \| `(\w+)` \| ([^|]+) \|$", TABLE, re.M)
LOADS = [name for _, name, result in ROWS if result == "loads"]
REFUSED = [(kind, name, result) for kind, name, result in ROWS if result.startswith("refused: ")]
CODE = {"AutoConfig": "code.Config", "AutoModel": "code.Model"}


def make_colmodernvbert_backbone(folder: Path) -> Path:
    from transformers import ColModernVBertConfig

    make_native_colmodernvbert(folder)
    ColModernVBertConfig.from_pretrained(folder).vlm_config.save_pretrained(folder)
    return folder


ENGINE = {**BACKBONES, "ColModernVBert": make_colmodernvbert_backbone}
ELSEWHERE = {
    *(*test_colpali.MAKERS, *test_clip.MAKERS),
    *("HF_ColBERT", "pylate", "MultiVectorEncoder"),
}
"""Layouts that the other tests of their encoders run: rows, batches, boxes."""


def renamed(
    make: Callable[[Path], Path], name: str, folder: Path, *, code: bool, keys: str = ""
) -> Path:
    """A model under another class, with code of its own, or with other keys."""
    make(folder)
    path = folder / "config.json"
    config = {**json.loads(path.read_text()), "architectures": [name]}
    path.write_text(json.dumps(config | ({"auto_map": CODE} if code else {})))
    if code:
        (folder / "code.py").write_text("raise SystemExit('code of a checkpoint ran')")
    if keys:
        (file,) = folder.glob("*.safetensors")
        weights = {key.replace(keys, "other"): value for key, value in load_file(file).items()}
        save_file(weights, file, {"format": "pt"})
    return folder


def only_config(folder: Path, **values: Any) -> Path:
    (folder / "config.json").write_text(json.dumps(values))
    return folder


MADE: dict[str, Callable[[Path], Path]] = {
    "BiQwen2_5": lambda f: renamed(make_qwen2_5_vl, "BiQwen2_5", f, code=False),
    "JinaEmbeddingsV4Model": lambda f: renamed(
        make_qwen2_5_vl, "JinaEmbeddingsV4Model", f, code=True
    ),
    "GmeQwen2VLForVision": lambda f: renamed(make_qwen2_vl, "GmeQwen2VLForVision", f, code=True),
    "Qwen2VLForConditionalGeneration": make_qwen2_vl,
    "ColFlor": lambda f: only_config(f, model_type="florence2", architectures=["ColFlor"]),
    "EVACLIPModel": lambda f: renamed(make_clip, "EVACLIPModel", f, code=True, keys="vision_model"),
    "jina_clip": lambda f: only_config(f, model_type="jina_clip", auto_map=CODE),
    "BertModel": make_bert,
}


def test_the_table_is_whole() -> None:
    """Every row was read, and is run here or by the tests of its encoder."""
    assert len(ROWS) == TABLE.count("\n| ") - 1
    assert len(LOADS) + len(REFUSED) == len(ROWS)
    assert {*LOADS} == {*ENGINE, *ELSEWHERE}
    assert {name for _, name, _ in REFUSED} == {*MADE}


@pytest.mark.parametrize("name", ENGINE)
def test_a_family_loads(name: str, tmp_path: Path) -> None:
    folder = quietly(lambda: make_engine(name, ENGINE[name], tmp_path))
    encoder = load_encoder(f"colpali:{folder}")
    assert encoder.family == name  # type: ignore[attr-defined]
    together = encoder.encode_pages(PAGES[:3])
    for page, seen in zip(PAGES[:3], together, strict=True):
        alone = encoder.encode_pages([page])[0]
        np.testing.assert_allclose(seen.vectors, alone.vectors, atol=1e-5)
        assert seen.boxes.any()
    assert len(encoder.encode_queries(["which lamp"])[0].vectors) > 2


@pytest.mark.parametrize(("kind", "name", "result"), REFUSED)
def test_a_family_is_refused_with_these_words(
    kind: str, name: str, result: str, tmp_path: Path
) -> None:
    folder = quietly(lambda: MADE[name](tmp_path))
    with pytest.raises(InvalidCheckpoint) as caught:
        quietly(lambda: load_encoder(f"{kind}:{folder}"))
    (words,) = re.findall(r'"([^"]+)"', result)
    assert words in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("kind", "make", "unused"),
    [
        ("colpali", lambda f: make_engine("ColQwen2", make_qwen2_vl, f), "rotary.more"),
        ("clip", make_clip, "rotary.more"),
        ("text", make_stanford, "rotary.more"),
        ("transformers", make_qwen2_vl, "rotary.more"),
    ],
)
def test_doctor_names_weights_that_are_not_used(
    kind: str, make: Callable[[Path], Path], unused: str, tmp_path: Path
) -> None:
    folder = quietly(lambda: make(tmp_path))
    (finding,) = check_weight_names(f"{kind}:{folder}")
    assert (finding.state, finding.detail) == ("ok", "all are used")
    (file,) = folder.glob("*.safetensors")
    weights = load_file(file)
    weights[unused] = weights[next(iter(weights))].clone()
    save_file(weights, file, {"format": "pt"})
    (finding,) = check_weight_names(f"{kind}:{folder}")
    assert (finding.state, finding.topic) == ("note", "weights")
    assert "has 1 weights that are not used" in finding.detail
    assert unused in finding.detail


def test_doctor_says_nothing_of_models_without_files() -> None:
    for spec in ("minilm", "extractive", "openai:gpt-4o", "clip:ViT-B-32/openai", "", "text:x/y"):
        assert list(check_weight_names(spec)) == []


@pytest.mark.parametrize("make", [make_colbert, make_pylate])
def test_every_weight_of_a_text_model_is_used(make: Callable[[Path], Path], tmp_path: Path) -> None:
    (finding,) = check_weight_names(f"text:{quietly(lambda: make(tmp_path))}")
    assert finding.state == "ok"
