import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file
from typer.testing import CliRunner

from api.cli.main import app
from ingest.add import AddSettings, add
from ingest.event import Quantized
from ingest.index.convert import convert
from ingest.index.index import open_indexes
from ingest.index.quantization import (
    QUANTIZATIONS,
    LossyConversion,
    Rows,
    UnknownQuantization,
    pack_signs,
    parse_quantization,
    sign_bytes,
    to_int8,
)
from ingest.index.vector_file import DocumentVectors
from ingest.index.vector_writer import VectorWriter
from ingest.library.library import Library
from ingest.page import PageVectors
from ingest.verify import verify
from retrieval.scoring.dot_products import dot_products, dot_products_signs
from retrieval.scoring.maxsim import maxsim
from retrieval.scoring.scores import CandidateBatch, score_batches
from retrieval.search import Searcher

QUESTION = "When does the Seoul shuttle leave?"


def unit_rows(seed: int, count: int, dim: int = 8) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def write(folder: Path, kind: str, pages: list[np.ndarray], center=()) -> DocumentVectors:
    dim = pages[0].shape[1]
    target = folder / f"{kind}.safetensors"
    writer = VectorWriter(
        target, folder / "aside.safetensors", dim, parse_quantization(kind), lambda: center
    )
    for rows in pages:
        writer.append(PageVectors(rows, np.zeros((len(rows), 4), np.float32)))
    writer.close()
    return DocumentVectors(target)


def whole(held: DocumentVectors, first: int = 0) -> CandidateBatch:
    numbers = np.arange(1, held.page_count + 1)
    return CandidateBatch(held, numbers, first + numbers - 1)


def test_int8_worked_out_by_hand():
    # The largest value becomes 127: scales are 1 and 0.5, and 0.3 / 0.5 rounds to 1.
    kept = to_int8(np.array([[127, -64.4, 0], [0.3, -63.5, 20]], np.float32))
    assert kept.values.tolist() == [[127, -64, 0], [1, -127, 40]]
    assert kept.scales.tolist() == [1, 0.5]
    assert kept.dequantize().tolist() == [[127, -64, 0], [0.5, -63.5, 20]]


@given(
    rows=st.lists(
        st.lists(st.floats(-1e3, 1e3, width=32, allow_subnormal=False), min_size=5, max_size=5),
        min_size=1,
        max_size=6,
    )
)
def test_int8_is_off_by_at_most_half_a_scale(rows):
    rows = np.array(rows, np.float32)
    kept = to_int8(rows)
    assert np.isfinite(kept.scales).all()
    # The quotient is rounded in fp32, which adds a little.
    slack = np.abs(rows).max() * 1e-6
    assert (np.abs(kept.dequantize() - rows) <= kept.scales[:, None] / 2 + slack).all()


def test_a_row_of_zeros_stays_one_and_no_rows_stay_none():
    assert to_int8(np.zeros((1, 4), np.float32)).dequantize().tolist() == [[0, 0, 0, 0]]
    assert to_int8(np.zeros((0, 4), np.float32)).dequantize().shape == (0, 4)


def test_signs_worked_out_by_hand():
    rows = np.array([[1, -1, 1, 0.2, -1, -1, -1, 1, 1]], np.float32)
    # 1011 0001 1, the rest of the word is padding; about 0.5, 0.2 is below.
    assert pack_signs(rows)[0, :2].tolist() == [0b10110001, 0b10000000]
    assert pack_signs(rows, [0.5] * 9)[0, :2].tolist() == [0b10100001, 0b10000000]
    assert pack_signs(rows).shape == (1, 8)
    assert [sign_bytes(dim) for dim in (1, 64, 65, 384)] == [8, 8, 16, 48]


@given(seed=st.integers(0, 2**32 - 1), dim=st.sampled_from([3, 64, 70, 384]))
def test_products_with_signs_are_those_of_a_slow_loop(seed, dim):
    query, rows = unit_rows(seed, 3, dim), unit_rows(seed + 1, 5, dim)
    asked = to_int8(query).dequantize()
    slow = [
        [sum(a if b > 0 else -a for a, b in zip(q, r, strict=True)) / math.sqrt(dim) for r in rows]
        for q in asked
    ]
    found = dot_products_signs(query, pack_signs(rows))
    np.testing.assert_allclose(found, slow, atol=1e-5)
    np.testing.assert_array_equal(dot_products(query, Rows(pack_signs(rows))), found)


@given(seed=st.integers(0, 2**32 - 1), lengths=st.lists(st.integers(0, 5), min_size=1, max_size=6))
def test_int8_scores_are_those_of_the_rows_it_stands_for(seed, lengths):
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    query, weights = unit_rows(seed, 3), np.array([1, 2, 0.5], np.float32)
    kept = to_int8(unit_rows(seed + 1, max(int(offsets[-1]), 1)))
    expected = maxsim(query, weights, kept.dequantize(), offsets)
    np.testing.assert_allclose(
        maxsim(query, weights, kept, offsets), expected, atol=1e-5, equal_nan=True
    )


