"""Reader of ONNX models: their properties, and embeddings looked up first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ingest.encoders.embedded.runtime.onnx_graph import (
    FIXED32,
    LENGTH,
    TYPES,
    VARINT,
    OnnxGraph,
    message,
    message_head,
)

_FIXED = {1: 8, FIXED32: 4}
"""Bytes of wire types of one size."""
_GRAPH, _METADATA = 7, 14
_NODE = 1
_INPUT, _OUTPUT = 1, 2
"""Fields of a model, of its graph, and of a node."""


class _Field(NamedTuple):
    """A field of a message: its number, its content if it has a length, and all of it."""

    number: int
    content: memoryview
    whole: memoryview


class _Node(NamedTuple):
    inputs: list[str]
    outputs: list[str]


def read_properties(model: Path) -> dict[str, str]:
    """Properties by key that an ONNX file carries beside its graph."""
    properties = {}
    for field in _fields(memoryview(model.read_bytes())):
        if field.number == _METADATA:
            key, value = (bytes(part.content).decode() for part in _fields(field.content))
            properties[key] = value
    return properties


def look_up_first(model: Path, table: str, scale: str) -> bytes:
    """A model whose table of embeddings is cast and scaled after the lookup.

    As published, all of an int8 table is cast to fp32 and scaled, then rows are looked
    up in it: a session does that when it is opened, and keeps the table in fp32. Row by row
    the results are the same.

    Args:
        table: name of the constant (rows, dim).
        scale: name of the constant with the scale of each row (rows, 1).
    """
    fields = list(_fields(memoryview(model.read_bytes())))
    at = next(i for i, field in enumerate(fields) if field.number == _GRAPH)
    graph = list(_fields(fields[at].content))
    nodes = {i: _read_node(f.content) for i, f in enumerate(graph) if f.number == _NODE}
    cast = next(i for i, node in nodes.items() if node.inputs == [table])
    scaled = next(i for i, node in nodes.items() if scale in node.inputs)
    found = next(i for i, node in nodes.items() if nodes[scaled].outputs[0] in node.inputs)
    made = OnnxGraph()
    ids = nodes[found].inputs[1]
    rows = made.add("Cast", [made.add("Gather", [table, ids])], to=TYPES["float32"])
    made.add("Mul", [rows, made.add("Gather", [scale, ids])], nodes[found].outputs[0])
    pieces: list[memoryview | bytes] = []
    for i, field in enumerate(graph):
        if i == found:
            pieces += [message(_NODE, node) for node in made.nodes]
        elif i not in (cast, scaled):
            pieces.append(field.whole)
    head = message_head(_GRAPH, sum(map(len, pieces)))
    before, after = ([field.whole for field in some] for some in (fields[:at], fields[at + 1 :]))
    return b"".join([*before, head, *pieces, *after])


def _read_node(content: memoryview) -> _Node:
    names: dict[int, list[str]] = {_INPUT: [], _OUTPUT: []}
    for field in _fields(content):
        if field.number in names:
            names[field.number].append(bytes(field.content).decode())
    return _Node(names[_INPUT], names[_OUTPUT])


def _fields(content: memoryview) -> Iterator[_Field]:
    """Fields of a message, in their order."""
    at = 0
    while at < len(content):
        start = at
        key, at = _read_varint(content, at)
        begin = at
        if key & 7 == LENGTH:
            length, begin = _read_varint(content, at)
            at = begin + length
        elif key & 7 == VARINT:
            _, at = _read_varint(content, at)
        else:
            at += _FIXED[key & 7]
        yield _Field(key >> 3, content[begin:at], content[start:at])


def _read_varint(content: memoryview, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    number = shift = 0
    while content[at] & 0x80:
        number |= (content[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return number | content[at] << shift, at + 1
