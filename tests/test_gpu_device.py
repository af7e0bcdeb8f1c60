from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from api.diagnostics.examine import examine
from api.factory import make_searcher
from api.settings import Settings
from ingest.encoders.encoder import DeviceUnavailable
from ingest.extras import MissingExtra
from ingest.library.home import Home
from retrieval.gpu import device as module
from retrieval.gpu.device import DeviceChoice, choose_score_device, open_vector_cache

ROOT = Path(__file__).parents[1]


def pretend(
    monkeypatch: pytest.MonkeyPatch,
    *,
    kernels: bool = True,
    driver: bool = True,
    gpu: bool = True,
    capability: tuple[int, int] = (9, 0),
) -> None:
    def load(name: str) -> object:
        if driver:
            return object()
        raise OSError(name)

    monkeypatch.setattr(module, "find_spec", lambda _: object() if kernels else None)
    monkeypatch.setattr(ctypes, "CDLL", load)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda ordinal: f"Sample 900{ordinal}")


LACKING = [
    ({"driver": False}, "no NVIDIA driver", "driver"),
    ({"gpu": False}, "sees no CUDA device", "CUDA_VISIBLE_DEVICES"),
    ({"capability": (7, 0)}, "Sample 9000 has compute capability 7.0, and 7.5", "newer"),
]


@pytest.mark.parametrize(("lacks", "why", "hint"), LACKING)
def test_auto_takes_the_cpu_and_cuda_is_refused(
    monkeypatch: pytest.MonkeyPatch, lacks: dict[str, bool], why: str, hint: str
) -> None:
    pretend(monkeypatch, **lacks)  # type: ignore[arg-type]
    choice = choose_score_device("auto")
    assert choice.device == "cpu"
    assert why in choice.reason
    assert open_vector_cache("auto", 100) is None
    with pytest.raises(DeviceUnavailable, match=f"{why}.*{hint}.*compute scores on the CPU"):
        choose_score_device("cuda")
    with pytest.raises(DeviceUnavailable):
        open_vector_cache("cuda", 100)


def test_without_the_kernels_auto_takes_the_cpu_and_cuda_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, kernels=False)
    choice = choose_score_device("auto")
    assert choice.device == "cpu"
    assert "kernels are not installed" in choice.reason
    assert open_vector_cache("auto", 100) is None
    for ask in (choose_score_device, lambda wanted: open_vector_cache(wanted, 100)):
        with pytest.raises(MissingExtra, match=r"late_interaction_kernels.*'pageglass\[gpu\]'"):
            ask("cuda")


def test_a_gpu_is_taken_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    assert (
        choose_score_device("auto")
        == choose_score_device("cuda")
        == DeviceChoice("cuda", "Sample 9000")
    )
    assert choose_score_device("cpu") == DeviceChoice("cpu", "asked for")
    assert open_vector_cache("cpu", 100) is None


def test_pages_are_scored_on_the_gpu_that_models_run_on(
    monkeypatch: pytest.MonkeyPatch, sample_home: Home
) -> None:
    pretend(monkeypatch)
    assert choose_score_device("cuda", 1) == DeviceChoice("cuda", "Sample 9001")
    with pytest.raises(DeviceUnavailable, match="no GPU 2; torch sees 2"):
        choose_score_device("cuda", 2)
    asked: list[int] = []
    monkeypatch.setattr(module, "open_vector_cache", lambda *given: asked.append(given[2]))
    for device in ("cuda:1", "cuda", "auto", "cpu", "cuda:1,cuda:0"):
        make_searcher(sample_home, Settings(device=device, score_device="cuda")).close()
    assert asked == [1, 0, 0, 0, 1]


def test_one_question_is_for_the_cpu_unless_a_gpu_is_named(
    monkeypatch: pytest.MonkeyPatch, sample_home: Home
) -> None:
    asked: list[tuple[str, int, int]] = []
    monkeypatch.setattr(module, "open_vector_cache", lambda *given: asked.append(given))
    for once, wanted in ((True, "auto"), (False, "auto"), (True, "cuda"), (False, "cpu")):
        monkeypatch.setenv("PAGEGLASS_SCORE_DEVICE", wanted)
        make_searcher(sample_home, Settings(), once=once).close()
    assert asked == [("cpu", 2000, 0), ("auto", 2000, 0), ("cuda", 2000, 0), ("cpu", 2000, 0)]


def test_doctor_says_which_device_scores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def scoring() -> tuple[str, str, str]:
        found = examine(Home(tmp_path / "home"), Settings())
        finding = next(finding for finding in found if finding.topic == "scoring")
        return finding.name, finding.state, f"{finding.detail} {finding.hint}"

    pretend(monkeypatch)
    name, state, words = scoring()
    assert (name, state) == ("cuda", "ok")
    assert "Sample 9000, keeps up to 2000 MB of rows there" in words
    pretend(monkeypatch, kernels=False)
    assert scoring()[:2] == ("cpu", "ok")
    monkeypatch.setenv("PAGEGLASS_SCORE_DEVICE", "cuda")
    name, state, words = scoring()
    assert (name, state) == ("cuda", "broken")
    assert "pip install 'pageglass[gpu]'" in words


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_where_there_is_none_ends_a_search_with_words(sample_home: Home) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "api.cli.main", "search", "lens", "--home", str(sample_home.root)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={"PAGEGLASS_SCORE_DEVICE": "cuda", "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Scores cannot be computed on CUDA" in done.stderr
    assert "compute scores on the CPU" in " ".join(done.stderr.split())
