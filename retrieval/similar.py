"""Inner products of a question's rows with many stored rows, as fast as the CPU's matrix product allows.

One onnxruntime graph casts and multiplies without a copy of the rows in fp32:
on fp16 rows it was the fastest of numpy, torch, maxsim-cpu and this
(benchmarks/kernel.py). Knows no pages.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_OPSET, _IR = 17, 9


def similar(query: npt.NDArray[np.float32], rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Inner products (q, n) of `query` (q, dim) with `rows` (n, dim), computed in fp32.

    Args:
        rows: fp32, fp16 or int8, memory-mapped or not; other types are made fp32 first.
    """
    if rows.dtype.name not in _TYPES:
        rows = rows.astype(np.float32)
    feed = {"query": np.ascontiguousarray(query, np.float32), "rows": np.ascontiguousarray(rows)}
    product: npt.NDArray[np.float32] = _session(rows.dtype.name).run(None, feed)[0]
    return product


_TYPES = {"float32": "FLOAT", "float16": "FLOAT16", "int8": "INT8"}


@cache
def _session(dtype: str) -> InferenceSession:
    """Rows cast to fp32 and multiplied, transposed, with the question."""
    from onnx import TensorProto, helper

    from ingest.encoders.session import open_session

    kind = getattr(TensorProto, _TYPES[dtype])
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["rows"], ["wide"], to=TensorProto.FLOAT),
            helper.make_node("Gemm", ["query", "wide"], ["product"], transB=1),
        ],
        "similar",
        [
            helper.make_tensor_value_info("query", TensorProto.FLOAT, ["q", "dim"]),
            helper.make_tensor_value_info("rows", kind, ["n", "dim"]),
        ],
        [helper.make_tensor_value_info("product", TensorProto.FLOAT, ["q", "n"])],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR
    )
    return open_session(model.SerializeToString(), 0)
