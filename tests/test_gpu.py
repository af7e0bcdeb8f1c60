"""On a CUDA device, the same as on the CPU: run where there is one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from test_colpali import PAGES, QUESTION, quietly
from test_local import asked
from tiny_models import make_colidefics3, make_colpali, make_colqwen2_5
from tiny_towers import make_clip, make_open_clip
from tiny_vlms import CHATTING, PAGE_BY_PAGE

from generation.models.local import Transformers
from ingest.add import AddSettings, add
from ingest.encoders.batch import Budget, run_batches
from ingest.encoders.encoder import Encoding, load_encoder
from ingest.event import Done
from ingest.home import Home
from ingest.render import RenderSettings
from retrieval.search import Searcher

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]
MAKERS = {
    "colpali": [make_colpali, make_colqwen2_5, make_colidefics3],
    "clip": [make_open_clip, make_clip],
}


@pytest.fixture(params=[(kind, make) for kind, makers in MAKERS.items() for make in makers])
def spec(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    kind, make = request.param
    folder = tmp_path / "model"
    folder.mkdir()
    return f"{kind}:{quietly(lambda: make(folder))}"


def test_rows_are_those_of_the_cpu(spec: str) -> None:
    there = load_encoder(spec, Encoding(device="cuda", dtype="fp32"))
    here = load_encoder(spec, Encoding(device="cpu", dtype="fp32"))
    for a, b in zip(there.encode_pages(PAGES), here.encode_pages(PAGES), strict=True):
        np.testing.assert_allclose(a.vectors, b.vectors, atol=2e-3)
        np.testing.assert_array_equal(a.boxes, b.boxes)
    np.testing.assert_allclose(
        there.encode_queries([QUESTION])[0].vectors,
        here.encode_queries([QUESTION])[0].vectors,
        atol=2e-3,
    )


def test_workers_make_pages_ready_and_what_is_found_is_found(spec: str, tmp_path: Path) -> None:
    samples = Path(__file__).parents[1] / "data" / "samples"
    kind = spec.partition(":")[0]
    encoders = (spec,) if kind == "colpali" else ("minilm", spec)
    settings = AddSettings(
        RenderSettings(ocr="none"), encoders, encoding=Encoding(device="cuda", dtype="auto")
    )
    encoder = load_encoder(spec, settings.encoding)
    assert encoder.preparer() is not None
    home = Home(tmp_path / "home")
    done = [event for event in add(home, [samples], settings) if isinstance(event, Done)]
    assert done[0].failed == 0
    assert Searcher(home, encoding=settings.encoding).search("lighthouse")


def test_a_batch_that_does_not_fit_is_halved_for_real() -> None:
    device = torch.device("cuda", 0)
    free, _ = torch.cuda.mem_get_info(device)
    budget = Budget(device, tokens=8)
    tried: list[int] = []

    def forward(places: object) -> list[torch.Tensor]:
        count = len(places)  # type: ignore[arg-type]
        tried.append(count)
        torch.empty(int(free * 0.3 * count), dtype=torch.uint8, device=device)
        return [torch.full((1, 2), float(place), device=device) for place in places]  # type: ignore[attr-defined]

    seen = {
        place: float(rows[0, 0])
        for places, vectors in run_batches([1] * 8, budget, forward)
        for place, rows in zip(places, vectors, strict=True)
    }
    assert seen == {place: float(place) for place in range(8)}
    assert max(tried) == 8
    assert tried.count(2) >= 4


@pytest.mark.parametrize("kind", [*CHATTING, *PAGE_BY_PAGE])
def test_a_local_model_writes_what_it_writes_on_the_cpu(kind: str, tmp_path: Path) -> None:
    folder = quietly(lambda: {**CHATTING, **PAGE_BY_PAGE}[kind](tmp_path))
    there, here = (
        list(Transformers(str(folder), device, "fp32").reply(asked())) for device in ("cuda", "cpu")
    )
    assert there == here
