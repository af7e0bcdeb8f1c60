"""Inner products of a question's rows with many stored rows, as fast as the CPU's matrix product allows.

One onnxruntime graph casts and multiplies without a copy of the rows in fp32:
on fp16 rows it was the fastest of numpy, torch, maxsim-cpu and this
(benchmarks/kernel.py). Sign bits are compared by counting those that differ,
which takes a quarter of the time of the product with fp16 rows, where unpacking
them to be multiplied in fp32 saves nothing (benchmarks/storage.py); multiplied
in whole numbers, as for gists, they are quicker still. Knows no pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ingest.storage import Rows, pack

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_OPSET, _IR = 17, 9


def products(query: npt.NDArray[np.float32], rows: Rows) -> npt.NDArray[np.float32]:
    """Inner products (q, n) of `query` (q, dim) with rows as they are stored; of sign bits, what `agree` gives."""
    if rows.values.dtype == np.uint8:
        return agree(query, rows.values)
    found = similar(query, rows.values)
    if rows.scales is not None:
        found *= rows.scales
    return found


def agree(query: npt.NDArray[np.float32], codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Sign bits that agree less those that do not, over all (q, n): from -1 to 1.

    Args:
        query: (q, dim), whose own signs are taken.
        codes: (n, bytes) as `ingest.storage.pack` makes them.
    """
    asked = pack(query).view(np.uint64)
    held = np.ascontiguousarray(np.ascontiguousarray(codes).view(np.uint64).T)
    apart = np.zeros((len(query), len(codes)), np.uint16)
    for place, words in enumerate(held):
        apart += np.bitwise_count(asked[:, place, None] ^ words)
    return np.asarray(1 - apart * np.float32(2 / query.shape[1]), np.float32)


def similar(query: npt.NDArray[np.float32], rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Inner products (q, n) of `query` (q, dim) with `rows` (n, dim), computed in fp32.

    Args:
        rows: fp32, fp16 or int8, memory-mapped or not; other types are made fp32 first.
    """
    if rows.dtype not in _TYPES:
        rows = rows.astype(np.float32)
    feed = {"query": np.ascontiguousarray(query, np.float32), "rows": np.ascontiguousarray(rows)}
    product: npt.NDArray[np.float32] = _session(rows.dtype).run(None, feed)[0]
    return product


def count_bits(query: npt.NDArray[np.int8], codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Inner products (n, q) of `query` (q, dim) with the bits in `codes`, as 1 and 0: exact, and a third of fp32's time.

    Args:
        codes: (n, bytes) as `ingest.storage.pack` makes them.
    """
    bits = np.unpackbits(codes, axis=1, count=query.shape[1])
    feed = {"bits": bits, "query": np.ascontiguousarray(query.T)}
    counted: npt.NDArray[np.int32] = _counting().run(None, feed)[0]
    return counted


@cache
def _counting() -> InferenceSession:
    """Bits multiplied with int8 columns."""
    return _open(
        {"bits": ("UINT8", ["n", "dim"]), "query": ("INT8", ["dim", "q"])},
        [("MatMulInteger", ["bits", "query"], "product", {})],
        {"product": ("INT32", ["n", "q"])},
    )


_TYPES: Mapping[np.dtype[Any], str] = {
    np.dtype(np.float32): "FLOAT",
    np.dtype(np.float16): "FLOAT16",
    np.dtype(np.int8): "INT8",
}


@cache
def _session(dtype: np.dtype[Any]) -> InferenceSession:
    """Rows cast to fp32 and multiplied, transposed, with the question."""
    return _open(
        {"query": ("FLOAT", ["q", "dim"]), "rows": (_TYPES[dtype], ["n", "dim"])},
        [
            ("Cast", ["rows"], "wide", {"to": "FLOAT"}),
            ("Gemm", ["query", "wide"], "product", {"transB": 1}),
        ],
        {"product": ("FLOAT", ["q", "n"])},
    )


Tensors = Mapping[str, tuple[str, Sequence[str]]]
"""Type and shape of each, by name."""


def _open(
    inputs: Tensors,
    steps: Sequence[tuple[str, Sequence[str], str, Mapping[str, Any]]],
    outputs: Tensors,
) -> InferenceSession:
    """A graph of `steps`: an operator, what it takes, what it gives, and its attributes."""
    from onnx import TensorProto, helper

    from ingest.encoders.session import open_session

    def declare(tensors: Tensors) -> list[Any]:
        return [
            helper.make_tensor_value_info(name, getattr(TensorProto, kind), shape)
            for name, (kind, shape) in tensors.items()
        ]

    nodes = [
        helper.make_node(
            name,
            takes,
            [gives],
            **{k: getattr(TensorProto, v) if isinstance(v, str) else v for k, v in how.items()},
        )
        for name, takes, gives, how in steps
    ]
    graph = helper.make_graph(nodes, steps[-1][2], declare(inputs), declare(outputs))
    opsets = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR)
    # One thread: retrieval.spread gives each core rows of its own. Rows come in pieces of one
    # size, whose memory is worth keeping.
    return open_session(model.SerializeToString(), 1, arena=True)
