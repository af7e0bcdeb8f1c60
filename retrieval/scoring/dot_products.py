"""Inner products of a query's rows with many stored rows, by onnxruntime.

Small graphs cast and multiply without a copy of the rows in fp32: on fp16 rows
that was the fastest of numpy, torch, maxsim-cpu and this (benchmarks/kernel.py).
Sign codes are multiplied as integers, with the query as int8: in about half the
time of fp16 rows, and nearer to their products than the Hamming distance of both
(benchmarks/quantization.py). One thread: retrieval.scoring.parallel gives each core
rows of its own. Knows no pages.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ingest.encoders.embedded.runtime.onnx_graph import MICROSOFT, TYPES, OnnxGraph, Tensors
from ingest.index.quantization import Rows, to_int8

if TYPE_CHECKING:
    from ingest.encoders.embedded.runtime.session import Session

OPSET = 17
DTYPES = (np.dtype(np.float32), np.dtype(np.float16), np.dtype(np.int8))


def dot_products(query: npt.NDArray[np.float32], rows: Rows) -> npt.NDArray[np.float32]:
    """Inner products (q, n) of a query (q, dim) with rows as they are stored.

    Those with sign codes are computed by `dot_products_signs`.
    """
    if rows.values.dtype == np.uint8:
        return dot_products_signs(query, rows.values)
    found = dot_products_dense(query, rows.values)
    if rows.scales is not None:
        found *= rows.scales
    return found


def dot_products_dense(
    query: npt.NDArray[np.float32], rows: npt.NDArray[Any]
) -> npt.NDArray[np.float32]:
    """Inner products (q, n) of a query (q, dim) with rows (n, dim), computed in fp32.

    Args:
        rows: fp32, fp16 or int8, memory-mapped or not; other types are cast to fp32 first.
    """
    if rows.dtype not in DTYPES:
        rows = rows.astype(np.float32)
    feed = {"query": np.ascontiguousarray(query, np.float32), "rows": np.ascontiguousarray(rows)}
    product: npt.NDArray[np.float32] = _session(rows.dtype).run(feed)[0]
    return product


def dot_products_signs(
    query: npt.NDArray[np.float32], codes: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float32]:
    """Inner products (q, n) of a query (q, dim), as int8, with sign codes.

    The codes are the signs of unit rows.

    Args:
        codes: (n, bytes) as `ingest.index.quantization.pack` packs them.
    """
    quantized = to_int8(query)
    assert quantized.scales is not None
    # A row of signs has length one when each is 1 or -1 over the root of dim. With bits 1 and
    # 0 for 1 and -1, the product is twice that of the bits, less the sum of the query's row.
    scales = quantized.scales / np.float32(np.sqrt(query.shape[1]))
    feed = {
        "bits": np.unpackbits(codes, axis=1, count=query.shape[1]),
        "query": np.ascontiguousarray(quantized.values.T),
        "two": np.array(2, np.float32),
        "scales": scales,
        "less": -quantized.values.sum(axis=1, dtype=np.float32) * scales,
    }
    product: npt.NDArray[np.float32] = _signs().run(feed)[0]
    return product.T


@cache
def _signs() -> Session:
    """A graph that multiplies bits with int8 columns and scales the products."""
    graph = OnnxGraph()
    inputs = ["bits", "query", "two", "scales", "", "", "less"]  # no zero points
    graph.add("MatMulIntegerToFloat", inputs, "product", domain=MICROSOFT)
    takes: Tensors = {
        "bits": ("uint8", ["n", "dim"]),
        "query": ("int8", ["dim", "q"]),
        "two": ("float32", []),
        "scales": ("float32", ["q"]),
        "less": ("float32", ["q"]),
    }
    return open_graph(graph.serialize(takes, {"product": ("float32", ["n", "q"])}, OPSET))


@cache
def _session(dtype: np.dtype[Any]) -> Session:
    """A graph that casts rows to fp32 and multiplies the query with them, transposed."""
    graph = OnnxGraph()
    wide = graph.add("Cast", ["rows"], to=TYPES["float32"])
    graph.add("Gemm", ["query", wide], "product", transB=1)
    takes: Tensors = {"query": ("float32", ["q", "dim"]), "rows": (dtype.name, ["n", "dim"])}
    return open_graph(graph.serialize(takes, {"product": ("float32", ["q", "n"])}, OPSET))


def open_graph(model: bytes) -> Session:
    """Open a graph of products as a session with one thread."""
    from ingest.encoders.embedded.runtime.session import open_session

    # Rows come in blocks of one size, whose memory is worth keeping.
    return open_session(model, 1, arena=True)
