"""Export of a dual encoder's towers, from torch to networks of OpenVINO.

Each tower is traced once and converted by OpenVINO's frontend, which needs no package
beside torch (its `convert_model` would report its use to its makers). What was exported
is compared with torch before it is kept.
"""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import torch
from openvino.frontend import FrontEndManager
from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
from PIL import Image

from ingest.caches.kept_files import drop_oldest, keep_folder
from ingest.encoders.checkpoint import reason
from ingest.encoders.embedded.runtime.session import open_session
from ingest.encoders.exported.pixel_recipe import PixelRecipe
from ingest.encoders.exported.token_recipe import TokenRecipe, TowerTokenizer
from ingest.encoders.exported.towers import (
    KEPT_PREFIX,
    TEXT,
    TOKENIZER,
    VISION,
    NotExported,
    Towers,
    kept_name,
    kept_version,
    towers_of,
    write_facts,
    write_refusal,
)
from ingest.encoders.transformers_clip import TransformersClip, pooled_features, tokenize_padded
from ingest.page import unit

log = logging.getLogger(__name__)

PROCESSORS = ("CLIPImageProcessor", "SiglipImageProcessor", "CLIPFeatureExtractor")
"""Processors of images whose steps `PixelRecipe` knows."""
KEPT_BYTES = 8_000_000_000
"""Of all exported towers: ten of ViT-B/32, or four of ViT-L/14."""
LEAST_COSINE = 0.9999
"""Of rows by torch and by the exported tower, in fp32."""
PIXEL_DIFFERENCE = 0.02
"""Mean difference of normalized values that the two ways to resize may have."""
TEXTS = (
    "a photo of a red bicycle",
    "Two Lighthouses,  one keeper's!",
    "어디에 있나요?",
    "a " * 300,
)
_PARTS = {TEXT: "vision_", VISION: "text_"}
"""Heads of the modules that a tower does without."""


class CannotExport(Exception):
    """A checkpoint cannot be exported: the reason, as a clause."""


def export_towers(clip: TransformersClip) -> Towers | NotExported:
    """Export the towers of a model on the CPU in fp32, and keep them.

    The reason is kept too where a checkpoint cannot be exported.

    Raises:
        OSError: nothing can be kept.
        MemoryError: there is too little memory.
    """
    checkpoint = clip.checkpoint

    def make(folder: Path) -> None:
        try:
            _export(clip, folder)
        except (OSError, MemoryError):
            raise  # another time there may be room
        # Tracing runs a model's own code, which raises what it likes.
        except Exception as error:
            log.warning("the towers of %s are not exported: %s", checkpoint.spec, reason(error))
            write_refusal(folder, reason(error))

    name, version_ = kept_name(checkpoint.spec), kept_version(checkpoint)
    keep_folder(name, version_, make, versions=1)
    drop_oldest(KEPT_PREFIX, KEPT_BYTES, but=name)
    return towers_of(checkpoint)


def _export(clip: TransformersClip, folder: Path) -> None:
    pixels = _pixel_recipe(clip.image_processor)
    tokens = _write_tokenizer(clip, folder / TOKENIZER)
    image = _test_image()
    _compare_pixels(pixels(image), clip.prepare(image)["pixel_values"].numpy())
    batch = {"pixel_values": torch.from_numpy(np.stack([pixels(image), pixels(image.rotate(90))]))}
    _write_tower(clip, VISION, batch, folder)
    inputs = _tokens(clip, TEXTS)
    _compare_tokens(inputs, TowerTokenizer(folder / TOKENIZER, tokens))
    _write_tower(clip, TEXT, {name: ids[:2] for name, ids in inputs.items()}, folder)
    _compare_rows(clip, VISION, {"pixel_values": batch["pixel_values"][[1, 0, 1]]}, folder)
    _compare_rows(clip, TEXT, inputs, folder)
    provenance = {**clip.provenance, "openvino": version("openvino")}
    write_facts(
        folder,
        pixels,
        tokens,
        dim=clip.dim,
        logit_scale=clip.logit_scale,
        cosine_range=clip.cosine_range,
        provenance=provenance,
    )


def _pixel_recipe(processor: Any) -> PixelRecipe:
    """The recipe of a processor of transformers."""
    kind = type(processor).__name__.removesuffix("Pil").removesuffix("Fast")
    steps = ("do_resize", "do_rescale", "do_normalize")
    if kind not in PROCESSORS or not all(getattr(processor, step) for step in steps):
        raise CannotExport(f"images are prepared by {kind} in a way that is not known")
    size = {name: value for name, value in dict(processor.size).items() if value}
    crop = dict(processor.crop_size) if getattr(processor, "do_center_crop", False) else size
    shortest = int(size.get("shortest_edge", 0))
    if not {"height", "width"} <= crop.keys() or (size.keys() - {"shortest_edge"} and crop != size):
        raise CannotExport(f"images are cut to {crop} of {size}, which is not known")
    height, width = int(crop["height"]), int(crop["width"])
    if shortest and shortest < max(height, width):
        raise CannotExport(f"images are padded from {size} to {crop}, which is not known")
    return PixelRecipe(
        height=height,
        width=width,
        shortest=shortest,
        resample=int(processor.resample),
        scale=float(processor.rescale_factor),
        mean=tuple(map(float, processor.image_mean)),
        std=tuple(map(float, processor.image_std)),
    )


