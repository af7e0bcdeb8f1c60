from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from sklearn.metrics import ndcg_score
from test_cli import letter
from typer.testing import CliRunner, Result

from api.cli.main import app
from api.evaluation.answer_metrics import measure_answer
from api.evaluation.evaluate_answers import answer_questions, summarise_answers
from generation.answer import Answer, Citation, SelfAssessment, Usage
from generation.prompt import Prompt
from generation.providers.access import ModelError
from ingest.extras import MissingExtra
from ingest.filter import ALL_PAGES
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.page import Box, Page, Word
from retrieval.evaluate.corpus import JudgedQuestion
from retrieval.evaluate.dataset import InvalidDataset, Question, page_label
from retrieval.evaluate.interval import Sampling, difference, interval, resampling_unit
from retrieval.evaluate.load import read_datasets
from retrieval.evaluate.metrics import hit, measure, ndcg, recall, reciprocal_rank
from retrieval.evaluate.questions import read_questions
from retrieval.evaluate.result import read_results
from retrieval.evaluate.vidore import find_tables, read_vidore
from retrieval.search import Searcher


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments])


class TestMetrics:
    def test_by_hand(self) -> None:
        ranked = ["a", "b", "c", "d", "e", "f"]
        relevant = {"b": 1.0, "f": 1.0, "z": 1.0}
        # 1/log2(3) over 1 + 1/log2(3) + 1/2
        assert ndcg(ranked, relevant, 5) == pytest.approx(0.63093 / 2.13093, abs=1e-5)
        assert recall(ranked, set(relevant), 1) == 0
        assert recall(ranked, set(relevant), 5) == pytest.approx(1 / 3)
        assert recall(ranked, {"b", "f"}, 1) == 0
        assert recall(ranked, {"a", "f"}, 1) == 1  # over min(k, relevant)
        assert reciprocal_rank(ranked, set(relevant), 10) == 0.5
        assert reciprocal_rank(ranked, {"f"}, 5) == 0
        assert (hit(ranked, {"b"}, 1), hit(ranked, {"b"}, 2)) == (0, 1)

    @settings(deadline=None)
    @given(st.lists(st.integers(0, 3), min_size=2, max_size=30), st.sampled_from([5, 10]))
    def test_ndcg_is_scikit_learns(self, grades: list[int], k: int) -> None:
        if not any(grades):
            return
        keys = [str(i) for i in range(len(grades))]
        relevant = {key: float(g) for key, g in zip(keys, grades, strict=True) if g}
        scores = -np.arange(len(grades))
        assert ndcg(keys, relevant, k) == pytest.approx(ndcg_score([grades], [scores], k=k))

    @given(st.permutations(list("abcdefghijkl")), st.sets(st.sampled_from("abcdefgz"), min_size=1))
    def test_all_lie_between_0_and_1_and_right_first_is_best(
        self, ranked: list[str], right: set[str]
    ) -> None:
        relevant = dict.fromkeys(sorted(right), 1.0)
        figures = measure(ranked, relevant)
        assert all(0 <= value <= 1 + 1e-12 for value in figures.values())
        assert figures["recall@10"] <= figures["hit@10"]
        best = measure([*relevant, *(key for key in ranked if key not in right)], relevant)
        assert all(value == pytest.approx(1) for value in best.values())


