from __future__ import annotations

import pytest
import torch

from ingest.encoders import device as module
from ingest.encoders.device import choose_attention, choose_device, choose_dtype, dtype_name
from ingest.encoders.encoder import DeviceUnavailable

CUDA = torch.device("cuda", 0)


def pretend(monkeypatch: pytest.MonkeyPatch, gpus: int = 0, *, mps: bool = False) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: gpus - 1)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("gpus", "mps", "expected"),
    [(2, True, "cuda:1"), (1, False, "cuda:0"), (0, True, "mps"), (0, False, "cpu")],
)
def test_auto_takes_cuda_then_mps_then_the_cpu(
    monkeypatch: pytest.MonkeyPatch, gpus: int, mps: bool, expected: str
) -> None:
    pretend(monkeypatch, gpus, mps=mps)
    assert choose_device("auto") == torch.device(expected)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("cpu", "cpu"), ("cuda", "cuda:0"), ("cuda:1", "cuda:1"), ("mps", "mps")],
)
def test_a_device_by_name(monkeypatch: pytest.MonkeyPatch, wanted: str, expected: str) -> None:
    pretend(monkeypatch, 2, mps=True)
    assert choose_device(wanted) == torch.device(expected)


@pytest.mark.parametrize("wanted", ["cuda:2", "mps", "xpu", "meta"])
def test_a_device_that_is_not_there(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    pretend(monkeypatch, 2)
    with pytest.raises(
        DeviceUnavailable, match=f"no device {wanted}; .* sees 2 GPUs.*auto as the device"
    ):
        choose_device(wanted)


@pytest.mark.parametrize("wanted", ["gpu", "cuda:", "cuda:x", "cuda:-1", ""])
def test_a_name_that_is_no_device(wanted: str) -> None:
    with pytest.raises(DeviceUnavailable, match=r"no kind of device.*Give auto, cpu, cuda"):
        choose_device(wanted)


@pytest.mark.parametrize(
    ("capability", "expected"), [((7, 5), "fp16"), ((8, 0), "bf16"), ((9, 0), "bf16")]
)
def test_auto_takes_what_a_gpu_is_fast_at(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert dtype_name(choose_dtype("auto", CUDA)) == expected


@pytest.mark.parametrize("device", ["cpu", "mps"])
def test_auto_takes_fp32_elsewhere(device: str) -> None:
    assert choose_dtype("auto", torch.device(device)) == torch.float32


@pytest.mark.parametrize("name", ["fp32", "fp16", "bf16"])
def test_a_number_format_by_name_and_back(name: str) -> None:
    assert dtype_name(choose_dtype(name, CUDA)) == name


def test_a_number_format_that_is_none() -> None:
    with pytest.raises(DeviceUnavailable, match=r"no dtype 'int8'. Give auto, fp32, fp16, bf16"):
        choose_dtype("int8", CUDA)


@pytest.mark.parametrize("installed", [True, False])
def test_flash_attention_only_where_it_runs(
    monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: object() if installed else None)
    expected = "flash_attention_2" if installed else "sdpa"
    assert choose_attention(CUDA, torch.bfloat16) == expected
    assert choose_attention(CUDA, torch.float32) == "sdpa"
    assert choose_attention(torch.device("cpu"), torch.bfloat16) == "sdpa"


@pytest.mark.parametrize(
    ("model_type", "wanted"),
    [
        ("qwen2_5_vl", "flash_attention_2"),
        ("", "flash_attention_2"),
        ("gemma3", "sdpa"),
        ("gemma3n", "sdpa"),
        ("paligemma", "sdpa"),
    ],
)
def test_attention_in_both_directions_takes_sdpa(
    model_type: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.encoders import device

    monkeypatch.setattr(device, "find_spec", lambda name: object())
    gpu = torch.device("cuda")
    assert device.choose_attention(gpu, torch.bfloat16, model_type) == wanted
    assert device.choose_attention(gpu, torch.float32, model_type) == "sdpa"
