"""Differences between two pages or images, each with its place on both."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from make_pdf import make_pdf
from PIL import Image, ImageOps
from skimage import data_dir
from typer.testing import CliRunner

import generation.models.load as models
from api.cli.main import app
from api.http.app import create_app
from api.settings import Settings
from generation.answer import Usage
from generation.context.limits import Limits
from generation.extraction.compare import Likeness, compare
from generation.extraction.schema import ready_schemas, validation_errors
from generation.prompt import Evidence
from generation.request import Request
from ingest.library.home import Home
from ingest.page import Page, Word

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
FORM = SAMPLES / "volunteer-form.pdf"
CAT = Path(data_dir, "chelsea.png")


def page(text: str, document: str, number: int = 1) -> Evidence:
    words = tuple(
        Word(word, (0.05 * at, 0.1, 0.05 * at + 0.04, 0.13)) for at, word in enumerate(text.split())
    )
    return Evidence(number, Page(document * 20, number, f"{document}.pdf"), words, bytes, 1.0)


def test_words_that_differ_lead_to_their_places_on_both_sides() -> None:
    a = page("Rent is due on the 1st of May for the flat", "a")
    b = page("Rent is due on the 3rd of May for the whole flat", "b")
    record = compare([a], [b])
    assert record.data["differences"] == [
        {"what": 'words after "due on the"', "in_a": "1st", "in_b": "3rd", "kind": "changed"},
        {"what": 'words after "May for the"', "in_a": None, "in_b": "whole", "kind": "added"},
    ]
    assert not record.data["same"]
    found = {f.pointer: f for f in record.fields}
    assert set(found) == {
        "/differences/0/in_a",
        "/differences/0/in_b",
        "/differences/1/in_b",
    }
    assert found["/differences/0/in_a"].page == a.page
    assert found["/differences/0/in_b"].page == b.page
    assert found["/differences/1/in_b"].boxes == (pytest.approx((0.5, 0.1, 0.54, 0.13)),)
    assert validation_errors(ready_schemas()["comparison"], record.data) == []


@pytest.mark.parametrize("words", [("a b c", "a c b"), ("a", "a a"), ("a b", "c d")])
def test_thousands_of_words_in_turns_come_to_an_end(words: tuple[str, str]) -> None:
    sides = [f"start {' '.join([some] * 3_000)} end" for some in words]
    record = compare(*([page(text, name)] for text, name in zip(sides, "ab", strict=True)))
    assert not record.data["same"]
    # What is not in a difference is equal on both sides, whatever the budget allowed.
    for key, text in zip(("in_a", "in_b"), sides, strict=True):
        differ = sum(len((one[key] or "").split()) for one in record.data["differences"])
        assert 0 <= differ < len(text.split())
    assert "start" not in (record.data["differences"][0]["in_a"] or "")


def test_a_long_page_of_few_repeats_is_compared_word_by_word() -> None:
    text = [f"w{at}" for at in range(20_000)]
    changed = [*text[:15_000], "new", *text[15_001:]]
    record = compare([page(" ".join(text), "a")], [page(" ".join(changed), "b")])
    assert [(d["in_a"], d["in_b"]) for d in record.data["differences"]] == [("w15000", "new")]
    assert "too many repeated" not in record.note


def test_beyond_the_budget_rare_words_still_align_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seventh of the words are rare; the rest are one word, which alone is too much work."""
    monkeypatch.setattr("generation.extraction.align.MAX_STEPS", 100_000)
    text = [word for at in range(100) for word in (f"w{at}", *["so"] * 6)]
    changed = [*text[:350], "w999", *text[351:]]
    record = compare([page(" ".join(text), "a")], [page(" ".join(changed), "b")])
    assert [(d["in_a"], d["in_b"]) for d in record.data["differences"]] == [("w50", "w999")]
    assert "too many repeated words" in record.note


def test_one_page_may_have_become_two() -> None:
    record = compare([page("a b c d", "a")], [page("a b", "b"), page("c e d", "b", 2)])
    (one,) = record.data["differences"]
    assert (one["in_a"], one["in_b"]) == (None, "e")
    assert record.fields[0].page == Page("b" * 20, 2, "b.pdf")


