"""Benchmarks: each runs at its smallest size and prints what it measures."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLES
from make_library import copy_home
from PIL import Image

from benchmarks.quality import _compare
from ingest.add import add
from ingest.library.home import Home

ROOT = Path(__file__).parents[1]

RUN = {
    "answers": ("{set} --home {home}", "gold page cited"),
    "clients": ("--pages 12 --rows 8 --questions 2 --clients 2 --seconds 0", "2 clients: "),
    "chroma_server": ("--records 900 --dim 16", "       900"),
    "candidates": ("made --pages 30 --questions 3", "gists of every page"),
    "duplicates": ("{photos} --photos 1", "known again"),
    "extraction": ("{small}", "all          4 fields"),
    "formats": ("{formats} --ocr none --office text", "| HWPX | 1 | 1 |"),
    "fusion": ("{set} --home {home}", "best rules in hindsight"),
    "kernel": ("--pages 4 --rows 16 --runs 1", "fp16"),
    "pages": ("{set} --home {home}", "3 questions (1 name a page)"),
    "peers_chart": ("{peers} {out}.png", "results in"),
    "photos": ("{photos} --home {home}", "own set"),
    "plan": ("--pages 1000 --home {home} --json", '"shards": 1'),
    "publish_blocks": ("--pages 40", "| 40 |"),
    "quality": ("{eval} --home {homes} --out {out}", "unanswerable declined"),
    "quantization": ("{set} --rows 64 --dim 64 --home {home}", "binary+int8"),
    "receipts": ("{receipts} --home {home}", "error rate"),
    "scale": ("--pages 12 --compare --rows 8 --questions 2", "candidates"),
}
"""Arguments at the smallest size, and something that is printed."""

ELSEWHERE = {
    "clip_vectors": "needs vectors of a real CLIP",
    "cold": "times new processes, which test_imports and test_cli check",
    "crops": "OCR of whole pages, twice each",
    "exported_towers": "needs a checkpoint; test_exported_clip compares both ways",
    "finetune": "test_finetune trains, with its drawings",
    "gpu": "needs a GPU",
    "kill": "test_kill runs its rounds",
    "korean": "test_korean asks of made Korean pages",
    "local": "test_transformers runs tiny models",
    "model_sizes": "writes the catalog; test_catalog counts one",
    "ratios": "test_inverted_lists runs it once; its limits need many rounds",
    "ray_ingest": "test_cluster_add ingests on a cluster",
    "reading_order": "prints 60 pages with Chromium",
    "resident": "needs a GPU",
    "runtimes": "OCR in two processes; test_runtime compares the runtimes",
    "shards": "copies a home three times; test_shards compares the rankings",
    "server_load": "starts a server; test_server and test_jobs do",
    "server_start": "starts a server; test_service waits for one that warms up",
    "tiled_lists": "test_inverted_lists runs it",
    "ways": "scale runs it",
    "web_app": "needs Chromium; test_web_app drives it",
}
"""Benchmarks that do not run here, and why."""


def test_every_benchmark_is_listed() -> None:
    mains = {
        path.stem
        for path in (ROOT / "benchmarks").glob("*.py")
        if "\ndef main(" in path.read_text(encoding="utf-8")
    }
    assert mains == RUN.keys() | ELSEWHERE.keys()


@pytest.fixture(scope="module")
def places(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Sets over sample files, and a home that holds these; nothing is read anew."""
    root = tmp_path_factory.mktemp("benchmarks")
    home = copy_home(sample_home, root / "homes" / "mmlongbench-dev").root
    for name in ("sroie-dev", "coco128-dev"):
        os.symlink(home, home.parent / name)
    queries = [
        question("1", "How many steps lead to the lamp on page 2?", [2], answer="142"),
        question("2", "When was the lens repaired?", [2, 3]),
        {**question("3", "Who is the king?", []), "answerable": False},
        {**question("4", "Which phases has the project?", [2]), "doc": "project-deck.pdf"},
    ]
    names = ["annual-report.pdf", "project-deck.pdf"]
    write_set(root / "eval" / "mmlongbench-dev", names, queries)
    photos = [{"id": "1", "query": "a teapot", "relevant_images": ["images/teapot.jpg"]}]
    write_set(root / "eval" / "coco128-dev", ["images/teapot.jpg"], photos)
    receipt = [{"id": "1", "query": "the total?", "relevant_images": ["korean-scan.png"]}]
    write_set(root / "eval" / "sroie-dev", ["korean-scan.png"], receipt)
    list(add(Home(home), [root / "eval"]))  # the same bytes under other names
    scan = root / "small"
    write_set(scan, ["korean-scan.png"], [])
    with Image.open(scan / "korean-scan.png") as image:
        image.crop((0, 0, 300, 80)).save(scan / "korean-scan.png")
    return {
        "set": root / "eval" / "mmlongbench-dev",
        "photos": root / "eval" / "coco128-dev",
        "receipts": root / "eval" / "sroie-dev",
        "home": home,
        "homes": home.parent,
        "eval": root / "eval",
        "out": root / "results",
        "small": scan,
        "formats": ROOT / "data" / "formats",
        "peers": ROOT / "benchmarks" / "results" / "peers.jsonl",
    }


def question(key: str, query: str, pages: list[int], answer: str = "x") -> dict[str, object]:
    return {
        "id": key,
        "query": query,
        "doc": "annual-report.pdf",
        "relevant_pages": pages,
        "answerable": True,
        "answer": answer,
        "evidence_sources": ["Table"],
    }


def write_set(folder: Path, names: list[str], queries: list[dict[str, object]]) -> None:
    files = []
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLES / Path(name).name, folder / name)
        digest = sha256((folder / name).read_bytes()).hexdigest()
        fields = dict.fromkeys(("company", "date", "address", "total"), "2024")
        files.append({"file": name, "sha256": digest, "fields": fields})
    (folder / "manifest.json").write_text(json.dumps({"files": files, "queries": queries}))


@pytest.mark.parametrize("name", RUN)
def test_runs_at_its_smallest_size(
    name: str,
    places: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments, printed = RUN[name]
    monkeypatch.setattr(sys, "argv", [name, *(a.format(**places) for a in arguments.split())])
    if name == "fusion":  # shuffles and draws steady a mean, which two questions have none of
        module = importlib.import_module("benchmarks.fusion")
        monkeypatch.setattr(module, "SHUFFLES", 1)
        monkeypatch.setattr(module, "DRAWS", 1)
    importlib.import_module(f"benchmarks.{name}").main()
    assert printed in capsys.readouterr().out


def test_quality_is_compared_with_an_earlier_run(capsys: pytest.CaptureFixture[str]) -> None:
    def results(*values: float) -> dict[str, Any]:
        ids = "abcd"[: len(values)]
        row = {"set": "s", "scope": "over all", "metric": "nDCG@5"}
        held = {"values": dict(zip(ids, values, strict=True)), "clusters": dict.fromkeys(ids, -1)}
        return {"sets": {"s": [{**row, **held}]}}

    _compare(results(0.0, 0.0, 0.5), results(0.5, 0.0, 1.0, 1.0), Path("a.json"))
    assert "3  0.167 0.500 +0.333" in capsys.readouterr().out
