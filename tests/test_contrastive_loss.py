"""Contrastive loss, accumulated gradient and recall, against open_clip's own."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import normalize

from benchmarks.finetune import make_base
from ingest.encoders.load_dual_encoder import load_dual_encoder
from ingest.encoders.open_clip_model import OpenClip
from ingest.finetune.contrastive_loss import contrastive_loss, match_matrix
from ingest.finetune.gradient import Batch, DeviceNetwork, add_gradient
from ingest.finetune.learner import Learner, TrainingDiverged
from ingest.finetune.plan import Plan, TrainSettings
from ingest.finetune.recall import measure_recall

CPU = torch.device("cpu")
TINY: dict[str, Any] = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "patch_size": 8, "layers": 1, "width": 32, "head_width": 16},
    "text_cfg": {
        "context_length": 12, "vocab_size": 49_408, "width": 32, "heads": 2, "layers": 1,
    },
}  # fmt: skip
DROPPING = {**TINY, "vision_cfg": {**TINY["vision_cfg"], "patch_dropout": 0.5}}
EYE = torch.eye(2)
ONE = torch.tensor(1.0)


def unit_rows(count: int, dim: int, seed: int) -> torch.Tensor:
    return normalize(torch.randn(count, dim, generator=torch.Generator().manual_seed(seed)), dim=1)


def load(folder: Path, config: dict[str, Any] = TINY) -> OpenClip:
    dual_encoder = load_dual_encoder(str(make_base(folder, config)), CPU, torch.float32)
    assert isinstance(dual_encoder, OpenClip)
    return dual_encoder


def some_batch(count: int) -> Batch:
    """Random pictures and tokens; the first two captions are the same."""
    chance = torch.Generator().manual_seed(count)
    tokens = torch.randint(1, 49_000, (count, 12), generator=chance)
    tokens[1] = tokens[0]
    numbers = torch.arange(count)
    texts = numbers.clone()
    texts[1] = 0
    pixels = torch.randn(count, 3, 32, 32, generator=chance)
    return Batch(pixels, tokens, match_matrix(numbers, texts))


def gradients(
    dual_encoder: OpenClip, count: int, part: int
) -> tuple[float, dict[str, torch.Tensor]]:
    dual_encoder.network.zero_grad()
    model = DeviceNetwork(dual_encoder.network, CPU, torch.float32)
    loss = add_gradient(model, some_batch(count), part, seed=5)
    named = dual_encoder.network.named_parameters()
    return loss, {name: one.grad.clone() for name, one in named if one.grad is not None}


def test_loss_by_hand() -> None:
    # Logits [[1, 0], [0, 1]]: each row's and column's cross-entropy is ln(e + 1) - 1.
    loss = contrastive_loss(EYE, EYE, torch.eye(2, dtype=torch.bool), ONE)
    assert float(loss) == pytest.approx(math.log(math.e + 1) - 1)


def test_equal_captions_share_the_target() -> None:
    # Both texts true of both pictures: half of -ln(e / (e + 1)) and half of -ln(1 / (e + 1)).
    loss = contrastive_loss(EYE, EYE, torch.ones(2, 2, dtype=torch.bool), ONE)
    assert float(loss) == pytest.approx(math.log(math.e + 1) - 0.5)


def test_sigmoid_loss_by_hand() -> None:
    # Logits 2 * cosine - 1: two yeses at 1 and two noes at -1, so 4 ln(1 + 1/e) over 2 pairs.
    loss = contrastive_loss(EYE, EYE, torch.eye(2, dtype=torch.bool), 2 * ONE, -ONE)
    assert float(loss) == pytest.approx(2 * math.log(1 + 1 / math.e))


def test_losses_are_those_of_open_clip() -> None:
    import open_clip

    images, texts = unit_rows(9, 16, 1), unit_rows(9, 16, 2)
    own = torch.eye(9, dtype=torch.bool)
    scale, bias = torch.tensor(14.3), torch.tensor(-10.0)
    soft = open_clip.loss.ClipLoss()(images, texts, scale)
    assert float(contrastive_loss(images, texts, own, scale)) == pytest.approx(
        float(soft), rel=1e-6
    )
    yes_no = open_clip.loss.SigLipLoss()(images, texts, scale, bias)
    assert float(contrastive_loss(images, texts, own, scale, bias)) == pytest.approx(
        float(yes_no), rel=1e-6
    )


def test_what_a_batch_says_of_a_picture_is_true_of_it() -> None:
    # Picture 0 has captions 0 and 1; caption 1 is also that of picture 1; picture 2 is alone.
    matches = match_matrix(torch.tensor([0, 0, 1, 2]), torch.tensor([0, 1, 1, 2]))
    assert matches.int().tolist() == [[1, 1, 1, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1]]


@pytest.mark.parametrize("part", [1, 5, 6, 11])
def test_a_batch_in_parts_has_the_gradient_of_the_whole(tmp_path: Path, part: int) -> None:
    dual_encoder = load(tmp_path)
    loss, whole = gradients(dual_encoder, 12, 12)
    same, parts = gradients(dual_encoder, 12, part)
    assert same == pytest.approx(loss, rel=1e-6)
    assert whole.keys() == parts.keys()
    assert "logit_scale" in whole
    for name, one in whole.items():
        assert float((parts[name] - one).norm()) <= 1e-5 * float(one.norm()), name


def test_adding_up_the_losses_of_parts_would_be_something_else(tmp_path: Path) -> None:
    dual_encoder, batch = load(tmp_path), some_batch(12)
    whole, _ = gradients(dual_encoder, 12, 12)
    model = DeviceNetwork(dual_encoder.network, CPU, torch.float32)
    halves = [
        Batch(batch.pixels[some], batch.tokens[some], batch.matches[some, some])
        for some in (slice(0, 6), slice(6, 12))
    ]
    summed = sum(add_gradient(model, half, 6, seed=5) for half in halves) / 2
    assert abs(summed - whole) > 0.1


def test_dropout_falls_alike_in_both_passes(tmp_path: Path) -> None:
    dual_encoder = load(tmp_path, DROPPING)
    model, seen = DeviceNetwork(dual_encoder.network.train(), CPU, torch.float32), []
    encode = model.images

    def images(pixels: torch.Tensor) -> torch.Tensor:
        seen.append(encode(pixels))
        return seen[-1]

    model.images = images  # type: ignore[method-assign]
    before = torch.random.get_rng_state()
    add_gradient(model, some_batch(6), 2, seed=5)
    assert len(seen) == 6
    for first, again in zip(seen[:3], seen[3:], strict=True):
        assert torch.equal(first, again)
    assert not torch.equal(seen[0], seen[1])
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("side", ["image", "text"])
def test_a_frozen_tower_stays_as_it_is(tmp_path: Path, side: str) -> None:
    dual_encoder = load(tmp_path)
    before = {name: one.clone() for name, one in dual_encoder.network.state_dict().items()}
    settings = TrainSettings(batch=3, accumulate=2, frozen=(side,))
    learner = Learner(DeviceNetwork(dual_encoder.network, CPU, torch.float32), settings)
    learner.step(some_batch(6), 0.01, 5)
    changed = {
        n for n, one in dual_encoder.network.state_dict().items() if not torch.equal(one, before[n])
    }
    assert "logit_scale" in changed
    assert any(name.startswith("visual.") for name in changed) == (side == "text")
    assert ("token_embedding.weight" in changed) == (side == "image")


def test_batch_norms_keep_their_statistics(tmp_path: Path) -> None:
    seen = {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "head_width": 32}
    dual_encoder = load(tmp_path, {**TINY, "vision_cfg": seen})
    loss, whole = gradients(dual_encoder, 6, 6)
    before = {name: one.clone() for name, one in dual_encoder.network.named_buffers()}
    learner = Learner(
        DeviceNetwork(dual_encoder.network, CPU, torch.float32), TrainSettings(batch=3)
    )
    assert learner.step(some_batch(6), 0.01, 5) == pytest.approx(loss, rel=1e-5)
    assert any("running_mean" in name for name in before)
    assert all(torch.equal(one, before[name]) for name, one in dual_encoder.network.named_buffers())
    assert "visual.bn1.weight" in whole


def test_the_temperature_stays_below_its_bound(tmp_path: Path) -> None:
    dual_encoder = load(tmp_path)
    dual_encoder.network.logit_scale.data.fill_(9.0)
    learner = Learner(DeviceNetwork(dual_encoder.network, CPU, torch.float32), TrainSettings())
    learner.step(some_batch(4), 1e-5, 5)
    assert float(dual_encoder.network.logit_scale.detach().exp()) == pytest.approx(100)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_learns_and_keeps_weights_whole(tmp_path: Path, dtype: torch.dtype) -> None:
    dual_encoder = load(tmp_path)
    learner = Learner(
        DeviceNetwork(dual_encoder.network, CPU, dtype), TrainSettings(batch=4, accumulate=2)
    )
    losses = [learner.step(some_batch(8), 0.003, step) for step in range(12)]
    assert losses[-1] < losses[0] - 0.3
    assert {one.dtype for one in dual_encoder.network.parameters()} == {torch.float32}


def test_a_loss_that_is_no_number_stops_the_training(tmp_path: Path) -> None:
    dual_encoder = load(tmp_path)
    dual_encoder.network.visual.proj.data.fill_(math.nan)
    learner = Learner(DeviceNetwork(dual_encoder.network, CPU, torch.float32), TrainSettings())
    with pytest.raises(TrainingDiverged, match="nan"):
        learner.step(some_batch(4), 1e-5, 5)


def test_learning_rate() -> None:
    plan = Plan(8, TrainSettings(epochs=5, batch=4, rate=2.0, warmup=0.2))
    assert plan.steps == 10
    rates = [plan.learning_rate(step) for step in range(10)]
    # Two steps up, then (1 + cos(pi k / 8)) for k from 0.
    assert rates[:3] == pytest.approx([1.0, 2.0, 2.0])
    assert rates[6] == pytest.approx(1.0)
    assert rates[9] == pytest.approx(1 + math.cos(math.pi * 7 / 8))
    assert Plan(8, TrainSettings(epochs=1, warmup=0.0)).learning_rate(0) == 1e-5


def test_an_epoch_sees_every_pair_once_in_batches_of_one_size() -> None:
    plan = Plan(23, TrainSettings(epochs=2, batch=4, accumulate=2))
    assert plan.epoch_steps == 3
    first = [plan.places(step) for step in range(3)]
    second = [plan.places(step) for step in range(3, 6)]
    assert [len(places) for places in first] == [8, 8, 7]
    for epoch in (first, second):
        assert sorted(place for places in epoch for place in places) == list(range(23))
    assert first != second
    assert plan.places(1) == first[1]
    assert Plan(23, TrainSettings(epochs=2, batch=8, seed=1)).places(1) != first[1]


def test_recall_by_hand() -> None:
    images = normalize(torch.tensor([[1.0, 0.0], [1.0, 0.2], [0.0, 1.0]]), dim=1)
    texts = normalize(torch.tensor([[1.0, 0.15], [0.0, 1.0]]), dim=1)
    # Text 0 is true of pictures 0 and 2, but nearest to 1; text 1 of picture 1, which comes second.
    matches = torch.tensor([[True, False, True], [False, True, False]])
    recall = measure_recall(images, texts, matches)
    assert recall.text_to_image == (0.0, 1.0, 1.0)
    # Picture 0 is nearest to its text; 1 is nearer to the other, and so is 2.
    assert recall.image_to_text == pytest.approx((1 / 3, 1.0, 1.0))
    assert recall.matches == pytest.approx(float((texts @ images.T)[matches].mean()), abs=1e-6)
    assert recall.strangers == pytest.approx(float((texts @ images.T)[~matches].mean()), abs=1e-6)
    assert (recall.images, recall.texts, recall.cosine_range) == (3, 2, None)


def test_a_model_that_tells_nothing_apart_has_no_recall() -> None:
    same = torch.ones(30, 1)
    recall = measure_recall(same, same, torch.eye(30, dtype=torch.bool))
    assert recall.text_to_image == recall.image_to_text == (0.0, 0.0, 0.0)
    assert recall.cosine_range is None