@pytest.mark.parametrize("same", [True, False])
def test_pictures_have_their_say(same: bool) -> None:
    alike = Likeness(0.9 if same else 0.2, ((4, 4), (8, 8)), same)
    record = compare([page("", "a")], [page("", "b")], alike)
    assert record.data["same"] is same
    assert len(record.data["differences"]) == (not same)
    assert "4 x 4 and 8 x 8" in record.data["summary"]


def run(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["extract", "--json", *arguments])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_files_and_pages_on_the_command_line(tmp_path: Path, sample_home: Home) -> None:
    old, new = tmp_path / "old.pdf", tmp_path / "new.pdf"
    make_pdf(old, "The fee is 40 pounds a month.")
    make_pdf(new, "The fee is 45 pounds a month.")
    out = tmp_path / "out.json"
    body = run("--compare", str(old), str(new), "--out", str(out))
    (one,) = body["data"]["differences"]
    assert (one["in_a"], one["in_b"]) == ("40", "45")
    assert body["fields"]["/differences/0/in_b"]["page"] == body["b"][0]
    assert body["fields"]["/differences/0/in_b"]["boxes"]
    assert json.loads(out.read_text()) == body
    assert body["pictures"]["correlation"] > 0.9
    home = ["--home", str(sample_home.root)]
    assert run("--compare", "volunteer-form.pdf-1", str(FORM), *home)["data"]["same"]
    shown = CliRunner().invoke(app, ["extract", "--compare", str(old), str(new)])
    assert 'changed  words after "The fee is": "40" -> "45"' in shown.stdout


@pytest.mark.slow
def test_photos_are_compared_by_what_they_show(tmp_path: Path) -> None:
    small = tmp_path / "small.jpg"
    with Image.open(CAT) as cat:
        cat.resize((200, 133)).save(small)
        ImageOps.invert(cat.convert("RGB")).save(tmp_path / "other.png")
    body = run("--compare", str(CAT), str(small))
    assert body["data"]["same"]
    assert body["pictures"]["sizes"] == [[451, 300], [200, 133]]
    other = run("--compare", str(CAT), str(tmp_path / "other.png"))
    assert not other["data"]["same"]
    assert "correlate" in other["data"]["differences"][-1]["what"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([str(FORM)], 2),
        ([str(FORM), str(FORM), "--schema", "receipt"], 2),
        ([str(FORM), str(FORM), "--each"], 2),
        ([str(FORM), "nothing.pdf-1"], 4),
    ],
)
def test_exit_codes(sample_home: Home, arguments: list[str], code: int) -> None:
    home = ["--home", str(sample_home.root)]
    done = CliRunner().invoke(app, ["extract", "--compare", *arguments, *home])
    assert done.exit_code == code


class Scripted:
    """A language model that tells of one difference."""

    name = "scripted:one"
    limits = Limits()
    sent: Request

    def reply(self, request: Request) -> Iterator[str | Usage]:
        self.sent = request
        told = {"what": "the fee", "in_a": "40", "in_b": "45", "kind": "changed"}
        sources = [
            {"field": "/differences/0/in_a", "label": 1, "quote": "fee is 40"},
            {"field": "/differences/0/in_b", "label": 2, "quote": "fee is 45"},
        ]
        data = {"same": False, "summary": "The fee rose.", "differences": [told]}
        yield json.dumps({"data": data, "sources": sources})
        yield Usage(self.name, 9, 9)


def test_a_language_model_compares_and_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Scripted()
    monkeypatch.setattr(models, "load_chat", lambda _spec, _access: model)
    for name, fee in (("old", 40), ("new", 45)):
        make_pdf(tmp_path / f"{name}.pdf", f"The fee is {fee} pounds.")
    files = [str(tmp_path / "old.pdf"), str(tmp_path / "new.pdf")]
    body = run("--compare", *files, "--model", "openai:any")
    assert body["data"]["summary"] == "The fee rose."
    assert body["fields"]["/differences/0/in_a"]["page"] == body["a"][0]
    assert body["fields"]["/differences/0/in_b"]["page"] == body["b"][0]
    assert body["fields"]["/differences/0/in_b"]["verified"]
    assert not body["fields"]["/summary"]["verified"]
    asked = str(model.sent.turns[0].parts[-1])
    assert "A, which is [1], and B, which is [2]" in asked


