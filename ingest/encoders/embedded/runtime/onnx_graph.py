"""Writer of ONNX models, and reader of their properties.

The few messages of ONNX's format that the networks here have, as protocol buffers
(onnx/onnx.proto, protobuf.dev/programming-guides/encoding). The package `onnx` takes
longer to import than such a network to write, and a search waits for it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

IR_VERSION = 9
MICROSOFT = "com.microsoft"
"""Domain of onnxruntime's own operators."""
TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int64": 7, "float16": 10}
"""Numbers of TensorProto.DataType."""
_VARINT, _LENGTH, _FIXED32 = 0, 2, 5
"""Wire types."""
_FIXED = {1: 8, _FIXED32: 4}
_METADATA = 14

Shape = Sequence[int | str]
"""Sides of a tensor; a name is one that may vary."""
Tensors = Mapping[str, tuple[str, Shape]]
"""Type and shape of tensors by name."""


class OnnxGraph:
    """Graph that nodes and constants are added to, in the order of computation."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: dict[str, tuple[bytes, bytes]] = {}

    def constant(self, value: npt.NDArray[Any], name: str = "") -> str:
        """Add a constant, once for each name; its name."""
        name = name or f"constant{len(self._constants)}"
        if name not in self._constants:
            sides = b"".join(_integer(1, side) for side in value.shape)
            data = value.tobytes()
            head = _integer(2, TYPES[value.dtype.name]) + _text(8, name) + _head(9, len(data))
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
        output = output or f"{kind}{len(self._nodes)}"
        names = b"".join(_text(1, name) for name in inputs) + _text(2, output)
        more = b"".join(_message(5, _attribute(*one)) for one in attributes.items())
        self._nodes.append(names + _text(4, kind) + more + (_text(7, domain) if domain else b""))
        return output

    def serialize(self, inputs: Tensors, outputs: Tensors, opset: int) -> bytes:
        """The model as ONNX's bytes, with this version of its operators."""
        graph = [_message(1, node) for node in self._nodes]
        graph.append(_text(2, "network"))
        for head, data in self._constants.values():  # joined once: the weights are large
            graph += [_head(5, len(head) + len(data)), head, data]
        graph += [_message(11, _declare(name, *how)) for name, how in inputs.items()]
        graph += [_message(12, _declare(name, *how)) for name, how in outputs.items()]
        domains = {"": opset, MICROSOFT: 1}
        opsets = [_text(1, domain) + _integer(2, number) for domain, number in domains.items()]
        start = _integer(1, IR_VERSION) + _head(7, sum(map(len, graph)))
        return b"".join([start, *graph, *(_message(8, one) for one in opsets)])


def read_properties(model: Path) -> dict[str, str]:
    """Properties by key that an ONNX file carries beside its graph."""
    properties = {}
    for field, value in _fields(memoryview(model.read_bytes())):
        if field == _METADATA:
            parts = dict(_fields(value))
            properties[bytes(parts[1]).decode()] = bytes(parts[2]).decode()
    return properties


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Fields of a message that have a length; the others are passed over."""
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        if key & 7 == _LENGTH:
            length, at = _read_varint(message, at)
            yield key >> 3, message[at : at + length]
            at += length
        elif key & 7 == _VARINT:
            _, at = _read_varint(message, at)
        else:
            at += _FIXED[key & 7]


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    number = shift = 0
    while message[at] & 0x80:
        number |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return number | message[at] << shift, at + 1


def _attribute(name: str, value: float | str | Sequence[int]) -> bytes:
    """An AttributeProto: float, integer, text or integers."""
    if isinstance(value, float):
        kind, content = 1, bytes([2 << 3 | _FIXED32]) + struct.pack("<f", value)
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
    dimensions = b"".join(_message(1, side) for side in sides)
    tensor = _integer(1, TYPES[kind]) + _message(2, dimensions)
    return _text(1, name) + _message(2, _message(1, tensor))


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _message(field, value.encode())


def _message(field: int, content: bytes) -> bytes:
    return _head(field, len(content)) + content


def _head(field: int, length: int) -> bytes:
    """What comes before the content of a field."""
    return _varint(field << 3 | _LENGTH) + _varint(length)


def _varint(number: int) -> bytes:
    """A number in groups of seven bits, the lowest first; negative ones in 64 bits."""
    number &= (1 << 64) - 1
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)
