"""Fine-tuning: what it writes, how it resumes, and that it learns."""

from __future__ import annotations

import itertools
import json
import os
import pty
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from test_cli import COMMAND, ROOT, interrupt, read_terminal, records, run
from test_contrastive_loss import TINY
from tiny_clip import BIAS, make_clip, make_open_clip_siglip
from typer.testing import Result

from benchmarks.finetune import as_page, caption, draw, make_base
from ingest.encoders.checkpoint import InvalidCheckpoint
from ingest.encoders.clip import ClipEncoder
from ingest.encoders.dual_encoder import CLIP_COSINE_RANGE
from ingest.encoders.encoder import OutOfDeviceMemory
from ingest.encoders.load import load_encoder
from ingest.encoders.load_dual_encoder import load_dual_encoder
from ingest.encoders.open_clip_model import OpenClip
from ingest.files.source import UnreadableFile
from ingest.finetune import image_reader as reader_module
from ingest.finetune.crop import CropRequest, choose_crop, load_crop
from ingest.finetune.curve import draw_curve
from ingest.finetune.folder import Folder, OutputFolderInUse, TrainingMismatch
from ingest.finetune.gradient import Batch, DeviceNetwork, add_gradient
from ingest.finetune.image_reader import ImageReader
from ingest.finetune.pairs import PairsMissing, read_pairs, split_pairs
from ingest.finetune.plan import TrainSettings
from ingest.finetune.recall import Recall
from ingest.finetune.train import UnsupportedBaseModel, train
from ingest.finetune.training_event import Epoch, LeftOut, Started, Stepped, Trained

SETTINGS = TrainSettings(epochs=3, batch=4, accumulate=2, rate=0.003, val_share=0.3)
COMBINATIONS = [
    (color, shape, "in the middle")
    for color in ("red", "green", "blue")
    for shape in ("square", "ring")
]
WEIGHTS = "open_clip_model.safetensors"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base"), TINY)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pairs(tmp_path_factory.mktemp("pairs"), each=5)


