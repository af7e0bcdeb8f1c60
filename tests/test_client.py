"""The client: a method for each command, and the results that `--json` gives."""

from __future__ import annotations

import inspect
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from make_pdf import make_pdf
from PIL import Image
from typer.main import get_command
from typer.testing import CliRunner

import pageglass
from api.cli.main import app
from api.ingestion import IngestOptions
from api.python.keywords import IngestKeywords, SettingsKeywords, TrainingKeywords
from api.settings import Settings
from ingest.finetune.plan import TrainSettings
from ingest.library.database import LibraryNotFound
from ingest.library.home import Home
from pageglass import Client, Message

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
QUERY = "How many steps do you have to climb to reach the lamp?"
METHODS = {"eval": "evaluate", "rename": "edit"}
"""Commands whose method has another name: a Python builtin is spared."""


@pytest.fixture(scope="module")
def lib(sample_home: Home) -> Client:
    return pageglass.open(sample_home.root)


@pytest.fixture
def own(own_home: Home) -> Client:
    return pageglass.open(own_home.root, ocr="none", dpi=50, workers=1)


def printed(home: Path, *arguments: str) -> list[dict[str, Any]]:
    """What a command prints with `--json`."""
    done = CliRunner().invoke(app, [*arguments, "--json", "--home", str(home)])
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_command_has_a_method_with_its_options() -> None:
    skipped = {
        "home",
        "json",
        "quiet",
        "yes",
        "save_page",
        "chat",
        "out",
        "plot",
        "token",
        "every",
    }
    on_the_terminal = {"open", "help", "config", "backup", "restore"}
    skipped |= {"password_file", "markdown"}
    skipped |= {"temperature", "detail", "max_output_tokens", "device_map", "load_in"}  # settings
    elsewhere = {
        "list_schemas": "schemas", "each": "extract_each", "whole": "extract_whole",
        "compare": "compare",
        "image": "ask_pictures",
    }  # fmt: skip
    of_an_answer = {"format": "to_html", "save": "save"}
    renamed = {"question": "question", "top": "top"}
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        if name in on_the_terminal:
            continue
        method = getattr(Client, METHODS.get(name, name))
        signature = inspect.signature(method)
        known = set(signature.parameters)
        if name in {"ingest", "watch"}:
            known |= set(IngestKeywords.__annotations__)
        if name == "finetune":
            known |= set(TrainingKeywords.__annotations__)
        for parameter in command.params:
            option = renamed.get(parameter.name, parameter.name)
            if option in skipped or (name == "classify" and option == "top"):
                continue
            if name == "eval" and option == "compare":
                continue
            if option in of_an_answer:
                assert hasattr(pageglass.CitedAnswer, of_an_answer[option])
            elif option in elsewhere:
                assert hasattr(Client, elsewhere[option])
            else:
                assert option in known, f"{name}: {option}"


def test_keywords_are_those_of_the_options_and_settings() -> None:
    assert set(SettingsKeywords.__annotations__) == set(Settings.model_fields) - {"home"}
    options = {field.name for field in fields(IngestOptions)}
    assert set(IngestKeywords.__annotations__) == options - {"labels"} | {"tag_with"}
    training = {field.name for field in fields(TrainSettings)} - {"rate", "decay", "frozen"}
    assert set(TrainingKeywords.__annotations__) == training | {
        "lr", "weight_decay", "freeze_image", "freeze_text", "device", "force",
    }  # fmt: skip


def test_unknown_keywords_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="colour"):
        pageglass.open(tmp_path, colour="red")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="colour"):
        pageglass.open(tmp_path).ingest("x", colour="red")  # type: ignore[call-arg]
    with pytest.raises(pageglass.ConfigurationError, match="dpi"):
        pageglass.open(tmp_path, dpi=1)


