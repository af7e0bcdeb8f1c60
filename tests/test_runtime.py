"""Runtimes of the embedded networks: the same results, threads, and the choice."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, checker, helper, load_model_from_string, numpy_helper, save

from ingest.encoders.embedded.minilm import MiniLmEncoder, load_minilm
from ingest.encoders.embedded.runtime import session
from ingest.encoders.embedded.runtime.onnx_file import look_up_first, read_properties
from ingest.encoders.embedded.runtime.onnx_graph import OnnxGraph
from ingest.encoders.embedded.runtime.session import Runtime, open_session, runtime_version
from ingest.encoders.embedded.weights import MINILM
from ingest.index.probe import measure_drift, write_probe
from ingest.ocr.pp_ocr import LEAST_WIDTH, LINE_HEIGHT, padded_width

RUNTIMES: tuple[Runtime, ...] = ("onnxruntime", "openvino")


@pytest.fixture(params=RUNTIMES)
def runtime(request: pytest.FixtureRequest) -> Runtime:
    if request.param == "openvino":
        pytest.importorskip("openvino")
    named: Runtime = request.param
    return named


def a_network() -> bytes:
    """Doubles `x` (n, 3), and sums its rows."""
    nodes = [
        helper.make_node("Add", ["x", "x"], ["double"]),
        helper.make_node("ReduceSum", ["x", "axes"], ["sum"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
        [
            helper.make_tensor_value_info("double", TensorProto.FLOAT, ["n", 3]),
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, ["n"]),
        ],
        [helper.make_tensor("axes", TensorProto.INT64, [1], [1])],
    )
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    serialized: bytes = model.SerializeToString()
    return serialized


def test_outputs_come_in_the_order_of_the_model(runtime: Runtime) -> None:
    opened = open_session(a_network(), 1, runtime=runtime)
    for rows in (1, 4, 1):
        x = np.arange(3 * rows, dtype=np.float32).reshape(rows, 3)
        double, total = opened.run({"x": x})
        np.testing.assert_array_equal(double, 2 * x)
        np.testing.assert_array_equal(total, x.sum(axis=1))


def test_a_result_outlives_the_next_run(runtime: Runtime) -> None:
    opened = open_session(a_network(), 1, runtime=runtime)
    first = opened.run({"x": np.ones((1, 3), np.float32)})[0]
    opened.run({"x": np.zeros((1, 3), np.float32)})
    assert first.tolist() == [[2, 2, 2]]


def test_threads_share_a_session(runtime: Runtime) -> None:
    opened = open_session(a_network(), 1, runtime=runtime)

    def run(value: int) -> npt.NDArray[np.float32]:
        return opened.run({"x": np.full((50, 3), value, np.float32)})[0]

    with ThreadPoolExecutor(4) as pool:
        for value, found in enumerate(pool.map(run, range(200))):
            assert (found == 2 * value).all()


FIRST_RUNS = """
import sys, threading
import numpy as np
from ingest.encoders.embedded.runtime.onnx_graph import OnnxGraph
from ingest.encoders.embedded.runtime.session import open_session
graph = OnnxGraph()
graph.add("Relu", ["x"], "y")
shape = ("float32", ["n", 4])
session = open_session(graph.serialize({"x": shape}, {"y": shape}, 17), 1, runtime=sys.argv[1])
sys.setswitchinterval(1e-6)
together = threading.Barrier(8)
def run():
    together.wait()
    session.run({"x": np.ones((2, 4), np.float32)})
