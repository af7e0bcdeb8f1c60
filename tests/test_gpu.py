"""CUDA results against the CPU's; run where there is a device."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from test_colpali import PAGES, QUESTION, quietly
from test_transformers import asked
from test_vector_cache import document, some, unit_rows, whole
from tiny_clip import make_clip, make_open_clip
from tiny_models import make_colidefics3, make_colpali, make_colqwen2_5
from tiny_vlms import CHATTING, PAGE_BY_PAGE

from generation.models.local.hf_model import HfModel
from generation.models.local.transformers import TransformersChatModel
from ingest.add import AddSettings, add
from ingest.encoders.batch import TokenBudget, run_batches
from ingest.encoders.encoder import Encoding
from ingest.encoders.load import load_encoder
from ingest.event import Done
from ingest.files.render import RenderSettings
from ingest.index.quantization import QUANTIZATIONS
from ingest.library.home import Home
from retrieval.gpu.device import KERNELS, open_vector_cache
from retrieval.gpu.vector_cache import GpuVectorCache
from retrieval.scoring.maxsim import block_weights
from retrieval.scoring.scores import CandidateBatch, score_batches
from retrieval.search import Searcher

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]
fused = pytest.mark.skipif(find_spec(KERNELS) is None, reason="the fused kernels are not installed")
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
    budget = TokenBudget(device, tokens=8)
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
        list(TransformersChatModel(HfModel(str(folder), device, "fp32")).reply(asked()))
        for device in ("cuda", "cpu")
    )
    assert there == here


def on_cuda(megabytes: int = 64) -> GpuVectorCache:
    found = open_vector_cache("cuda", megabytes)
    assert found is not None
    return found


def agrees(
    on: GpuVectorCache,
    parts: list[CandidateBatch],
    query: np.ndarray,
    weights: np.ndarray,
    what: str = "vectors",
) -> None:
    count = sum(len(part.positions) for part in parts)
    there = score_batches(query, weights, parts, count, what, scorer=on)  # type: ignore[arg-type]
    here = score_batches(query, weights, parts, count, what)  # type: ignore[arg-type]
    np.testing.assert_allclose(there, here, atol=1e-3, equal_nan=True)


@fused
@pytest.mark.parametrize("dim", [128, 384, 96])
@pytest.mark.parametrize("kind", QUANTIZATIONS)
def test_scores_are_those_of_the_cpu(tmp_path: Path, kind: str, dim: int) -> None:
    lengths = [[1030] * 60, [0, 1, 17, 600, 2500, 40, 0, 255, 256, 257] * 3]
    held = [document(tmp_path, seed, rows, kind, dim) for seed, rows in enumerate(lengths)]
    parts = [whole(held[0]), whole(held[1], 60)]
    query, on = unit_rows(7, 95, dim), on_cuda()
    weights = [np.ones(20, np.float32), np.array([3], np.float32), np.arange(74) % 3]
    each = block_weights([row.astype(np.float32) for row in weights])
    agrees(on, parts, query[:20], weights[0])
    agrees(on, parts, query, each)  # several questions in one call
    agrees(on, parts, query, each, "passages")
    sent = on.uploaded
    agrees(on, [some(held[1], 9, 2, 4)], query, each)
    assert on.uploaded == sent or kind.startswith("binary")


@fused
def test_more_pages_than_fit_and_new_revisions(tmp_path: Path) -> None:
    on, query, weights = on_cuda(16), unit_rows(1, 20, 128), np.ones(20, np.float32)
    for seed in range(4):
        held = document(tmp_path, seed, [1030] * 100, dim=128)  # 26 MB for 16
        agrees(on, [whole(held)], query, weights)
        agrees(on, [some(held, 100, 1, 50)], query, weights)
        del held
    assert on.uploaded >= 400


@fused
def test_pages_that_lie_beyond_a_gibibyte(tmp_path: Path) -> None:
    free, _ = torch.cuda.mem_get_info(0)
    if free < 4 << 30:
        pytest.skip("the device has less than 4 GB free")
    on, query, weights = on_cuda(2_500), unit_rows(1, 20, 128), np.ones(20, np.float32)
    held = document(tmp_path, 1, [20_000] * 220, dim=128)  # 1.1 GB, in two buffers
    agrees(on, [whole(held)], query, weights)
    assert on.uploaded == 220


@fused
def test_a_searcher_finds_the_same_on_the_device(sample_home: Home) -> None:
    here, there = Searcher(sample_home), Searcher(sample_home, scorer=on_cuda())
    for question in ("When does the Seoul shuttle leave?", "a red bicycle", "lighthouse steps"):
        for a, b in zip(here.search(question), there.search(question), strict=True):
            assert (a.page, a.score) == (b.page, pytest.approx(b.score, abs=5e-3))
    here.close()
    there.close()