@pytest.fixture(scope="module")
def whole(base: Path, pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole") / "model"
    list(train(pairs, str(base), out, SETTINGS, device="cpu"))
    return out


def make_pairs(folder: Path, each: int) -> Path:
    lines = []
    for combination, number in itertools.product(COMBINATIONS, range(each)):
        name = f"{combination[0]}-{combination[1]}-{number}.png"
        draw(combination, random.Random(name), side=48).save(folder / name)
        lines.append({"image": name, "text": caption(combination)})
    return write(folder / "pairs.jsonl", *lines)


def write(file: Path, *lines: object) -> Path:
    file.write_text(
        "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines),
        encoding="utf-8",
    )
    return file


def same_weights(one: Path, other: Path) -> bool:
    first, second = load_file(one / WEIGHTS), load_file(other / WEIGHTS)
    return first.keys() == second.keys() and all(
        torch.equal(tensor, second[name]) for name, tensor in first.items()
    )


def finetune(pairs: Path, base: Path, out: Path, *more: str) -> Result:
    options = ["--epochs", "3", "--batch", "4", "--accumulate", "2", "--lr", "0.003"]
    places = ["--pairs", str(pairs), "--base", str(base), "--out", str(out), "--device", "cpu"]
    return run("finetune", *places, *options, "--val-share", "0.3", *more)


def test_bad_lines_are_left_out_and_told_of(tmp_path: Path) -> None:
    file = write(
        tmp_path / "pairs.jsonl",
        {"image": "a.png", "text": "  a boat  "},
        "",
        "{",
        "[]",
        {"image": "a.png"},
        {"image": "", "text": "x"},
        {"image": "a.png", "text": 5},
        {"image": "a.png", "text": "x", "split": "test"},
        {"image": "a\0.png", "text": "x"},
        '{"image": "a.png", "text": "\\ud800"}',
        {"image": "sub/../a.png", "text": "A  Boat", "split": "val"},
    )
    pairs, bad = read_pairs(file)
    assert [(pair.line, pair.image, pair.text, pair.split) for pair in pairs] == [
        (1, "a.png", "a boat", ""),
        (11, "a.png", "A  Boat", "val"),
    ]
    assert pairs[0].words == pairs[1].words
    assert [line for line, _ in bad] == [3, 4, 5, 6, 7, 8, 9, 10]
    assert all(fault.message.startswith(f"pairs.jsonl, line {line}") for line, fault in bad)
    assert all(fault.hint for _, fault in bad)


def test_no_file_of_pairs(tmp_path: Path) -> None:
    with pytest.raises(PairsMissing, match="cannot be opened"):
        read_pairs(tmp_path / "none.jsonl")


def test_a_picture_always_goes_the_same_way(tmp_path: Path) -> None:
    lines = [{"image": f"{i}.png", "text": f"{i} {j}"} for i in range(300) for j in range(2)]
    pairs, _ = read_pairs(write(tmp_path / "pairs.jsonl", *lines))
    kept, held = split_pairs(pairs, 0.1)
    assert len(kept) + len(held) == 600
    assert 30 <= len(held) <= 90
    assert not {pair.image for pair in kept} & {pair.image for pair in held}
    some, some_held = split_pairs(pairs[:200], 0.1)
    assert {pair.image for pair in some} <= {pair.image for pair in kept}
    assert {pair.image for pair in some_held} <= {pair.image for pair in held}


def test_few_pictures_still_leave_one_to_measure_with(tmp_path: Path) -> None:
    lines = [{"image": f"{i}.png", "text": str(i)} for i in range(3)]
    pairs, _ = read_pairs(write(tmp_path / "pairs.jsonl", *lines))
    assert len(split_pairs(pairs, 0.01)[1]) == 1
    assert split_pairs(pairs, 0.0)[1] == []
    with pytest.raises(PairsMissing, match="1 of 2 usable pairs"):
        split_pairs(pairs[:2], 0.1)


def test_a_split_of_ones_own(tmp_path: Path) -> None:
    file = write(
        tmp_path / "pairs.jsonl",
        {"image": "a.png", "text": "a"},
        {"image": "b.png", "text": "b", "split": "val"},
        {"image": "b.png", "text": "b too", "split": "train"},
        {"image": "c.png", "text": "c", "split": "train"},
    )
    kept, held = split_pairs(read_pairs(file)[0], 0.9)
    assert [pair.text for pair in kept] == ["a", "c"]
    assert [pair.text for pair in held] == ["b", "b too"]


@pytest.mark.parametrize("size", [(200, 100), (64, 64), (1000, 10), (1, 1), (3, 500)])
def test_crops_stay_inside_and_keep_most(size: tuple[int, int]) -> None:
    width, height = size
    for seed in range(50):
        left, top, right, bottom = choose_crop(width, height, random.Random(seed))
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        if min(size) > 50:
            assert (right - left) * (bottom - top) / (width * height) > 0.88


def test_a_picture_is_cut_by_its_seed_alone(tmp_path: Path) -> None:
    picture = Image.effect_noise((300, 200), 80).convert("RGB")
    picture.save(tmp_path / "a.png")
    one, same, other = (
        load_crop(CropRequest(tmp_path / "a.png", (40, 40), seed)) for seed in (1, 1, 2)
    )
    assert min(one.size) == 40
    assert one.tobytes() == same.tobytes() != other.tobytes()
    assert load_crop(CropRequest(tmp_path / "a.png", (40, 40))).size == (60, 40)
    assert load_crop(CropRequest(tmp_path / "a.png", (40, 10))).size == (40, 27)
    assert load_crop(CropRequest(tmp_path / "a.png", (500, 500))).tobytes() == picture.tobytes()


def test_processes_read_what_one_process_reads(
    pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = sorted(pairs.parent.glob("*.png"))
    requests = [CropRequest(path, (16, 16), seed) for seed, path in enumerate(paths)]
    batches = [requests[start : start + 4] for start in range(0, len(requests), 4)]
    with ImageReader(len(requests)) as reader:
        alone = [[one.tobytes() for one in batch] for batch in reader.read(batches)]
    monkeypatch.setattr(reader_module, "FEW", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    missing = CropRequest(pairs.parent / "none.png", (16, 16))
    with ImageReader(len(requests)) as reader:
        assert [[one.tobytes() for one in batch] for batch in reader.read(batches)] == alone
        with pytest.raises(UnreadableFile, match="none.png cannot be opened"):
            list(reader.read([[requests[0], missing]]))
        ((picture, fault),) = reader.try_read([[requests[0], missing]])
    assert isinstance(picture, Image.Image)
    assert isinstance(fault, UnreadableFile)


def test_the_curve_is_a_picture(tmp_path: Path) -> None:
    for losses, recalls in (([], []), ([3.0], [(0, 0.1, 0.2)]), ([4.0, 2.0, 1.0], [(3, 0.5, 1.0)])):
        (tmp_path / "curve.png").write_bytes(draw_curve(losses, recalls))
        with Image.open(tmp_path / "curve.png") as image:
            assert image.size == (1000, 560)
            assert len(image.convert("RGB").getcolors(100_000) or []) > 3


def test_a_training_tells_of_itself(base: Path, pairs: Path, tmp_path: Path) -> None:
    file = write(
        pairs.parent / "more.jsonl",
        *pairs.read_text(encoding="utf-8").splitlines(),
        {"image": "none.png", "text": "x"},
        {"image": "more.jsonl", "text": "x"},
        {"image": pairs.name, "text": "long " * 20},
        {"image": "red-ring-0.png", "text": "long " * 20},
    )
    events = list(train(file, str(base), tmp_path / "out", SETTINGS, device="cpu"))
    left_out = [event.line for event in events if isinstance(event, LeftOut)]
    assert left_out == [31, 32, 33]
    (started,) = (event for event in events if isinstance(event, Started))
    assert started.train + started.val == 31
    assert (started.left_out, started.cut, started.step) == (3, 1, 0)
    steps = [event.step for event in events if isinstance(event, Stepped)]
    assert steps == list(range(1, started.steps + 1))
    epochs = [event for event in events if isinstance(event, Epoch)]
    assert [epoch.number for epoch in epochs] == [0, 1, 2, 3]
    assert (epochs[0].loss, epochs[0].best) == (None, False)
    done = events[-1]
    assert isinstance(done, Trained)
    assert done.before == epochs[0]
    assert done.best == [epoch for epoch in epochs if epoch.best][-1]
    assert done.best.recall
    assert done.best.recall.merit == max(epoch.recall.merit for epoch in epochs[1:] if epoch.recall)


def test_what_a_training_leaves(whole: Path, base: Path) -> None:
    assert {path.name for path in whole.iterdir()} == {
        WEIGHTS, "open_clip_config.json", "training.json", "log.jsonl", "curve.png",
    }  # fmt: skip
    log = [json.loads(line) for line in (whole / "log.jsonl").read_text().splitlines()]
    assert [entry["number"] for entry in log] == [0, 1, 2, 3]
    training = json.loads((whole / "training.json").read_text())
    assert training["settings"]["rate"] == 0.003
    assert training["base"].startswith(f"open_clip {base} ")
    assert training["best"] == log[training["best"]["number"]]
    assert training["versions"]["torch"] == torch.__version__.split("+")[0]
    assert not same_weights(whole, base)


def test_the_result_is_an_encoder(whole: Path, pairs: Path) -> None:
    encoder = load_encoder(f"clip:{whole}")
    assert (encoder.dim, encoder.cosine_range) == (16, CLIP_COSINE_RANGE)
    (seen,) = encoder.encode_pages([as_page(pairs.parent / "red-ring-0.png")])
    (asked,) = encoder.encode_queries(["a red ring in the middle"])
    assert np.linalg.norm(seen.vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(asked.vectors, axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("stop", [1, 5, 7])
def test_going_on_ends_where_an_undisturbed_training_ends(
    base: Path, pairs: Path, whole: Path, tmp_path: Path, stop: int
) -> None:
    out = tmp_path / "model"
    events = train(pairs, str(base), out, SETTINGS, device="cpu")
    next(event for event in events if isinstance(event, Stepped) and event.step == stop)
    events.close()
    rest = list(train(pairs, str(base), out, SETTINGS, device="cpu"))
    (started,) = (event for event in rest if isinstance(event, Started))
    assert started.step == stop
    assert next(event.step for event in rest if isinstance(event, Stepped)) == stop + 1
    assert same_weights(out, whole)
    assert untimed(out) == untimed(whole)


def untimed(out: Path) -> list[dict[str, Any]]:
    lines = (out / "log.jsonl").read_text().splitlines()
    return [{**json.loads(line), "seconds": 0} for line in lines]


@pytest.mark.slow
def test_a_killed_training_shows_its_bar_and_goes_on(
    base: Path, pairs: Path, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "model"
    places = ["--pairs", str(pairs), "--base", str(base), "--out", str(out)]
    options = ["--epochs", "3", "--batch", "4", "--accumulate", "2", "--lr", "0.003"]
    command = [*COMMAND, "finetune", *places, *options, "--val-share", "0.3", "--device", "cpu"]
    outer, inner = pty.openpty()
    terminal = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=inner, env=terminal
    ) as process:
        os.close(inner)
        seen = ""
        for written in read_terminal(outer):
            seen += written
            if "epoch 2" in seen:
                process.kill()
        assert process.stdout is not None
        assert process.stdout.read() == b""
    assert "steps" in seen
    started, *_ = train(pairs, str(base), out, SETTINGS, device="cpu")
    assert isinstance(started, Started)
    assert started.step >= 3
    assert same_weights(out, whole)


def test_too_little_memory_loses_nothing(
    base: Path, pairs: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, parts = tmp_path / "model", list[int]()

    def overflow(model: DeviceNetwork, batch: Batch, part: int, seed: int) -> float:
        parts.append(part)
        if len(parts) == 5:
            raise torch.OutOfMemoryError
        return add_gradient(model, batch, part, seed)

    with monkeypatch.context() as patch:
        patch.setattr("ingest.finetune.learner.add_gradient", overflow)
        with pytest.raises(OutOfDeviceMemory, match="4 pairs at once"):
            list(train(pairs, str(base), out, SETTINGS, device="cpu"))
    smaller = replace(SETTINGS, batch=2, accumulate=4)
    rest = list(train(pairs, str(base), out, smaller, device="cpu"))
    assert isinstance(rest[0], Started)
    assert rest[0].step == 4
    one, other = load_file(out / WEIGHTS), load_file(whole / WEIGHTS)
    assert all(torch.allclose(one[name], other[name], atol=1e-3) for name in one)


def test_a_stop_inside_a_step_undoes_it(
    base: Path, pairs: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, step, calls = tmp_path / "model", torch.optim.AdamW.step, itertools.count(1)

    def stop(optimizer: torch.optim.AdamW, *arguments: Any) -> None:
        step(optimizer, *arguments)
        if next(calls) == 5:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("torch.optim.AdamW.step", stop)
        with pytest.raises(KeyboardInterrupt):
            list(train(pairs, str(base), out, SETTINGS, device="cpu"))
    rest = list(train(pairs, str(base), out, SETTINGS, device="cpu"))
    assert isinstance(rest[0], Started)
    assert rest[0].step == 3
    assert same_weights(out, whole)


def test_another_training_is_not_gone_on_with(base: Path, pairs: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    events = train(pairs, str(base), out, SETTINGS, device="cpu")
    next(event for event in events if isinstance(event, Stepped))
    with pytest.raises(OutputFolderInUse, match="Another process is training"):
        list(train(pairs, str(base), out, SETTINGS, device="cpu"))
    events.close()
    with pytest.raises(TrainingMismatch, match="seed was 0, now 1"):
        list(train(pairs, str(base), out, TrainSettings(epochs=3, seed=1), device="cpu"))
    (out / "checkpoint.pt").write_bytes(b"nonsense")
    with pytest.raises(InvalidCheckpoint, match="broken"):
        list(train(pairs, str(base), out, SETTINGS, device="cpu"))
    anew = list(train(pairs, str(base), out, TrainSettings(epochs=1), device="cpu", force=True))
    assert isinstance(anew[-1], Trained)


def test_nothing_is_overwritten(whole: Path, base: Path, pairs: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").touch()
    (tmp_path / "file").touch()
    for out, why in (
        (whole, "holds a finished training"),
        (tmp_path / "other", "holds other files"),
        (tmp_path / "file", "is not a folder"),
        (base, "the base model's own folder"),
    ):
        with pytest.raises(OutputFolderInUse, match=why):
            next(train(pairs, str(base), out, SETTINGS, device="cpu"))
    with pytest.raises(OutputFolderInUse, match="the base model's own"):
        next(train(pairs, str(base), base, SETTINGS, device="cpu", force=True))


def test_a_transformers_model_is_refused(pairs: Path, tmp_path: Path) -> None:
    base = make_clip(tmp_path / "base")
    with pytest.raises(UnsupportedBaseModel, match="is a transformers checkpoint"):
        list(train(pairs, str(base), tmp_path / "out", SETTINGS, device="cpu"))
    assert not (tmp_path / "out").exists()


def test_without_validation_the_last_epoch_is_kept(base: Path, pairs: Path, tmp_path: Path) -> None:
    settings = TrainSettings(epochs=2, batch=32, val_share=0.0)
    done = list(train(pairs, str(base), tmp_path / "out", settings, device="cpu"))[-1]
    assert isinstance(done, Trained)
    assert (done.best.number, done.best.recall) == (2, None)


def test_a_siglip_and_a_tokenizer_of_its_own(pairs: Path, tmp_path: Path) -> None:
    """The base's bias makes its loss a sigmoid's; its tokenizer's files come along."""
    base = make_open_clip_siglip(tmp_path / "base")
    out = tmp_path / "out"
    done = list(train(pairs, str(base), out, SETTINGS, device="cpu"))[-1]
    assert isinstance(done, Trained)
    shutil.rmtree(base)
    encoder = load_encoder(f"clip:{out}")
    assert isinstance(encoder, ClipEncoder)
    assert encoder.embed(["a red ring"]).shape == (1, 24)
    assert float(load_file(out / WEIGHTS)["logit_bias"]) != BIAS


@pytest.mark.slow
def test_it_learns(base: Path, tmp_path: Path) -> None:
    """Six captions, a sixth each by chance; drawings that were not trained on."""
    pairs = make_pairs(tmp_path, each=24)
    settings = TrainSettings(epochs=30, batch=48, rate=0.003, val_share=0.25)
    events = list(train(pairs, str(base), tmp_path / "out", settings, device="cpu"))
    done = events[-1]
    assert isinstance(done, Trained)
    assert done.before.recall
    assert done.best.recall
    assert done.before.recall.image_to_text[0] < 0.5
    assert done.best.recall.image_to_text[0] >= 0.9
    assert done.best.recall.text_to_image[0] >= 0.8
    losses = [event.loss for event in events if isinstance(event, Stepped)]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.5


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("dtype", ["bf16", "fp16", "fp32"])
def test_it_learns_on_a_gpu(base: Path, tmp_path: Path, dtype: str) -> None:
    pairs = make_pairs(tmp_path, each=24)
    settings = TrainSettings(30, 24, 2, rate=0.003, val_share=0.25, dtype=dtype)
    done = list(train(pairs, str(base), tmp_path / "out", settings, device="cuda"))[-1]
    assert isinstance(done, Trained)
    assert done.best.recall
    assert done.best.recall.image_to_text[0] >= 0.9


def test_the_reach_is_measured_where_there_is_enough(base: Path, tmp_path: Path) -> None:
    plenty = Recall((1.0,), (1.0,), 20, 20, strangers=0.1, matches=0.8)
    assert plenty.cosine_range == (0.1, 0.8)
    assert replace(plenty, images=19).cosine_range is None
    assert replace(plenty, matches=0.12).cosine_range is None
    dual_encoder = load_dual_encoder(str(base), torch.device("cpu"), torch.float32)
    assert isinstance(dual_encoder, OpenClip)
    Folder(tmp_path).save_model(dual_encoder, plenty.cosine_range)
    assert load_encoder(f"clip:{tmp_path}").cosine_range == (0.1, 0.8)


def test_command(base: Path, pairs: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    result = finetune(pairs, base, out, "--json")
    assert result.exit_code == 0, result.output
    events = records(result)
    assert [event["event"] for event in events if event["event"] != "stepped"] == [
        "started", "epoch", "epoch", "epoch", "epoch", "done",
    ]  # fmt: skip
    assert events[-1]["out"] == str(out)
    best = [event for event in events if event["event"] == "epoch" and event["best"]][-1]
    assert {"event": "epoch", **events[-1]["best"]} == best
    assert "recall@1" in result.stderr
    assert same_weights(out, whole)

    again = finetune(pairs, base, out, "--json")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "--force" in json.loads(again.stderr)["hint"]


def test_command_leaves_pairs_out(base: Path, pairs: Path, tmp_path: Path) -> None:
    lines = pairs.read_text(encoding="utf-8").splitlines()
    file = write(pairs.parent / "torn.jsonl", "{", *lines)
    result = finetune(file, base, tmp_path / "model", "--epochs", "1", "--quiet")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("left out line 1: torn.jsonl, line 1 is not JSON")
    assert len(result.stderr.splitlines()) == 1


def test_command_without_pairs(base: Path, tmp_path: Path) -> None:
    result = finetune(tmp_path / "none.jsonl", base, tmp_path / "model")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "none.jsonl cannot be opened" in result.stderr
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    "more",
    [["--epochs", "0"], ["--batch", "1"], ["--freeze-image", "--freeze-text"], ["--warmup", "2"]],
)
def test_command_usage(base: Path, pairs: Path, tmp_path: Path, more: list[str]) -> None:
    result = finetune(pairs, base, tmp_path / "model", *more)
    assert (result.exit_code, result.stdout) == (2, "")


def test_command_for_a_model_that_is_not_there(pairs: Path, tmp_path: Path) -> None:
    result = finetune(pairs, tmp_path / "none", tmp_path / "model")
    assert result.exit_code == 1
    assert "error: There is no folder" in result.stderr


@pytest.fixture
def started(base: Path, pairs: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    places = ["--pairs", str(pairs), "--base", str(base), "--out", str(tmp_path / "model")]
    options = ["--epochs", "400", "--batch", "8", "--json", "--device", "cpu"]
    with subprocess.Popen(
        [*COMMAND, "finetune", *places, *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def test_ctrl_c_keeps_what_was_trained(started: subprocess.Popen[str], tmp_path: Path) -> None:
    assert started.stdout is not None
    for line in started.stdout:
        if json.loads(line).get("step") == 6:
            break
    rest, error = interrupt(started)
    assert started.returncode == 130
    last = max([6, *(json.loads(line).get("step", 0) for line in rest.splitlines())])
    said = json.loads(error.splitlines()[-1])
    assert "kept" in said["error"]
    state = torch.load(tmp_path / "model" / "checkpoint.pt", weights_only=True)
    # The step may have been done and its event not have been shown any more.
    assert state["progress"]["step"] in (last, last + 1)