class TestInterval:
    @settings(deadline=None, max_examples=20)
    @given(st.lists(st.floats(0, 1), min_size=2, max_size=40))
    def test_holds_the_mean_and_stays_within_the_values(self, values: list[float]) -> None:
        found = interval(values, [""] * len(values))
        assert found.mean == pytest.approx(float(np.mean(values)))
        assert found.low is not None
        assert found.high is not None
        assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9

    def test_is_about_as_wide_as_the_normal_one(self) -> None:
        values = np.random.default_rng(1).random(400)
        found = interval(values.tolist(), [""] * 400)
        half = 1.96 * values.std(ddof=1) / 20
        assert found.low == pytest.approx(values.mean() - half, abs=0.004)
        assert found.high == pytest.approx(values.mean() + half, abs=0.004)

    def test_documents_that_agree_inside_make_it_wider(self) -> None:
        clusters = [str(i // 10) for i in range(200)]
        values = [float(i // 10 % 2) for i in range(200)]
        whole, single = interval(values, clusters), interval(values, [""] * 200)
        assert resampling_unit(clusters) == "document"
        assert whole.low is not None
        assert single.low is not None
        assert whole.low < single.low - 0.05

    def test_few_documents_are_not_drawn_from_and_one_question_has_no_bounds(self) -> None:
        assert resampling_unit(["a", "a", "b"]) == "question"
        assert interval([0.5], [""]).low is None

    def test_same_seed_same_numbers(self) -> None:
        values = [0.0, 1.0, 0.5, 0.25]
        assert interval(values, [""] * 4) == interval(values, [""] * 4)


class TestDifference:
    def test_exact_p_of_a_small_case(self) -> None:
        # All of five differences point one way: 2 of the 32 signs are as extreme.
        first = {str(i): 0.0 for i in range(5)}
        second = {str(i): 1.0 for i in range(5)}
        found = difference(first, second, {})
        assert found.p == pytest.approx(2 / 32)
        assert not found.significant

    def test_one_question_proves_nothing(self) -> None:
        found = difference({"a": 0.0}, {"a": 1.0}, {})
        assert (found.change.mean, found.change.low, found.p) == (1, None, 1)

    def test_tells_a_real_difference_from_none(self) -> None:
        draw = np.random.default_rng(2)
        first = {str(i): float(v) for i, v in enumerate(draw.random(100))}
        better = {key: value + 0.1 + float(draw.normal(0, 0.05)) for key, value in first.items()}
        same = {key: value + float(draw.normal(0, 0.05)) for key, value in first.items()}
        assert difference(first, better, {}).significant
        assert not difference(first, same, {}).significant
        assert difference(first, first, {}).p == 1

    def test_is_antisymmetric(self) -> None:
        first, second = {"a": 0.2, "b": 0.9, "c": 0.4}, {"a": 0.5, "b": 0.8, "c": 0.9}
        one, two = difference(first, second, {}), difference(second, first, {})
        assert one.change.mean == pytest.approx(-two.change.mean)
        assert one.p == pytest.approx(two.p)


WORDS = {"ferry": "The ferry leaves at nine.", "lens": "The lens weighs two tons.",
         "goat": "A goat ate the rope."}  # fmt: skip


def manifest_set(folder: Path) -> Path:
    letter(folder / "pdf" / "a.pdf", "The ferry leaves at nine.", 3)
    letter(folder / "pdf" / "b.pdf", "The goat ate the rope.", 2)
    queries = [
        {"id": "1", "query": "When does the ferry leave?", "doc": "pdf/a.pdf",
         "relevant_pages": [1, 2, 3], "evidence_sources": ["Table"], "answerable": True,
         "answer": "['nine']", "answer_format": "List"},
        {"id": "2", "query": "Who ate the rope on page 2?", "doc": "pdf/b.pdf",
         "relevant_pages": [1, 2], "evidence_sources": ["Chart"]},
        {"id": "3", "query": "Who is the king?", "doc": "pdf/b.pdf", "relevant_pages": [],
         "answerable": False},
    ]  # fmt: skip
    files = [{"file": "pdf/a.pdf"}, {"file": "pdf/b.pdf"}]
    (folder / "manifest.json").write_text(json.dumps({"files": files, "queries": queries}))
    return folder


def picture(path: Path, colour: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (120, 80), colour)
    ImageDraw.Draw(image).ellipse([20, 20, 90, 60], fill="white")
    image.save(path)
    return path


def beir_set(folder: Path) -> Path:
    picture(folder / "images" / "red.png", "red")
    rows = [{"_id": "red"}, *({"_id": key, "text": text} for key, text in WORDS.items())]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    queries = [{"_id": "q1", "text": "When does the ferry leave?"},
               {"_id": "q2", "text": "How heavy is the lens?"}, {"_id": "q3", "text": "unjudged"}]  # fmt: skip
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\tferry\t2\nq1\tgoat\t0\nq2\tlens\t1\n"
    )
    return folder


class TestCommand:
    def test_manifest_set_twice_compared_and_drawn(self, tmp_path: Path) -> None:
        folder, out = manifest_set(tmp_path / "set"), tmp_path / "a.json"
        home = ["--home", str(tmp_path / "home"), "--ocr", "none", "--images", "none"]
        plot = tmp_path / "a.png"
        done = run("eval", str(folder), *home, "--out", str(out), "--plot", str(plot), "--signals")
        assert done.exit_code == 0, done.output
        assert "in the document" in done.stdout
        assert "evidence: Table" in done.stdout
        assert "no significant difference between BM25 and default" in done.stdout
        with Image.open(plot) as image:
            assert image.format == "PNG"
        results = read_results(out)
        (found,) = results["runs"]
        assert (found["questions"], found["left_out"]) == (2, 1)
        assert found["first"] == "default"
        assert {"BM25 + late interaction, minilm", "BM25 + dense, minilm"} <= set(found["rankings"])
        assert found["rankings"]["default"]["document"]["nDCG@5"]["mean"] == pytest.approx(1)
        assert found["rankings"]["default"]["set"]["recall@5"]["mean"] == pytest.approx(1)
        assert found["groups"]["set"]["names a page"]["yes"]["questions"] == 1
        indexes = {index["encoder"]: index for index in found["corpus"]["indexes"]}
        assert indexes["minilm"]["vectors_per_page"] > 1
        latency = found["latency_ms"]
        assert set(latency) == {"encoding", "search", "both"}
        assert all(row["p50"] <= row["p95"] <= row["p99"] for row in latency.values())
        # The search is what is left of the whole without the encoding, which is timed apart.
        assert latency["both"]["p50"] >= latency["search"]["p50"] >= 0

        again = run("eval", str(folder), *home, "--answers", "--out", str(out))
        assert again.exit_code == 0
        assert "evidence: Table" in again.stdout.split("answers by extractive")[1]
        (second,) = read_results(out)["runs"]
        assert second["rankings"]["default"] == found["rankings"]["default"]
        answers = second["answers"]
        assert (answers["model"], answers["questions"], answers["failed"]) == ("extractive", 3, {})
        first, _, unanswerable = answers["per_question"]
        assert first["figures"] == {
            "gold page cited": 1,
            "declined rightly": 1,
            "answerable declined": 0,
            "box on the answer": 1,
        }
        assert unanswerable["figures"]["unanswerable declined"] == unanswerable["declined"]
        assert answers["metrics"]["box on the answer"]["questions"] == 1
        assert answers["groups"]["evidence"]["Table"]["gold page cited"]["mean"] == 1

        compared = run("eval", "--compare", str(out), str(out))
        assert compared.exit_code == 0
        assert "+0.000" in compared.stdout
        assert "p = 1.0000" in compared.stdout
        assert ", answers: no significant difference" in compared.stdout

    def test_beir_set_in_the_cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        folder = beir_set(tmp_path / "beir")
        done = run("eval", str(folder), "--ocr", "none", "--images", "none", "--json")
        assert done.exit_code == 0, done.output
        (found,) = json.loads(done.stdout.splitlines()[-1])["runs"]
        assert found["left_out"] == 1
        assert list(found["rankings"]["default"]) == ["set"]
        assert found["rankings"]["default"]["set"]["nDCG@10"]["mean"] == 1
        assert found["corpus"]["documents"] == 4
        assert (tmp_path / "cache" / "pageglass" / "eval" / "homes").is_dir()

    def test_photos_by_images_and_in_one_box(self, tmp_path: Path) -> None:
        folder = tmp_path / "photos"
        files = [picture(folder / f"{name}.png", name).name for name in ("red", "blue")]
        queries = [{"id": "1", "query": "red", "query_en": "a red sign", "relevant_images": files}]
        manifest = {"files": [{"file": file} for file in files], "queries": queries}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        done = run("eval", str(folder), "--home", str(tmp_path / "home"), "--ocr", "none", "--json")
        assert done.exit_code == 0, done.output
        first, second = json.loads(done.stdout.splitlines()[-1])["runs"]
        assert second["set"] == "photos (query_en)"
        assert list(first["rankings"]) == ["images", "default"]
        assert first["rankings"]["images"]["set"]["hit@1"]["mean"] == 1
        assert first["rankings"]["images"]["set"]["hit@1"]["low"] is None

    def test_questions_about_a_home(self, sample_home: Home, tmp_path: Path) -> None:
        file = tmp_path / "mine.csv"
        name = Library(sample_home).documents()[0].name
        file.write_text(
            "question,document,pages,answer,answerable\n"
            f"What is this?,{name},1,,\nWho is the king?,{name},,,no\n"
        )
        done = run("eval", str(file), "--home", str(sample_home.root), "--answers", "--json")
        assert done.exit_code == 0, done.output
        (found,) = json.loads(done.stdout)["runs"]
        assert set(found["rankings"]["default"]) == {"document", "set"}
        assert (found["questions"], found["answers"]["questions"]) == (1, 2)
        assert found["answers"]["metrics"]["unanswerable declined"]["mean"] == 1
        assert run("eval", str(file), "--encoder", "minilm").exit_code == 2

    @pytest.mark.parametrize(
        "arguments",
        [[], ["somewhere", "--compare", "a", "b"], ["somewhere", "--model", "extractive"]],
    )
    def test_usage(self, arguments: list[str]) -> None:
        assert run("eval", *arguments).exit_code == 2

    def test_nothing_in_common(self, tmp_path: Path) -> None:
        for name in "ab":
            (tmp_path / name).write_text(json.dumps({"format": 1, "runs": []}))
        done = run("eval", "--compare", str(tmp_path / "a"), str(tmp_path / "b"))
        assert done.exit_code == 1
        assert "no questions in common" in done.stderr

    def test_a_file_that_cannot_be_read_counts_as_missed(self, tmp_path: Path) -> None:
        folder = manifest_set(tmp_path / "set")
        (folder / "pdf" / "b.pdf").write_bytes(b"%PDF-1.7 broken")
        home = ["--home", str(tmp_path / "home"), "--ocr", "none", "--images", "none"]
        done = run("eval", str(folder), *home, "--json")
        assert done.exit_code == 3
        (found,) = json.loads(done.stdout)["runs"]
        assert found["not_read"] == ["pdf/b.pdf"]
        assert found["rankings"]["default"]["set"]["recall@5"]["mean"] == 0.5


LINE = "The ferry leaves at nine and at twelve".split()
PRINTED = [Word(word, (0.1 * at, 0.1, 0.1 * at + 0.08, 0.12)) for at, word in enumerate(LINE)]
NINE, WHOLE_LINE, HALF_PAGE = (0.4, 0.1, 0.5, 0.12), (0.0, 0.1, 1.0, 0.12), (0.0, 0.0, 1.0, 0.6)
GOLD = Page("d", 1)


class TestAnswerMetrics:
    @pytest.mark.parametrize(
        ("expected", "page", "box", "gold", "on_answer"),
        [
            (["nine"], 1, NINE, 1, 1),
            (["nine"], 1, (0.0, 0.1, 0.3, 0.12), 1, 0),
            (["nine", "twelve"], 1, NINE, 1, 0),  # every item of a list
            (["nine", "twelve"], 1, WHOLE_LINE, 1, 1),
            (["ten"], 1, WHOLE_LINE, 1, None),  # not printed
            (["a"], 1, WHOLE_LINE, 1, None),  # too short to be told from any other
            ([], 1, WHOLE_LINE, 1, None),
            (["nine"], 1, HALF_PAGE, 1, 0),  # points at nothing
            (["nine"], 2, WHOLE_LINE, 0, 0),
        ],
    )
    def test_gold_page_and_box(
        self, expected: list[str], page: int, box: Box, gold: float, on_answer: float | None
    ) -> None:
        found = measure_answer(answer_citing(page, box), expected, [GOLD], lambda _page: PRINTED)
        assert (found["gold page cited"], found.get("box on the answer")) == (gold, on_answer)

    @pytest.mark.parametrize(
        ("relevant", "declined", "rightly"),
        [([GOLD], False, 1), ([GOLD], True, 0), ([], True, 1), ([], False, 0)],
    )
    def test_declining(self, relevant: list[Page], declined: bool, rightly: float) -> None:
        answer = replace(answer_citing(1, NINE), declined=declined)
        found = measure_answer(answer, [], relevant, lambda _page: PRINTED)
        assert found["declined rightly"] == rightly
        assert found["answerable declined" if relevant else "unanswerable declined"] == declined

    def test_a_failed_question_is_counted_and_the_first_ends_the_run(
        self, sample_home: Home
    ) -> None:
        asked = [
            JudgedQuestion(Question(key, "How heavy is the lens?", {}, unanswerable=True), {}, None)
            for key in "ab"
        ]
        options: dict[str, Any] = {"top": 1, "filter": ALL_PAGES}
        with closing(Searcher(sample_home)) as searcher:
            first, second = answer_questions(searcher, Failing(calls=1), asked, **options)
            assert (first.error, second.error) == ("", "model")
            summary = summarise_answers([first, second], "failing", 1, Sampling())
            assert summary["failed"] == {"b": "model"}
            assert summary["metrics"]["declined rightly"]["questions"] == 1
            with pytest.raises(ModelError):
                list(answer_questions(searcher, Failing(calls=0), asked, **options))


def answer_citing(page: int, box: Box) -> Answer:
    citation = Citation(1, Page("d", page, "a.pdf"), "quote", (box,), verified=True)
    return Answer("?", "...", (citation,), "m", False, None, None, Usage("m"))


@dataclass
class Failing:
    """A model that fails after so many answers."""

    calls: int
    name: str = "failing"
    uses_images: bool = False
    chat: None = None

    def stream(self, prompt: Prompt) -> Iterator[str | Usage | SelfAssessment]:
        if self.calls == 0:
            raise ModelError("The server is gone.", hint="Try again.")
        self.calls -= 1
        yield "No page says so."


class TestReading:
    @pytest.mark.parametrize(
        ("file", "content", "said"),
        [
            ("manifest.json", "{", "manifest.json is not JSON"),
            ("manifest.json", "{}", 'no lists "files" and "queries"'),
            ("corpus.jsonl", '{"_id": "a", "text": "x"}\nno', "corpus.jsonl, line 2"),
            ("corpus.jsonl", '{"_id": "a", "image": "none.png"}', "corpus.jsonl, line 1"),
            ("corpus.jsonl", '{"text": "x"}', 'line 1 has no "_id"'),
            ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\tferry\n", "test.tsv, line 2"),
            ("qrels/test.tsv", "q1\tnowhere\t1\n", "'nowhere' is not in corpus.jsonl"),
            ("qrels/test.tsv", "", "No question"),
        ],
    )
    def test_broken_sets_say_where(
        self, tmp_path: Path, file: str, content: str, said: str
    ) -> None:
        folder = beir_set(tmp_path / "set")
        (folder / file).write_text(content)
        with pytest.raises(InvalidDataset) as caught:
            read_datasets(folder, tmp_path / "written")
        assert said in caught.value.message
        assert caught.value.hint

    def test_no_set_at_all_and_splits(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidDataset, match="There is no set"):
            read_datasets(tmp_path, tmp_path)
        folder = beir_set(tmp_path / "set")
        with pytest.raises(InvalidDataset, match="no split 'dev', but test"):
            read_datasets(folder, tmp_path / "written", "dev")

    def test_grades_are_kept(self, tmp_path: Path) -> None:
        (found,) = read_datasets(beir_set(tmp_path / "set"), tmp_path / "written")
        assert found.questions[0].relevant == {("ferry", None): 2.0}

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ({"document": "x.pdf", "pages": [1]}, 'no "question"'),
            ({"question": "q", "document": "nowhere.pdf", "pages": [1]}, "no document"),
            ({"question": "q", "document": "{name}", "pages": "one"}, "'one' is no page"),
            ({"question": "q", "document": "{name}", "pages": [99]}, "has pages 1 to"),
        ],
    )
    def test_questions_that_cannot_be(
        self, sample_home: Home, tmp_path: Path, row: dict[str, Any], said: str
    ) -> None:
        library = Library(sample_home)
        name = library.documents()[0].name
        file = tmp_path / "q.jsonl"
        file.write_text("\n" + json.dumps(row).replace("{name}", name))
        with pytest.raises(InvalidDataset) as caught:
            read_questions(file, library)
        assert "q.jsonl, line 2" in caught.value.message
        assert said in caught.value.message

    @pytest.mark.parametrize(
        ("query", "named"),
        [("What is on slide 5?", "yes"), ("Figure on page two", "yes"), ("Pages of law", "no")],
    )
    def test_naming_a_page(self, query: str, named: str) -> None:
        assert page_label(query) == (named,)


class TestVidore:
    def test_without_pyarrow(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "test-00000-of-00001.parquet").write_bytes(b"PAR1")
        monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
        with pytest.raises(MissingExtra) as caught:
            read_vidore(tmp_path, tmp_path / "written")
        assert "pip install 'pageglass[eval]'" in caught.value.hint

    def test_one_table(self, tmp_path: Path) -> None:
        folder = tmp_path / "v1"
        red, blue = (self.image(tmp_path, colour) for colour in ("red", "blue"))
        rows = {
            "query": ["What is red?", None, "What is red?"],
            "image": [red, blue, blue],
            "image_filename": ["red.jpg", "blue.jpg", "blue.jpg"],
        }
        self.write(folder / "data" / "test-00000-of-00001.parquet", rows)
        (found,) = read_datasets(folder, tmp_path / "written")
        assert set(found.items) == {"red.jpg", "blue.jpg"}
        (question,) = found.questions
        assert set(question.relevant) == {("red.jpg", None), ("blue.jpg", None)}

    @pytest.mark.parametrize("shape", ["parquet", "arrow"])
    def test_three_tables_through_the_command(
        self, tmp_path: Path, shape: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        folder = tmp_path / "v3"
        tables = {
            "corpus": {"corpus-id": [0, 1], "doc_id": ["d", "d"],
                       "image": [self.image(tmp_path, c) for c in ("red", "blue")]},
            "queries": {"query-id": [7], "query": ["a red sign"], "language": ["english"]},
            "qrels": {"query-id": [7, 7], "corpus-id": [0, 1], "score": [2, 0]},
        }  # fmt: skip
        for name, rows in tables.items():
            if shape == "parquet":
                self.write(folder / name / "test-00000-of-00001.parquet", rows)
            else:
                self.write(folder / name / "test" / "data-00000-of-00001.arrow", rows)
        assert len(find_tables(folder)) == 3
        done = run("eval", str(folder), "--ocr", "none", "--json")
        assert done.exit_code == 0, done.output
        (found,) = json.loads(done.stdout)["runs"]
        assert found["corpus"]["documents"] == 2
        assert found["groups"]["set"]["language"]["english"]["questions"] == 1
        assert list(found["per_question"][0]["relevant"].values()) == [2.0]

    def image(self, folder: Path, colour: str) -> dict[str, Any]:
        path = picture(folder / f"{colour}.png", colour)
        return {"bytes": path.read_bytes(), "path": path.name}

    def write(self, path: Path, rows: dict[str, list[Any]]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        table = pyarrow.table(rows)
        if path.suffix == ".parquet":
            pyarrow.parquet.write_table(table, path)
        else:
            with (
                pyarrow.OSFile(str(path), "wb") as file,
                pyarrow.ipc.new_stream(file, table.schema) as writer,
            ):
                writer.write_table(table)
