"""Writer of ONNX models.

The few messages of ONNX's format that the networks here have, as protocol buffers
(onnx/onnx.proto, protobuf.dev/programming-guides/encoding). The package `onnx` takes
longer to import than such a network to write, and a search waits for it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

IR_VERSION = 9
MICROSOFT = "com.microsoft"
"""Domain of onnxruntime's own operators."""
TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "float16": 10}
"""Numbers of TensorProto.DataType."""
VARINT, LENGTH, FIXED32 = 0, 2, 5
"""Wire types."""

Shape = Sequence[int | str]
"""Sides of a tensor; a name is one that may vary."""
Tensors = Mapping[str, tuple[str, Shape]]
"""Type and shape of tensors by name."""


class OnnxGraph:
    """Graph that nodes and constants are added to, in the order of computation."""

    def __init__(self) -> None:
        self.nodes: list[bytes] = []
        """Each a NodeProto."""
        self._constants: dict[str, tuple[bytes, bytes]] = {}

    def constant(self, value: npt.NDArray[Any], name: str = "") -> str:
        """Add a constant, once for each name; its name."""
        name = name or f"constant{len(self._constants)}"
        if name not in self._constants:
            sides = b"".join(_integer(1, side) for side in value.shape)
            data = value.tobytes()
            head = (
                _integer(2, TYPES[value.dtype.name]) + _text(8, name) + message_head(9, len(data))
            )
            self._constants[name] = sides + head, data
        return name

    def add(
        self,
        kind: str,
        inputs: Sequence[str],
        output: str = "",
        *,
        domain: str = "",
        **attributes: float | str | Sequence[int],
    ) -> str:
        """Add a node of one output; the output's name."""
        output = output or f"{kind}{len(self.nodes)}"
        names = b"".join(_text(1, name) for name in inputs) + _text(2, output)
        more = b"".join(message(5, _attribute(*one)) for one in attributes.items())
        self.nodes.append(names + _text(4, kind) + more + (_text(7, domain) if domain else b""))
        return output

    def serialize(self, inputs: Tensors, outputs: Tensors, opset: int) -> bytes:
        """The model as ONNX's bytes, with this version of its operators."""
        graph = [message(1, node) for node in self.nodes]
        graph.append(_text(2, "network"))
        for head, data in self._constants.values():  # joined once: the weights are large
            graph += [message_head(5, len(head) + len(data)), head, data]
        graph += [message(11, _declare(name, *how)) for name, how in inputs.items()]
        graph += [message(12, _declare(name, *how)) for name, how in outputs.items()]
        domains = {"": opset, MICROSOFT: 1}
        opsets = [_text(1, domain) + _integer(2, number) for domain, number in domains.items()]
        start = _integer(1, IR_VERSION) + message_head(7, sum(map(len, graph)))
        return b"".join([start, *graph, *(message(8, one) for one in opsets)])


def _attribute(name: str, value: float | str | Sequence[int]) -> bytes:
    """An AttributeProto: float, integer, text or integers."""
    if isinstance(value, float):
        kind, content = 1, bytes([2 << 3 | FIXED32]) + struct.pack("<f", value)
    elif isinstance(value, int):
        kind, content = 2, _integer(3, value)
    elif isinstance(value, str):
        kind, content = 3, _text(4, value)
    else:
        kind, content = 7, b"".join(_integer(8, one) for one in value)
    return _text(1, name) + content + _integer(20, kind)


def _declare(name: str, kind: str, shape: Shape) -> bytes:
    """A ValueInfoProto of a tensor."""
    sides = (_text(2, side) if isinstance(side, str) else _integer(1, side) for side in shape)
    dimensions = b"".join(message(1, side) for side in sides)
    tensor = _integer(1, TYPES[kind]) + message(2, dimensions)
    return _text(1, name) + message(2, message(1, tensor))


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3 | VARINT) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return message(field, value.encode())


def message(field: int, content: bytes) -> bytes:
    """A field with a length: a text, bytes, or a message."""
    return message_head(field, len(content)) + content


def message_head(field: int, length: int) -> bytes:
    """What comes before the content of a field."""
    return _varint(field << 3 | LENGTH) + _varint(length)


def _varint(number: int) -> bytes:
    """A number in groups of seven bits, the lowest first; negative ones in 64 bits."""
    number &= (1 << 64) - 1
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)
