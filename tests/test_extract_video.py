"""Records of recordings: the ready schema, times checked against shots, and whole files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_time_labels import shots

from generation.answer import Usage
from generation.context.limits import FileLimits, Limits
from generation.extraction.extract import extract
from generation.extraction.schema import ready_schemas
from generation.request import Request, SourceFile

SUMMARY = ready_schemas()["video-summary"]
RECORD = {
    "title": None,
    "language": "en",
    "summary": "A keeper lights a lamp and serves tea.",
    "scenes": [
        {"start": "0:00", "end": "0:13", "title": "The lamp", "description": "It is lit."},
        {"start": "0:20", "end": "1:45", "title": "Tea", "description": "Guests drink."},
    ],
    "people": [{"name": None, "role": "a keeper", "first_seen": "0:05"}],
    "places": [],
    "key_messages": [{"message": "Goodbye to all of you", "time": "1:04"}],
    "audience": "guests",
}
SOURCES = [
    {"field": "/people/0/first_seen", "label": 1, "quote": "The keeper lit the lamp"},
    {"field": "/key_messages/0/time", "label": 3, "quote": "never said"},
]
FILE = SourceFile(Path("talk.mp4"), "video/mp4", 1_000, seconds=3_730.0)
FILES = FileLimits({"video/mp4": 10_000, "application/pdf": 10_000}, 100, 4_000.0)


class Scripted:
    name = "scripted"

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits(max_images=0)
        self.sent: list[Request] = []

    def reply(self, request: Request) -> Iterator[str | Usage]:
        self.sent.append(request)
        yield json.dumps({"data": RECORD, "sources": SOURCES})


def test_times_are_checked_against_the_shots() -> None:
    record = extract(shots(), SUMMARY, Scripted())
    found = {field.pointer: field for field in record.fields}
    checked = {
        pointer: (field.page and field.page.number, field.verified)
        for pointer, field in found.items()
        if pointer.endswith(("start", "end", "seen", "time"))
    }
    assert checked == {
        "/scenes/0/start": (1, True),
        "/scenes/0/end": (2, True),
        "/scenes/1/start": (2, False),  # within a shot, and no words to it
        "/scenes/1/end": (None, False),  # no shot is near
        "/people/0/first_seen": (1, True),  # its words are said in that shot
        "/key_messages/0/time": (3, False),
    }
    assert found["/people/0/first_seen"].quote == "The keeper lit the lamp"
    assert found["/people/0/first_seen"].boxes
    assert found["/key_messages/0/message"].verified
    assert not found["/summary"].verified


def parts(record: Scripted) -> tuple[Any, ...]:
    return record.sent[0].turns[0].parts


def test_a_model_that_reads_files_gets_the_recording_with_its_shots() -> None:
    model = Scripted(Limits(files=FILES))
    assert extract(shots(), SUMMARY, model, FILE).note == ""
    file, lead, first, *others, _ = parts(model)
    assert (file, len(others)) == (FILE, 3)
    assert first == '[1] "talk.mp4, 0:00 to 0:12", its words: "The keeper lit the lamp"'
    assert lead == "Its shots, as labels:"


@pytest.mark.parametrize(
    ("file", "note"),
    [
        (replace(FILE, seconds=5_000.0), "the model takes recordings of 67 minutes"),
        (replace(FILE, media_type=""), "the model does not read files of its kind"),
    ],
)
def test_a_file_that_is_not_taken_goes_page_by_page(file: SourceFile, note: str) -> None:
    model = Scripted(Limits(max_images=0, files=FILES))
    assert note in extract(shots(), SUMMARY, model, file).note
    assert all(isinstance(part, str) for part in parts(model))


def test_a_pdf_goes_without_its_words() -> None:
    model = Scripted(Limits(files=FILES))
    file = SourceFile(Path("a.pdf"), "application/pdf", 1_000, pages=4)
    extract(shots(), SUMMARY, model, file)
    assert parts(model)[:2] == (file, "Page [n] is page n of this file, 1 to 4.")
