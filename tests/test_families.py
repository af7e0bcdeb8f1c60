"""The table of families in docs/models.md: each row by a tiny model of its layout, or its config."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from test_colpali import quietly
from test_transformers import BLUE, CPU, RED, asked, said
from tiny_families import ANSWERING, CAPTIONING

from generation.models.captioner import load_captioner
from generation.models.conversation import conversation, name_pictures
from generation.models.load import load_chat
from generation.models.local.hf_model import HfModel
from generation.models.local.page_by_page import PAGE_BY_PAGE
from generation.models.local.transformers import TransformersChatModel
from generation.models.local.unsupported import UNSUPPORTED
from ingest.encoders.checkpoint import InvalidCheckpoint

DOCS = (Path(__file__).parents[1] / "docs" / "models.md").read_text()
TABLE = DOCS.partition("## Families of local models")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| ([^|]+) \| [^|]+/[^|]+ \| `([\w.-]+)`([^|]*) \| ([^|]+) \|$", TABLE, re.M)
SPECIAL = {", vision `pixtral`": "pixtral", ", `BlipForQuestionAnswering`": "blip-vqa"}
KINDS = {SPECIAL.get(more, kind): result for _, kind, more, result in ROWS}
REFUSED = {kind: result for kind, result in KINDS.items() if result.startswith("refused")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def get(kind: str) -> Path:
        if kind not in made:
            make = {**ANSWERING, **CAPTIONING}[kind]
            made[kind] = quietly(lambda: make(tmp_path_factory.mktemp(kind)))
        return made[kind]

    return get


def test_the_table_is_whole() -> None:
    """Every row was read; every family is in it."""
    assert len(ROWS) == TABLE.count("\n| ") - 1
    assert set(KINDS) == {*ANSWERING, *CAPTIONING, *UNSUPPORTED}
    assert all(result.startswith(("answers", "refused: ")) for result in KINDS.values())


@pytest.mark.parametrize("kind", ANSWERING)
def test_a_family_answers(kind: str, folder: Callable[[str], Path]) -> None:
    assert KINDS[kind].startswith("answers")
    model = quietly(lambda: TransformersChatModel(HfModel(str(folder(kind)), "cpu")))
    assert model.page_by_page == ("page by page" in KINDS[kind]) == (kind in PAGE_BY_PAGE)
    text, usage = said(model, asked(5))
    assert text.strip()
    assert usage.output_tokens in range(1, 11)
    if model.page_by_page:
        return
    request = name_pictures(asked(5)) if model._puts_images_first else asked(5)
    inputs = model._encode([conversation(request, str, separate=True)])
    assert any("pixel" in name for name in inputs)
    with torch.inference_mode():
        whole = model._hf_model.network.generate(**inputs, max_new_tokens=5, do_sample=False)
    given = inputs["input_ids"].shape[1]
    assert text == model._hf_model.tokenizer.decode(whole[0, given:], skip_special_tokens=True)


@pytest.mark.parametrize("kind", [kind for kind, result in KINDS.items() if "captions" in result])
def test_a_family_captions(kind: str, folder: Callable[[str], Path]) -> None:
    captioner = quietly(lambda: load_captioner(f"transformers:{folder(kind)}", CPU))
    together = captioner.caption([RED, BLUE, RED])
    assert together == [captioner.caption([one])[0] for one in (RED, BLUE, RED)]
    assert any(together)


@pytest.mark.parametrize("kind", REFUSED)
def test_a_family_is_refused_with_these_words(
    kind: str, folder: Callable[[str], Path], tmp_path: Path
) -> None:
    words = re.findall(r'"([^"]+)"', REFUSED[kind])
    checkpoint = tmp_path
    if kind in CAPTIONING:
        checkpoint = folder(kind)
    else:
        config = {"model_type": kind, "auto_map": {"AutoConfig": "code.Config"}}
        if kind[0].isupper():
            config |= {"model_type": "llava", "architectures": [kind]}
        (tmp_path / "config.json").write_text(json.dumps(config))
        (tmp_path / "code.py").write_text("raise SystemExit('code of a checkpoint ran')")
    with pytest.raises(InvalidCheckpoint) as caught:
        quietly(lambda: load_chat(f"transformers:{checkpoint}", CPU))
    assert [word in caught.value.message for word in words] == [True]
    assert caught.value.hint
