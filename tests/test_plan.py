"""Capacity plans: their figures are those of the documentation, and add up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from make_library import write_document

from benchmarks.capacity import BYTES, FIGURES, QUANTIZED, SHARD_PAGES, measure_home
from benchmarks.plan import Wanted, plan
from ingest.library.home import Home
from ingest.library.writer import LibraryWriter

ROOT = Path(__file__).parents[1]
EVERY = {**FIGURES, **BYTES, **QUANTIZED}


@pytest.mark.parametrize("name", EVERY)
def test_a_figure_is_written_where_it_is_from(name: str) -> None:
    figure = EVERY[name]
    assert figure.says in (ROOT / figure.page).read_text(encoding="utf-8")


def test_ten_million_pages_take_shards_and_a_cluster() -> None:
    wanted = Wanted(pages=10_000_000, people=300, scanned=0.3, days=7, quantization="int8")
    found = plan(wanted)
    assert found["shards"] == 20 == wanted.pages // SHARD_PAGES
    assert found["ingest"]["cluster"]
    each = found["bytes_a_page"]
    assert found["disk_gb"] == pytest.approx(sum(each.values()) / 100, rel=1e-3)
    twice = plan(replace(wanted, people=600, days=3.5))
    assert twice["search"]["questions_a_second"] == 2 * found["search"]["questions_a_second"]
    assert twice["search"]["cores"] >= 2 * found["search"]["cores"] - 1
    assert twice["ingest"]["cores"] >= 2 * found["ingest"]["cores"] - 1
    assert any("--shards 20" in line for line in found["parts"])


def test_a_small_library_is_one_machine() -> None:
    found = plan(Wanted(pages=900))
    assert (found["shards"], found["search"]["cores"], len(found["parts"])) == (1, 1, 1)
    assert found["search"]["read_mb_a_question"] == 0.0
    assert found["costs_a_month"] is None


def test_what_was_not_measured_is_asked_for() -> None:
    wanted = Wanted(pages=100_000, encoder="colpali", days=1, price_core=10, price_gb=0.5)
    unknown = plan(wanted)
    assert "--gpu-pages" in unknown["parts"][-1]
    assert unknown["ingest"]["gpus"] is None
    known = plan(replace(wanted, gpu_pages=0.5))
    assert known["ingest"]["gpus"] == 3
    costs = known["costs_a_month"]
    assert costs == {"cores": 10, "disk": pytest.approx(known["disk_gb"] / 2, abs=0.01)}


def test_bytes_a_page_of_a_library(tmp_path: Path) -> None:
    home = Home(tmp_path)
    write_document(LibraryWriter(home), "a.pdf", "The keeper", "lit the lamp")
    sizes = measure_home(home)
    images = sum(path.stat().st_size for path in home.pages.rglob("*.webp"))
    assert sizes["images"] * 2 == images
    assert sizes["library"] * 2 == home.database.stat().st_size
    assert sizes["vectors"] == sizes["records"] == 0
    assert plan(Wanted(pages=10), sizes)["bytes_a_page"]["vectors"] == 0
