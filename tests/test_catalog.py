"""Catalog of encoders: what can be named, its sizes, and what is missing."""

from __future__ import annotations

import json
import sys

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from benchmarks.model_sizes import count_parameters
from ingest.encoders.catalog.choices import list_choices
from ingest.encoders.loading.families import FAMILIES
from ingest.encoders.open_clip_model import is_pretrained_tag
from ingest.extras import EXTRAS


def test_every_choice_names_an_encoder() -> None:
    choices = {choice.spec: choice for choice in list_choices()}
    assert choices["minilm"].encodes == "words"
    assert {c.family for c in choices.values() if c.kind == "colpali"} == set(FAMILIES) - {
        "ColModernVBertForRetrieval"  # No published checkpoint of this class is known.
    }
    tags = [c.spec.removeprefix("clip:").split("/") for c in choices.values() if c.kind == "clip"]
    assert len(tags) > 100
    assert all(is_pretrained_tag(*tag) for tag in tags)
    known = choices["clip:ViT-B-32/openai"]
    assert (known.parameters, known.dim, known.image_size) == (151_277_313, 512, 224)
    assert count_parameters("ViT-B-32") == known.parameters


def test_encoders_are_listed_with_their_sizes() -> None:
    done = CliRunner().invoke(app, ["encoders", "SigLIP2", "--json"])
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert found
    assert {one["family"] for one in found} == {"SigLIP"}
    assert all(one["spec"].startswith("clip:ViT-") for one in found)
    table = CliRunner().invoke(app, ["encoders", "colqwen2.5"]).stdout
    assert "colpali:vidore/colqwen2.5-v0.2" in table
    assert "3.0B" in table
    nothing = CliRunner().invoke(app, ["encoders", "nonesuch"])
    assert (nothing.exit_code, "'nonesuch'" in nothing.stderr) == (4, True)


def test_without_the_extra_the_rest_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in EXTRAS["models"].modules:
        monkeypatch.setitem(sys.modules, module, None)
    done = CliRunner().invoke(app, ["encoders"])
    assert done.exit_code == 0
    assert "minilm" in done.stdout
    assert "colpali:vidore/colpali-v1.3" in done.stdout
    assert "clip:" not in done.stdout
    assert "pip install 'pageglass[models]'" in done.stderr