def test_a_negative_best_stays_negative_in_int8():
    kept = to_int8(np.array([[-1, 0], [0, 1]], np.float32))
    query = np.array([[1, 0]], np.float32)
    assert maxsim(query, np.ones(1, np.float32), kept, [0, 1, 2]) == pytest.approx([-1, 0])
    assert dot_products(query, kept)[0].tolist() == pytest.approx([-1, 0])


@pytest.mark.parametrize("kind", QUANTIZATIONS)
def test_what_each_kind_writes_is_read_again(tmp_path, kind):
    pages = [unit_rows(1, 4, 70), np.zeros((0, 70), np.float32), unit_rows(2, 9, 70)]
    held = write(tmp_path, kind, pages, [0.01] * 70)
    assert held.quantization == kind
    for number, rows in enumerate(pages, 1):
        np.testing.assert_allclose(held.page(number).vectors, rows, atol=3e-3)
    tensors = load_file(tmp_path / f"{kind}.safetensors")
    assert tensors["vectors"].dtype == (np.int8 if "int8" in kind else np.float16)
    assert ("scales" in tensors) == ("int8" in kind)
    if "binary" in kind:
        np.testing.assert_array_equal(
            tensors["codes"], pack_signs(np.concatenate(pages), [0.01] * 70)
        )


@pytest.mark.parametrize("kind", QUANTIZATIONS)
def test_conversion_is_the_same_as_writing_so_in_the_first_place(tmp_path, kind):
    rows = [unit_rows(seed, 70, 64).astype(np.float16).astype(np.float32) for seed in range(3)]
    center = [0.02] * 64
    convert(write(tmp_path, "fp16", rows), tmp_path / "out", tmp_path / "on.its.way", kind, center)
    write(tmp_path, kind, rows, center)
    first, second = load_file(tmp_path / "out"), load_file(tmp_path / f"{kind}.safetensors")
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


def test_int8_does_not_become_fp16_again(tmp_path):
    held = write(tmp_path, "int8", [unit_rows(1, 3)])
    with pytest.raises(LossyConversion):
        convert(held, tmp_path / "out", tmp_path / "aside", "binary+fp16", [])
    assert not (tmp_path / "out").exists()
    convert(held, tmp_path / "out", tmp_path / "aside", "binary+int8", [])
    assert DocumentVectors(tmp_path / "out").quantization == "binary+int8"


def test_the_best_by_sign_bits_get_exact_scores_and_the_rest_the_line_through_them(tmp_path):
    pages = [unit_rows(seed, 6, 128) for seed in range(40)]
    query, weights = unit_rows(99, 4, 128) + pages[7][:4] * 2, np.ones(4, np.float32)
    held = write(tmp_path, "binary+fp16", pages)
    exact = score_batches(query, weights, [whole(write(tmp_path, "fp16", pages))], 40, "vectors")
    found = score_batches(query, weights, [whole(held)], 40, "vectors", rescore_top_k=10)
    rough = maxsim(query, weights, held.codes, held.offsets)
    best = np.argsort(-rough)[:10]
    rest = np.setdiff1d(np.arange(40), best)
    np.testing.assert_allclose(found[best], exact[best], atol=1e-6)
    slope, start = np.polyfit(rough[best], exact[best], 1)
    np.testing.assert_allclose(found[rest], max(slope, 0) * rough[rest] + start, atol=1e-4)
    assert found.argmax() == exact.argmax() == 7
    everything = score_batches(query, weights, [whole(held)], 40, "vectors", rescore_top_k=40)
    np.testing.assert_allclose(everything, exact, atol=1e-6)


def test_codes_about_a_center_are_scored_with_the_query_less_it(tmp_path):
    center = unit_rows(5, 1, 128)[0] * 2  # what all rows have in common
    pages = [unit_rows(seed, 6, 128) + center for seed in range(40)]
    query, weights = unit_rows(99, 4, 128) + center, np.ones(4, np.float32)
    held = whole(write(tmp_path, "binary+fp16", pages, center.tolist()))
    given = query, weights, [held], 40, "vectors"
    found = score_batches(*given, rescore_top_k=10, centered=query - center)
    rough = maxsim(query - center, weights, held.vectors.codes, held.vectors.offsets)
    exact = maxsim(query, weights, held.vectors.vectors, held.vectors.offsets)
    best = np.argsort(-rough)[:10]
    np.testing.assert_allclose(found[best], exact[best], atol=1e-3)