threads = [threading.Thread(target=run) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_first_runs_of_many_threads_end(runtime: Runtime) -> None:
    """OpenVINO's own tables, made by two threads at once, kept both waiting without end."""
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", FIRST_RUNS, runtime]
    subprocess.run(command, cwd=root, check=True, timeout=60)


def test_a_file_is_opened_as_its_bytes_are(runtime: Runtime, tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    path.write_bytes(a_network())
    x = np.ones((2, 3), np.float32)
    assert open_session(path, 0, runtime=runtime).run({"x": x})[1].tolist() == [3, 3]


def test_onnxruntime_is_used_without_openvino(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> str:
        raise session.PackageNotFoundError(name)

    session.worker_runtime.cache_clear()
    monkeypatch.setattr(session, "version", none)
    assert session.worker_runtime() == "onnxruntime"
    monkeypatch.undo()
    session.worker_runtime.cache_clear()
    assert set(runtime_version()) == {"onnxruntime"}


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ("fma avx2 avx512f avx512_bf16", True),
        ("avx2 amx_bf16 amx_tile", True),
        ("asimd i8mm bf16", True),
        ("fma avx2 avx512f avx512_vnni", False),
        ("", False),
    ],
)
def test_openvino_is_for_processors_with_bf16(
    flags: str, found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    assert not session.has_bf16(cpuinfo)
    cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    assert session.has_bf16(cpuinfo) == found
    monkeypatch.setattr(session, "has_bf16", lambda: found)
    monkeypatch.setattr(session, "version", lambda name: "1")
    assert session.worker_runtime.__wrapped__() == ("openvino" if found else "onnxruntime")


def minilm_rows(runtime: Runtime) -> npt.NDArray[np.float32]:
    opened = open_session(MINILM.verified(), 1, runtime=runtime)
    rows = []
    for seed, length in enumerate((1, 7, 60, 126)):
        ids = np.random.default_rng(seed).integers(1_000, 28_000, (1, length + 2))
        ids[0, 0], ids[0, -1] = 101, 102
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}  # fmt: skip
        rows.append(opened.run(inputs)[0][0])
    found = np.concatenate(rows)
    unit: npt.NDArray[np.float32] = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit


def test_both_runtimes_give_the_same_rows_nearly() -> None:
    pytest.importorskip("openvino")
    cosines = (minilm_rows("onnxruntime") * minilm_rows("openvino")).sum(axis=1)
    assert cosines.mean() > 0.999
    assert cosines.min() > 0.99


def test_an_index_of_one_runtime_is_searched_by_the_other(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    write_probe(tmp_path, MiniLmEncoder(1))
    other = MiniLmEncoder(1)
    other._for_pages = open_session(MINILM.verified(), 1, runtime="openvino")
    assert type(other._for_pages) is not type(MiniLmEncoder(1)._for_pages)
    drift = measure_drift(tmp_path, other)
    assert drift
    assert not drift.changed


def test_texts_are_encoded_without_openvino() -> None:
    before = "openvino" in sys.modules
    load_minilm.cache_clear()
    load_minilm(1).encode_queries(["a red lantern"])
    assert ("openvino" in sys.modules) == before


@given(st.floats(0.01, 200))
def test_a_line_is_padded_by_a_fifth_and_a_step_at_most(ratio: float) -> None:
    wanted, padded = LINE_HEIGHT * ratio, padded_width(ratio)
    assert padded >= max(LEAST_WIDTH, wanted)
    assert padded % 32 == 0
    assert padded == LEAST_WIDTH or padded < wanted * 1.17 + 32


def test_lines_have_few_widths() -> None:
    assert len({padded_width(ratio / 10) for ratio in range(1, 600)}) < 16


def test_a_written_network_is_one_that_onnx_reads() -> None:
    graph, weight = OnnxGraph(), np.arange(-3, 3, 0.01, np.float32).reshape(3, 200)
    product = graph.add("Gemm", ["x", graph.constant(weight)], alpha=0.5, transB=0)
    graph.add("Softmax", [graph.add("Transpose", [product], perm=[1, 0])], "y", axis=-1)
    written = graph.serialize(
        {"x": ("float32", ["n", 3])}, {"y": ("float32", [200, "n"])}, opset=17
    )
    model = load_model_from_string(written)
    checker.check_model(model, full_check=True)
    np.testing.assert_array_equal(numpy_helper.to_array(model.graph.initializer[0]), weight)
    x = np.eye(3, dtype=np.float32)
    powers = np.exp(weight.T / 2 - weight.T.max(axis=1, keepdims=True) / 2)
    (found,) = open_session(written, 1).run({"x": x})
    np.testing.assert_allclose(found, powers / powers.sum(axis=1, keepdims=True), rtol=1e-5)


def test_rows_looked_up_first_are_the_same(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    table = numpy_helper.from_array(random.integers(-9, 9, (50, 4)).astype(np.int8), "table")
    scale = numpy_helper.from_array(random.random((50, 1), np.float32), "scale")
    nodes = [
        helper.make_node("Cast", ["table"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["wide", "scale"], ["rows"]),
        helper.make_node("Gather", ["rows", "ids"], ["found"], axis=0),
        helper.make_node("Relu", ["found"], ["y"]),
    ]
    takes = [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "n"])]
    gives = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, "n", 4])]
    graph = helper.make_graph(nodes, "network", takes, gives, [table, scale])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, {"character": "a\nß"})
    save(model, path := tmp_path / "network.onnx")
    first = look_up_first(path, "table", "scale")
    checker.check_model(load_model_from_string(first), full_check=True)
    asked = {"ids": np.array([[3, 49, 3, 0]])}
    before, after = (open_session(each, 1).run(asked)[0] for each in (path, first))
    np.testing.assert_array_equal(after, before)
    assert read_properties(path) == {"character": "a\nß"}