@pytest.fixture(scope="module")
def client(sample_home: Home) -> Iterator[TestClient]:
    application = create_app(sample_home, Settings.model_construct(ocr="none"))
    with TestClient(application, base_url="http://127.0.0.1") as found:
        yield found


def test_compare_over_http(client: TestClient) -> None:
    key = "volunteer-form.pdf-1"
    body = client.post("/v1/extract", json={"compare": [key, key]}).json()
    assert body["data"]["same"] is True
    assert body["pictures"]["correlation"] == 1
    files = [("file", ("old.pdf", FORM.read_bytes())), ("file", ("new.pdf", FORM.read_bytes()))]
    sent = client.post("/v1/extract", files=files, data={"compare": "true"})
    assert sent.status_code == 200, sent.text
    assert sent.json()["data"]["same"] is True
    for wrong in ({"compare": [key]}, {"compare": [key, key], "pages": [key]}, {"pages": [key]}):
        assert client.post("/v1/extract", json=wrong).status_code == 422
    gone = client.post("/v1/extract", json={"compare": [key, "nothing.pdf-1"]})
    assert gone.status_code == 404


def test_a_file_is_read_over_http_and_not_kept(client: TestClient, sample_home: Home) -> None:
    before = client.get("/v1/documents").json()
    kinds = {"full_name": {"type": "string"}}
    schema = {"type": "object", "properties": kinds, "required": ["full_name"]}
    files = {"file": ("../form.pdf", FORM.read_bytes())}
    done = client.post("/v1/extract", files=files, data={"schema": json.dumps(schema)})
    assert done.status_code == 200, done.text
    assert done.json()["data"] == {"full_name": "Priya Lanwarne"}
    assert done.json()["fields"]["/full_name"]["boxes"]
    named = client.post("/v1/extract", files=files, data={"schema": "document"})
    assert named.status_code == 200
    assert client.get("/v1/documents").json() == before
    assert not any(sample_home.uploads.glob("*"))


@pytest.mark.parametrize(
    ("files", "data", "says"),
    [
        ({"file": ("a.pdf", b"no pdf")}, {"schema": "form"}, "a.pdf"),
        ({"file": ("a.pdf", b"x")}, {}, "no schema"),
        ({"file": ("a.pdf", b"x")}, {"schema": "nothing"}, "nothing"),
        ({"file": ("a.pdf", b"x")}, {"schema": "{"}, "not JSON"),
        ({"file": ("a.pdf", b"x")}, {"compare": "true"}, "two files"),
        ({"file": ("a.pdf", b"x")}, {"schema": "form", "other": "1"}, "other"),
        ({"data": ("a.pdf", b"x")}, {"schema": "form"}, "data"),
    ],
)
def test_what_cannot_be_read_is_refused(
    client: TestClient, files: Any, data: dict[str, str], says: str
) -> None:
    refused = client.post("/v1/extract", files=files, data=data)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert says in refused.json()["detail"]


def test_a_tiff_of_too_many_pages_is_refused(client: TestClient) -> None:
    out = io.BytesIO()
    frames = [Image.new("1", (20, 20)) for _ in range(51)]
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:])
    refused = client.post(
        "/v1/extract", files={"file": ("many.tif", out.getvalue())}, data={"schema": "form"}
    )
    assert (refused.status_code, "51 pages" in refused.json()["detail"]) == (422, True)


def test_the_description_knows_both_kinds_of_body(client: TestClient) -> None:
    described = client.get("/openapi.json").json()["paths"]["/v1/extract"]["post"]["requestBody"]
    assert set(described["content"]) == {"application/json", "multipart/form-data"}