def test_a_library_is_made_read_and_emptied(tmp_path: Path) -> None:
    make_pdf(tmp_path / "noise.pdf", "The noise figure of the amplifier is 1.9 dB.")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 no")
    events: list[pageglass.Event] = []
    with pageglass.open(tmp_path / "home", ocr="none", dpi=50, workers=1) as lib:
        assert len(lib.list()) == 0
        with pytest.raises(pageglass.ConflictError) as raised:
            lib.search("noise")
        assert "Client.ingest" in "".join(raised.value.__notes__)
        report = lib.ingest(
            [tmp_path / "noise.pdf", tmp_path / "broken.pdf"], progress=events.append
        )
        assert [document.name for document in report.added] == ["noise.pdf"]
        assert [Path(failure.path).name for failure in report.failed] == ["broken.pdf"]
        assert (report.pages, report.unchanged) == (1, 0)
        assert events
        assert "broken.pdf" in report._repr_html_()
        again = lib.ingest(str(tmp_path / "noise.pdf"))
        assert (len(again.added), again.unchanged) == (0, 1)
        answer = lib.ask("What is the noise figure?")
        assert "1.9 dB" in answer.text
        assert lib.status(verify=True).disagreements == []
        assert [document.name for document in lib.remove("noise.pdf")] == ["noise.pdf"]
        assert len(lib.list()) == 0
    assert lib.status().documents == 0


def test_search_is_as_the_command_line_has_it(lib: Client) -> None:
    hits = lib.search("lens", top=3)
    assert hits.to_dict() == printed(lib.home, "search", "lens", "--top", "3")
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert isinstance(hits[:2], pageglass.SearchResults)
    assert hits[0].image().size == hits[0].image(highlight=True).size
    assert hits[0].image().tobytes() != hits[0].image(highlight=True).tobytes()


def test_search_takes_images_parts_and_filters(lib: Client) -> None:
    boat = SAMPLES / "sailboat.png"
    assert lib.search(like=boat, top=1)[0].page.document_name == "sailboat.png"
    with Image.open(boat) as image:
        assert lib.search(like=image.convert("RGB"), top=1) == lib.search(like=boat, top=1)
    assert lib.search("a red bicycle", images=True)[0].page.document_name == "bicycle-wall.png"
    composed = lib.search([(1, boat), (0.5, "a boat")], top=1)
    assert composed[0].page.document_name == "sailboat.png"
    narrow = lib.search("lens", document="annual-report.pdf", kind="pdf", pages=(2, 4), top=50)
    assert {hit.page.number for hit in narrow} == {2, 3, 4}
    assert len(lib.search("lens", until="2001-01-01")) == 0
    with pytest.raises(pageglass.InvalidInputError):
        lib.search("lens", since="yesterday")
    with pytest.raises(pageglass.InvalidInputError):
        lib.search("lens", like=boat)
    with pytest.raises(pageglass.NotFoundError):
        lib.search("lens", document="nothing.pdf")


def test_ask_is_as_the_command_line_has_it(lib: Client) -> None:
    answer = lib.ask(QUERY)
    [said] = printed(lib.home, "ask", QUERY)
    assert said.pop("saved") == []
    assert answer.to_dict() == said
    assert str(answer) == answer.text
    assert answer.citations[0].boxes
    assert answer.citations[0].crop().height < answer.citations[0].image().height
    assert answer.citations[0].to_dict() == said["citations"][0]
    assert [hit.page for hit in answer.hits] == [hit.page for hit in answer.evidence.hits]


def test_an_answer_is_written_as_the_command_line_writes_it(lib: Client, tmp_path: Path) -> None:
    answer = lib.ask(QUERY)
    for kind, text in (("md", answer.to_markdown()), ("html", answer.to_html())):
        done = CliRunner().invoke(app, ["ask", QUERY, "--format", kind, "--home", str(lib.home)])
        assert done.stdout.rstrip("\n") == text.rstrip("\n")
    saved = answer.save(tmp_path / "answer.html")
    assert saved.read_text(encoding="utf-8") == answer.to_html()
    with pytest.raises(pageglass.StorageError, match="no name of a web page"):
        answer.save(tmp_path / "answer.txt")


def test_ask_streams_pieces_and_the_answer_last(lib: Client) -> None:
    *pieces, last = lib.ask(QUERY, stream=True)
    assert isinstance(last, pageglass.CitedAnswer)
    assert last == lib.ask(QUERY)
    assert "".join(piece for piece in pieces if isinstance(piece, str)) == last.text
    assert [p for p in pieces if isinstance(p, pageglass.PageCitation)] == list(last.citations)


def test_a_history_may_be_of_answers_or_messages(lib: Client) -> None:
    answer = lib.ask("When is the sailing race?")
    said = (Message("user", answer.question), Message("assistant", answer.text))
    asked = "And where is it held?"
    assert lib.ask(asked, history=[answer]).evidence.searched == (
        lib.ask(asked, history=said).evidence.searched
    )


def test_an_unknown_model_is_an_error(lib: Client) -> None:
    with pytest.raises(pageglass.InvalidInputError, match="no model"):
        lib.ask(QUERY, model="abacus")


