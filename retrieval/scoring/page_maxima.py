"""Page maxima: the largest inner product of each query row within each page.

The graphs of retrieval.scoring.dot_products, which take each page's maxima too where pages
have as many rows: the products then never leave the core's cache. Integer products of sign
codes stay integers until the maxima are known. One thread; knows no weights.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ingest.encoders.embedded.runtime.onnx_graph import TYPES, OnnxGraph, Tensors
from ingest.index.quantization import Rows, to_int8
from ingest.page import Vectors
from retrieval.scoring.dot_products import DTYPES, OPSET, dot_products, open_graph

if TYPE_CHECKING:
    from ingest.encoders.embedded.runtime.session import Session

Maxima = npt.NDArray[np.float32]


class QueryRows:
    """Rows (q, dim) of a query, made ready once for many pages."""

    def __init__(self, rows: Vectors) -> None:
        self.rows = np.ascontiguousarray(rows, np.float32)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def columns(self) -> tuple[npt.NDArray[np.int8], Maxima, Maxima]:
        """The rows as int8 columns (dim, q), and what makes products with signs of theirs.

        That is a factor and a sum for each (q,).
        """
        quantized = to_int8(self.rows)
        assert quantized.scales is not None
        # A row of signs has length one when each is 1 or -1 over the root of dim. With bits 1 and
        # 0 for 1 and -1, the product is twice that of the bits, less the sum of the query's row.
        scales = quantized.scales / np.float32(np.sqrt(self.rows.shape[1]))
        sums = quantized.values.sum(axis=1, dtype=np.float32) * scales
        return np.ascontiguousarray(quantized.values.T), 2 * scales, sums


def page_maxima(query: QueryRows, rows: Rows, lengths: npt.NDArray[np.int64]) -> Maxima:
    """The largest products (q, pages) within each page that has rows.

    Args:
        rows: of all pages, one after the other, as they are stored.
        lengths: (pages,) numbers of rows.
    """
    equal = bool((lengths == lengths[0]).all())
    if rows.values.dtype == np.uint8:
        return _of_signs(query, rows.values, lengths, equal)
    if equal and rows.values.dtype in DTYPES:
        feed = {
            "query": query.rows,
            "rows": np.ascontiguousarray(rows.values),
            "shape": np.array([len(query), len(lengths), -1]),
        }
        if rows.scales is not None:
            feed["scales"] = np.ascontiguousarray(rows.scales)
        best: Maxima = _largest(rows.values.dtype, rows.scales is not None).run(feed)[0]
        return best
    return np.asarray(np.maximum.reduceat(dot_products(query.rows, rows), _starts(lengths), axis=1))


def _of_signs(
    query: QueryRows, codes: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64], equal: bool
) -> Maxima:
    columns, factors, sums = query.columns
    # Unpacked as one row, which is faster; codes are padded to whole words.
    bits = np.unpackbits(np.ascontiguousarray(codes).reshape(-1)).reshape(len(codes), -1)
    if bits.shape[1] != len(columns):
        bits = np.ascontiguousarray(bits[:, : len(columns)])
    pages = len(lengths) if equal else len(codes)
    shape = np.array([pages, -1, len(query)])
    best = _largest_signs().run({"bits": bits, "query": columns, "shape": shape})[0]
    if not equal:
        best = np.maximum.reduceat(best, _starts(lengths), axis=0)
    return np.asarray((best * factors - sums).T, np.float32)


def _starts(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    some = lengths[lengths > 0]
    return np.asarray(np.cumsum(some) - some)


@cache
def _largest(dtype: np.dtype[Any], scaled: bool) -> Session:
    """A graph that casts rows to fp32, multiplies, and takes the maxima (q, pages)."""
    graph = OnnxGraph()
    wide = graph.add("Cast", ["rows"], to=TYPES["float32"])
    product = graph.add("Gemm", ["query", wide], transB=1)
    if scaled:
        product = graph.add("Mul", [product, "scales"])
    pages = graph.add("Reshape", [product, "shape"])
    graph.add("ReduceMax", [pages], "best", axes=[2], keepdims=0)
    takes: Tensors = {
        "query": ("float32", ["q", "dim"]),
        "rows": (dtype.name, ["n", "dim"]),
        "shape": ("int64", [3]),
        **({"scales": ("float32", ["n"])} if scaled else {}),
    }
    return open_graph(graph.serialize(takes, {"best": ("float32", ["q", "pages"])}, OPSET))


@cache
def _largest_signs() -> Session:
    """A graph that multiplies bits with int8 columns, and takes the maxima (pages, q)."""
    graph = OnnxGraph()
    product = graph.add("MatMulInteger", ["bits", "query"])
    pages = graph.add("Reshape", [product, "shape"])
    graph.add("ReduceMax", [pages], "best", axes=[1], keepdims=0)
    takes: Tensors = {
        "bits": ("uint8", ["n", "dim"]),
        "query": ("int8", ["dim", "q"]),
        "shape": ("int64", [3]),
    }
    return open_graph(graph.serialize(takes, {"best": ("int32", ["pages", "q"])}, OPSET))