def test_documents_of_several_kinds_are_scored_together(tmp_path):
    """As they lie while a conversion is under way, with pages that have no rows."""
    pages = [unit_rows(1, 5, 64), np.zeros((0, 64), np.float32), unit_rows(2, 3, 64)]
    parts = [whole(write(tmp_path, kind, pages), 3 * at) for at, kind in enumerate(QUANTIZATIONS)]
    query, weights = unit_rows(5, 2, 64), np.ones(2, np.float32)
    few = [CandidateBatch(p.vectors, p.numbers[:2], p.positions[:2]) for p in parts]
    for rescored in (100, 3):
        found = score_batches(query, weights, parts, 12, "vectors", rescored).reshape(4, 3)
        assert np.isnan(found[:, 1]).all()
        np.testing.assert_allclose(found[1], found[0], atol=5e-3)
        some = score_batches(query, weights, few, 12, "vectors", rescored).reshape(4, 3)
        assert np.isnan(some[:, 1:]).all()
        np.testing.assert_allclose(some[:2, 0], found[:2, 0], atol=1e-6)
    passages = score_batches(query, weights, parts, 12, "passages").reshape(4, 3)
    np.testing.assert_allclose(passages[3], passages[0], atol=1e-6, equal_nan=True)


def test_rows_are_cut_with_their_scales():
    kept = to_int8(unit_rows(1, 6))
    np.testing.assert_array_equal(kept[2:4].dequantize(), kept.dequantize()[2:4])
    assert len(Rows(kept.values)[1:]) == 5


def test_an_unknown_kind_is_a_usage_error(tmp_path):
    with pytest.raises(UnknownQuantization, match="int4"):
        parse_quantization("int4")
    found = CliRunner().invoke(
        app, ["--home", str(tmp_path), "ingest", "x", "--quantization", "int4"]
    )
    assert found.exit_code == 2


def test_a_home_is_converted_searched_and_verified(own_home):
    searcher = Searcher(own_home)
    before = searcher.search(QUESTION, top=3)
    size = own_home.size()
    for kind in ("binary+fp16", "int8", "binary+int8"):
        events = list(add(own_home, [], AddSettings(quantization=parse_quantization(kind))))
        assert {e.quantization for e in events if isinstance(e, Quantized)} == {kind}
        after = searcher.search(QUESTION, top=3)
        assert [hit.page for hit in after] == [hit.page for hit in before]
        fresh = Searcher(own_home)
        assert fresh.search(QUESTION)[0].page == before[0].page
        fresh.close()
        assert verify(own_home) == []
    assert own_home.size() < size
    assert not list(add(own_home, [], AddSettings(quantization="binary+int8")))[:-1][1:]
    with pytest.raises(LossyConversion):
        list(add(own_home, [], AddSettings(quantization="fp16")))
    searcher.close()
    documents = Library(own_home).documents()
    for index in open_indexes(own_home):
        assert {index.vectors(document).quantization for document in documents} == {"binary+int8"}
        index.records.close()


@pytest.mark.slow
def test_the_command_converts_and_a_rebuild_keeps_the_kind(own_home):
    def ingest(*more: str) -> list[dict]:
        found = CliRunner().invoke(
            app, ["--home", str(own_home.root), "ingest", *more, "--json"], catch_exceptions=False
        )
        assert found.exit_code == 0, found.output
        return [json.loads(line) for line in found.stdout.splitlines()]

    events = ingest("--quantization", "int8")
    kinds = [e["quantization"] for e in events if e["event"] == "quantized"]
    assert kinds == ["int8"] * len(open_indexes(own_home))
    assert not [e for e in ingest("--quantization", "int8") if e["event"] == "quantized"]
    ingest("--rebuild", "--images", "none")
    assert {i.manifest.quantization for i in open_indexes(own_home)} == {"int8"}
    assert len(open_indexes(own_home)) == len(kinds) - 1


def test_eval_says_what_each_kind_loses_and_leaves_the_home_alone(own_home, tmp_path):
    page = Searcher(own_home).search(QUESTION)[0].page
    file = tmp_path / "mine.csv"
    rows = [f'"{QUESTION}",{page.document_id},{page.number}']
    rows.append(f"Where is the shuttle stop?,{page.document_id},{page.number}")
    file.write_text("\n".join(["question,document,pages", *rows]))
    before = {p: p.read_bytes() for p in own_home.index.rglob("*.safetensors")}
    arguments = ["--home", str(own_home.root), "eval", str(file), "--quantization", "all"]
    found = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert found.exit_code == 0
    results = json.loads(found.stdout)
    assert [run["quantization"] for run in results["runs"]] == list(QUANTIZATIONS)
    sizes = [sum(i["bytes"] for i in run["corpus"]["indexes"]) for run in results["runs"]]
    assert sizes[1] < sizes[2] < sizes[0] < sizes[3]
    pairs = {
        (c["first"].split(", ")[1], c["second"].split(", ")[1]) for c in results["comparisons"]
    }
    assert pairs == {("fp16", kind) for kind in QUANTIZATIONS[1:]}
    shown = CliRunner().invoke(app, [*arguments[:-1], "int8"], catch_exceptions=False)
    table = shown.stdout[shown.stdout.index("KB/page") :]
    assert "minilm, int8" in table.replace("conse + ", "")
    assert "against fp16" in table
    assert {p: p.read_bytes() for p in own_home.index.rglob("*.safetensors")} == before
