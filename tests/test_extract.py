"""Records that fit a schema, with every printed value verified."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from PIL import Image
from typer.testing import CliRunner

from api.cli.main import app
from api.http.app import create_app
from generation.answer import Usage
from generation.context.limits import Limits
from generation.extraction.extract import MAX_REPAIRS, Source, extract, reply_schema, verify_fields
from generation.extraction.record import DocumentTooLong, RequiredFieldMissing, SchemaMismatch
from generation.extraction.rules import extract_by_rules
from generation.extraction.schema import (
    InvalidSchema,
    check_schema,
    open_schema,
    ready_schemas,
    validation_errors,
)
from generation.prompt import Evidence
from generation.request import Request
from generation.text.value import find_value, read_word_dates
from ingest.library.home import Home
from ingest.page import Page, Word

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
FORM = str(SAMPLES / "volunteer-form.pdf")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "seller": {"type": "string"},
        "total": {"type": "number"},
        "paid": {"type": "boolean"},
    },
    "required": ["seller", "total"],
}
LINES = ["Harbour Stores Ltd", "Date: 25/12/2018", "Subtotal 70.00", "Total 1,080.90", "PAID"]


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 60), "white").save(out, "PNG")
    return out.getvalue()


def page(lines: list[str], label: int = 1) -> Evidence:
    words = tuple(
        Word(text, (0.1 + 0.12 * at, 0.05 * row, 0.2 + 0.12 * at, 0.05 * row + 0.03))
        for row, line in enumerate(lines)
        for at, text in enumerate(line.split())
    )
    return Evidence(label, Page("d" * 20, label, "bill.pdf"), words, picture, 1.0)


@dataclass
class Scripted:
    """A language model that replies as it is told to, and keeps what it was sent."""

    replies: list[str]
    name: str = "scripted:one"
    limits: Limits = field(default_factory=Limits)
    sent: list[Request] = field(default_factory=list)

    def reply(self, request: Request) -> Iterator[str | Usage]:
        self.sent.append(request)
        text = self.replies[len(self.sent) - 1]
        yield text[:5]
        yield text[5:]
        yield Usage(self.name, 100, 10)


def said(data: dict[str, Any], *sources: tuple[str, int, str]) -> str:
    listed = [{"field": f, "label": at, "quote": quote} for f, at, quote in sources]
    return json.dumps({"data": data, "sources": listed})


GOOD = {"seller": "Harbour Stores Ltd", "total": 1080.9, "paid": True}


def test_every_value_leads_to_its_place() -> None:
    reply = said(
        GOOD,
        ("/seller", 1, "Harbour Stores Ltd"),
        ("/total", 1, "Total 1,080.90"),
        ("/paid", 1, "PAID"),
    )
    model = Scripted(["```json\n" + reply + "\n```"])
    record = extract([page(LINES)], SCHEMA, model)
    assert record.data == GOOD
    assert [(f.pointer, f.printed, f.verified) for f in record.fields] == [
        ("/seller", True, True),
        ("/total", True, True),
        ("/paid", False, True),
    ]
    assert record.fields[1].boxes[0][1] == pytest.approx(0.15)
    assert (record.attempts, record.usage.input_tokens) == (1, 100)
    assert validation_errors(model.sent[0].schema or {}, json.loads(reply)) == []


def test_a_reply_that_does_not_fit_is_sent_back_with_the_reasons() -> None:
    model = Scripted(["I think so", said({"seller": 7, "total": 1080.9}), said(GOOD)])
    record = extract([page(LINES)], SCHEMA, model)
    assert (record.attempts, record.usage.output_tokens) == (3, 30)
    assert "not JSON" in str(model.sent[1].turns[-1].parts[0])
    assert "/data/seller: 7 is not of type 'string'" in str(model.sent[2].turns[-1].parts[0])
    with pytest.raises(SchemaMismatch, match="3 replies"):
        extract([page(LINES)], SCHEMA, Scripted(["no"] * (MAX_REPAIRS + 1)))


@pytest.mark.parametrize(
    "source",
    [
        ("/total", 1, "Total 999.99"),
        ("/total", 1, "Total 1,080.90"),
        ("/total", 7, "Total 999.99"),
        ("/other", 1, "PAID"),
    ],
)
def test_a_forged_value_or_quote_is_never_verified(source: tuple[str, int, str]) -> None:
    model = Scripted([said({"seller": "Nobody & Sons", "total": 999.99}, source)])
    record = extract([page(LINES)], SCHEMA, model)
    assert not any(one.verified or one.printed for one in record.fields)


def test_a_value_without_a_source_is_looked_for_on_every_page() -> None:
    record = extract([page(["nothing"]), page(LINES, 2)], SCHEMA, Scripted([said(GOOD)]))
    found = {one.pointer: one for one in record.fields}
    assert found["/total"].page == Page("d" * 20, 2, "bill.pdf")
    assert (found["/paid"].verified, found["/paid"].page) == (False, None)


def many(count: int, words: int = 3) -> list[Evidence]:
    return [page(["word " * words], number) for number in range(1, count + 1)]


def test_images_are_sent_as_far_as_they_fit_those_of_wordless_pages_first() -> None:
    pages = [*many(3), page([], 4)]
    model = Scripted([said({"seller": "word word", "total": 1})], limits=Limits(max_images=2))
    record = extract(pages, SCHEMA, model)
    parts = model.sent[0].turns[0].parts
    assert [isinstance(part, str) for part in parts] == [True, False, True, True, True, False, True]
    assert "images of 2 of 4 pages were left out: the model takes 2 images" in record.note
    assert model.sent[0].cached_parts == 6
    blind = Scripted([said({"seller": "word word", "total": 1})], limits=Limits(max_images=0))
    assert "reads only words" in extract(pages, SCHEMA, blind).note
    assert all(isinstance(part, str) for part in blind.sent[0].turns[0].parts)


def test_a_document_whose_words_do_not_fit_is_refused() -> None:
    with pytest.raises(DocumentTooLong, match=r"40 pages are about .* the model takes 24,000"):
        extract(many(40, 500), SCHEMA, Scripted([]))


def test_a_whole_document_is_one_request(tmp_path: Path, sample_home: Home) -> None:
    schema = tmp_path / "s.json"
    schema.write_text(json.dumps({"type": "object", "properties": {"name": {"type": "string"}}}))
    arguments = ["extract", "--whole", "--schema", str(schema), "--json"]
    home = ["--home", str(sample_home.root)]
    done = CliRunner().invoke(app, [*arguments, "volunteer-form.pdf", FORM, *home])
    assert done.exit_code == 0, done.output
    kept, file = map(json.loads, done.stdout.splitlines())
    assert (kept["pages"], kept["data"]) == (file["pages"], {"name": "Priya Lanwarne"})
    some = CliRunner().invoke(app, [*arguments, "nothing.pdf", *home])
    assert (some.exit_code, "nothing.pdf" in some.stderr) == (4, True)
    both = CliRunner().invoke(app, [*arguments, "--each", FORM])
    assert (both.exit_code, "exclude each other" in both.stderr) == (2, True)


def test_references_still_lead_to_the_right_place_when_wrapped() -> None:
    schema = {
        "$defs": {"name": {"type": "string"}},
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/name"}, "b": {"$ref": "#/properties/a"}},
    }
    whole = reply_schema(check_schema(schema))
    assert validation_errors(whole, {"data": {"a": "x", "b": "y"}, "sources": []}) == []
    assert validation_errors(whole, {"data": {"a": "x", "b": 1}, "sources": []})


JUDGED = {
    "ui": {"usability_score", "palette", "typography"},
    "product": {"quality_score", "marketing_text", "keywords"},
    "code": {"improvements"},
    "chart": {"trend", "data_range", "anomalies"},
    "document": {"signature_present", "action_items"},
    "video-summary": {"summary", "scenes", "people", "places", "key_messages", "audience"},
}


def test_ready_schemas_are_valid() -> None:
    ready = ready_schemas()
    assert {"receipt", "invoice", "form", "document", "table", "chart", "code"} <= set(ready)
    for name, schema in ready.items():
        Draft202012Validator.check_schema(schema)
        assert check_schema(schema, name) is schema
        assert schema["description"]
    for name, fields in JUDGED.items():
        assert fields <= set(ready[name]["properties"])
        empty: dict[str, Any] = {key: [] for key in ready[name].get("required", ())}
        assert validation_errors(ready[name], {"code": "x"} if name == "code" else empty) == []
    assert validation_errors(ready["ui"], {"elements": [], "issues": [], "usability_score": 11})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"type": "object",}', "line 1"),
        ('{"type": "object", "properties": {"a": {"type": "text"}}}', "/properties/a/type"),
        ('{"type": "array"}', "at the top"),
        ('{"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1/x"}}}', "refers to"),
        ("[]", "not a JSON object"),
    ],
)
def test_a_broken_schema_is_named_with_the_place(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(InvalidSchema, match=says) as caught:
        open_schema(str(path))
    assert "mine.json" in caught.value.message
    with pytest.raises(InvalidSchema, match="receipt"):
        open_schema("no-such-schema")


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        (1234.5, "EUR 1.234,50", True),
        (1234.5, "$1,234.50", True),
        (-3, "(3)", True),
        (12, "1234", False),
        (80.9, "180.90", False),
        ("2018-12-25", "on 25/12/2018", True),
        ("2018-12-25", "on December 25, 2018", True),
        ("2018-12-26", "on 25/12/2018", False),
        (1234.5, "1 234,50 €", True),
        (234.5, "1 234,50 €", False),
        (1234567, "1 234 567", True),
        (1234, "AB-1234/5", True),
        (-1234, "AB-1234/5", False),
        (5, "5kg", True),
        (100000.5, "1,00,000.50", True),
        (9.9, "٩٫٩٠".replace("٫", "."), True),
        (12, "10-12", True),
        (-12, "10-12", False),
        ("harbour stores", "HARBOUR STORES", True),
        (True, "True", False),
    ],
)
def test_finds_values_however_they_are_written(value: Any, text: str, expected: bool) -> None:
    assert (find_value(value, page([text]).words) is not None) == expected


DAYS = [
    "3 November 2025",
    "03NOV2025",
    "3. November 2025",
    "3 novembre 2025",
    "3 de noviembre de 2025",
    "3 Kasım 2025",
    "3 ноября 2025 г.",
    "3 نوفمبر 2025",
    "3 בנובמבר 2025",
    "3 नवंबर 2025",
    "2025年11月3日",
    "令和7年11月3日",
    "2025년 11월 3일",
    "2025. 11. 3.",
]


@pytest.mark.parametrize("printed", DAYS)
def test_a_date_is_extracted_and_verified_in_every_language(printed: str) -> None:
    kind = {"type": ["string", "null"], "format": "date"}
    bill = page(["Harbour Stores", f"Date: {printed}", "Total 9.00"])
    record = extract_by_rules([bill], {"type": "object", "properties": {"date": kind}})
    assert record.data == {"date": "2025-11-03"}
    assert record.fields[0].quote == printed.removesuffix(" г.")
    (verified,) = verify_fields(record.data, [bill], {})
    assert (verified.verified, verified.boxes) == (True, record.fields[0].boxes)
    assert find_value("2025-11-04", bill.words) is None


def test_another_date_of_the_page_shows_the_order_of_day_and_month() -> None:
    bill = page(["Date: 03/11/2025", "Due 03/25/2025"])
    kind = {"type": ["string", "null"], "format": "date"}
    record = extract_by_rules([bill], {"type": "object", "properties": {"date": kind}})
    assert record.data == {"date": "2025-03-11"}
    forged = Source(1, "Date: 03/11/2025")
    (field,) = verify_fields({"date": "2025-11-03"}, [bill], {"/date": forged})
    assert not field.verified
    assert [len(d.days) for d in read_word_dates(page(["3/4/2018"]).words)] == [2]
    assert list(read_word_dates(page(["32/13/2018"]).words)) == []


def test_without_a_language_model_values_are_copied_or_left_out() -> None:
    record = extract_by_rules([page(LINES)], SCHEMA)
    assert record.data == {"seller": "Harbour Stores Ltd", "total": 1080.9}
    assert record.missing == ("paid",)
    assert all(one.verified and one.boxes for one in record.fields)
    with pytest.raises(RequiredFieldMissing, match="'total' is a required property"):
        extract_by_rules([page(LINES[:3])], SCHEMA)


@pytest.mark.parametrize(
    ("printed", "expected"), [("25/12/2018", "2018-12-25"), ("3/4/2018", None)]
)
def test_a_date_whose_order_is_in_doubt_is_not_guessed(printed: str, expected: str | None) -> None:
    kind = {"type": ["string", "null"], "format": "date"}
    record = extract_by_rules(
        [page([f"Date: {printed}"])], {"type": "object", "properties": {"date": kind}}
    )
    assert record.data["date"] == expected


def test_a_form_is_read_by_its_labels(tmp_path: Path, sample_home: Home) -> None:
    names = ("full_name", "date_of_birth", "telephone", "email", "blood_type")
    schema = tmp_path / "form.json"
    kinds = {name: {"type": ["string", "null"]} for name in names}
    schema.write_text(json.dumps({"type": "object", "properties": kinds}))
    out = tmp_path / "out.jsonl"
    arguments = ["extract", "--schema", str(schema), "--json", "--out", str(out)]
    done = CliRunner().invoke(app, [*arguments, FORM])
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert record["data"] == {
        "full_name": "Priya Lanwarne",
        "date_of_birth": "17 June 1986",
        "telephone": "01632 960417",
        "email": "priya@lanwarne.example",
        "blood_type": None,
    }
    assert json.loads(out.read_text()) == record
    assert all(one["verified"] for one in record["fields"].values())
    home = ["--home", str(sample_home.root)]
    kept = CliRunner().invoke(app, [*arguments, "volunteer-form.pdf-1", *home])
    assert json.loads(kept.stdout)["data"] == record["data"]


def test_exit_codes(tmp_path: Path) -> None:
    schema = tmp_path / "s.json"
    kinds = {"lens": {"type": "string"}}
    schema.write_text(json.dumps({"type": "object", "properties": kinds, "required": ["lens"]}))
    missing = CliRunner().invoke(app, ["extract", FORM, "--schema", str(schema)])
    assert missing.exit_code == 4
    assert "'lens' is a required property" in missing.stderr
    assert CliRunner().invoke(app, ["extract", FORM, "--schema", "nothing"]).exit_code == 2
    assert CliRunner().invoke(app, ["extract", FORM]).exit_code == 2
    listed = CliRunner().invoke(app, ["extract", "--list-schemas"])
    assert listed.exit_code == 0
    assert "receipt" in listed.stdout


def test_over_http(sample_home: Home) -> None:
    with TestClient(create_app(sample_home), base_url="http://127.0.0.1") as client:
        kinds = {"full_name": {"type": "string"}, "lens": {"type": "string"}}
        schema = {"type": "object", "properties": kinds, "required": ["full_name"]}
        wanted = {"pages": ["volunteer-form.pdf-1"], "schema": schema}
        body = client.post("/v1/extract", json=wanted).json()
        assert body["data"] == {"full_name": "Priya Lanwarne"}
        assert body["fields"]["/full_name"]["verified"] is True
        whole = {"document": "volunteer-form.pdf", "schema": schema}
        assert client.post("/v1/extract", json=whole).json() == body
        assert client.post("/v1/extract", json={**wanted, **whole}).status_code == 422
        refused = client.post("/v1/extract", json={**wanted, "schema": {"required": 1}})
        assert refused.status_code == 422
        lacking = client.post(
            "/v1/extract", json={**wanted, "schema": schema | {"required": ["lens"]}}
        )
        assert (lacking.status_code, "'lens'" in lacking.json()["detail"]) == (422, True)
        assert client.post("/v1/extract", json={**wanted, "schema": "nothing"}).status_code == 422


@pytest.mark.timeout(30)
def test_a_row_of_many_words_is_read_within_seconds() -> None:
    many = 20_000
    words = tuple(Word(f"w{n}", (n / many, 0.5, (n + 1) / many, 0.51)) for n in range(many))
    page = Evidence(1, Page("d", 1, "many.pdf"), words, lambda: b"", 1.0)
    assert extract_by_rules([page], open_schema("invoice")).attempts == 0