def _write_tokenizer(clip: TransformersClip, path: Path) -> TokenRecipe:
    tokenizer = clip.tokenizer
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise CannotExport("its tokenizer is not a fast one, of which a file can be written")
    backend.save(str(path))
    return TokenRecipe(
        length=clip.length,
        pad_id=tokenizer.pad_token_id,
        pad_token=tokenizer.pad_token,
        padding_side=tokenizer.padding_side,
        truncation_side=tokenizer.truncation_side,
        mask="attention_mask" in _tokens(clip, TEXTS[:1]),
        lowercase=clip.lowercase,
    )


def _tokens(clip: TransformersClip, texts: Sequence[str]) -> dict[str, torch.Tensor]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of texts that are too long
        texts = [text.lower() for text in texts] if clip.lowercase else texts
        return dict(tokenize_padded(clip.tokenizer, texts, clip.length))


def _write_tower(
    clip: TransformersClip, name: str, example: Mapping[str, torch.Tensor], folder: Path
) -> None:
    """Trace a tower with an example of its inputs, of any batch, and write its network."""
    network = copy.copy(clip.network)
    # The other tower would be traced too, and its weights copied.
    network._modules = {
        part: module
        for part, module in network._modules.items()
        if not part.startswith(_PARTS[name])
    }
    kind = _VisionTower if name == VISION else _TextTower
    with torch.inference_mode(), _quiet():
        decoder = TorchScriptPythonDecoder(kind(network).eval(), example_input=dict(example))
        frontend = FrontEndManager().load_by_framework("pytorch")
        model = frontend.convert(frontend.load(decoder))
    for given, (input_name, values) in zip(model.inputs, example.items(), strict=True):
        given.tensor.set_names({input_name})
        given.node.set_partial_shape(openvino.PartialShape([-1, *values.shape[1:]]))
    model.validate_nodes_and_infer_types()
    openvino.save_model(model, folder / name, compress_to_fp16=False)


class _VisionTower(torch.nn.Module):
    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return pooled_features(self.network.get_image_features(pixel_values=pixel_values))


class _TextTower(torch.nn.Module):
    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        features = self.network.get_text_features(
            input_ids=input_ids, attention_mask=attention_mask
        )
        return pooled_features(features)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch and transformers say of tracing: the result is compared."""
    loggers = [logging.getLogger(name) for name in ("transformers", "torch")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _test_image() -> Image.Image:
    """Waves in three colors, of an uneven size."""
    y, x = np.mgrid[:171, :263]
    waves = [np.sin(x / a) * np.cos(y / b) for a, b in ((7, 31), (40, 9), (17, 17))]
    return Image.fromarray(((np.stack(waves, axis=-1) + 1) * 127).astype(np.uint8))


def _compare_pixels(ours: Any, theirs: Any) -> None:
    if ours.shape != theirs.shape:
        raise CannotExport(f"its processor makes images of shape {theirs.shape}, not {ours.shape}")
    if (difference := float(np.abs(ours - theirs).mean())) > PIXEL_DIFFERENCE:
        raise CannotExport(f"its processor gives other pixels (mean difference {difference:.3f})")


def _compare_tokens(theirs: Mapping[str, torch.Tensor], tokenize: TowerTokenizer) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of texts that are too long
        ours = tokenize(TEXTS)
    same = ours.keys() == theirs.keys() and all(
        np.array_equal(ours[name], theirs[name].numpy()) for name in ours
    )
    if not same:
        raise CannotExport("its tokenizer gives other tokens than its file")


def _compare_rows(
    clip: TransformersClip, name: str, inputs: Mapping[str, torch.Tensor], folder: Path
) -> None:
    """Compare rows by torch and by the network, in another batch than it was traced with."""
    tower = (_VisionTower if name == VISION else _TextTower)(clip.network)
    with torch.inference_mode():
        theirs = unit(tower(**inputs).float().numpy())
    session = open_session(folder / name, 0, runtime="openvino", precision="f32")
    ours = unit(session.run({key: values.numpy() for key, values in inputs.items()})[0])
    if not (least := float((ours * theirs).sum(axis=1).min())) >= LEAST_COSINE:
        raise CannotExport(f"the exported network gives other vectors (cosine {least:.4f})")