def test_explain_is_as_the_command_line_has_it(lib: Client) -> None:
    hit = lib.search("sailing race", kind="pdf", top=1)[0]
    explained = lib.explain("sailing race", hit)
    [said] = printed(lib.home, "explain", "sailing race", hit.page.key)
    assert said.pop("saved") is None
    assert explained.to_dict() == said
    assert explained.heatmap("sailing").size == explained.heatmap().size
    assert explained.heatmaps().width > 0
    with pytest.raises(pageglass.InvalidInputError, match="not a word"):
        explained.heatmap("lighthouse")


def test_extract_and_compare_are_as_the_command_line_has_them(lib: Client, tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"name": {"type": ["string", "null"]}}}
    (tmp_path / "s.json").write_text(json.dumps(schema))
    form = SAMPLES / "volunteer-form.pdf"
    record = lib.extract(form, schema)
    assert record.data == {"name": "Priya Lanwarne"}
    [said] = printed(lib.home, "extract", str(form), "--schema", str(tmp_path / "s.json"))
    assert record.to_dict() == said
    hits = lib.search("lens", top=2)
    assert len(lib.extract_each(hits, tmp_path / "s.json")) == 2
    [whole] = lib.extract_whole(hits[0].page.document_id, tmp_path / "s.json")
    said = printed(
        lib.home,
        "extract",
        "--whole",
        hits[0].page.document_id,
        "--schema",
        str(tmp_path / "s.json"),
    )
    assert ([whole.to_dict()], len(whole.pages) > 1) == (said, True)
    comparison = lib.compare(hits[0], hits[1])
    keys = [hit.page.key for hit in hits]
    [said] = printed(lib.home, "extract", "--compare", *keys)
    assert json.loads(json.dumps(comparison.to_dict())) == said
    assert not comparison.same
    assert comparison.differences
    assert "form" in lib.schemas()


def test_the_other_commands_are_as_the_command_line_has_them(own: Client) -> None:
    assert own.list().to_dict() == printed(own.home, "list")
    status, [said] = own.status().to_dict(), printed(own.home, "status")
    assert {**status, "free_bytes": 0, "bytes": 0} == {**said, "free_bytes": 0, "bytes": 0}
    folder = own.home.parent / "copy"
    folder.mkdir()
    with Image.open(SAMPLES / "teapot.jpg") as image:
        image.resize((image.width // 2, image.height // 2)).save(folder / "small.png")
    (folder / "labels.txt").write_text("a teapot\na boat\n")
    own.ingest(folder / "small.png", tag_with=folder / "labels.txt")
    assert own.tags() == {row["tag"]: row["pages"] for row in printed(own.home, "tags")}
    assert own.tags()
    groups = own.duplicates()
    assert groups.to_dict() == printed(own.home, "duplicates")
    assert [len(group.pages) for group in groups] == [2]
    pots = own.classify(SAMPLES / "teapot.jpg", ["a teapot", "a boat"])
    said = printed(own.home, "classify", str(SAMPLES / "teapot.jpg"), "--labels", "a teapot,a boat")
    assert pots.to_dict() == said
    assert pots[0].label == "a teapot"


def test_the_doctor_says_what_the_command_says(lib: Client) -> None:
    report = lib.doctor()
    assert report.works
    assert [one["name"] for one in report.to_dict()] == [
        one["name"] for one in printed(lib.home, "doctor")
    ]


def test_an_evaluation_is_as_the_command_line_has_it(own: Client) -> None:
    questions = own.home.parent / "questions.csv"
    questions.write_text(
        f"question,document,pages\n{QUERY},annual-report.pdf,2\nsailing race,annual-report.pdf,3\n"
    )
    result = own.evaluate(questions)
    [said] = printed(own.home, "eval", str(questions))
    assert result.runs[0]["rankings"].keys() == said["runs"][0]["rankings"].keys()
    assert result.to_dict().keys() == said.keys()
    assert 0 <= result.mean("nDCG@5") <= 1


def test_a_client_can_be_used_after_it_was_closed(sample_home: Home) -> None:
    with pageglass.open(sample_home.root) as lib:
        before = lib.search("lens", top=2)
    assert lib.search("lens", top=2) == before
    assert repr(lib) == f"pageglass.open({str(sample_home.root)!r})"


def test_a_missing_library_is_an_error_of_a_family(tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFound):
        pageglass.open(tmp_path / "none").ask("Anything?")
