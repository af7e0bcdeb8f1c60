"""A user's program, checked by mypy in `make lint` and never run: the Python door has full types."""

from typing import assert_type

import pageglass
from pageglass import CitedAnswer, Client, PageCitation, SearchHit, SearchResults

with pageglass.open("home", dpi=100) as lib:
    report = lib.ingest("papers/", progress=True, ocr="none")
    hits = lib.search("noise", top=5)
    answer = lib.ask("Why?", history=[])
    pieces = lib.ask("Why?", stream=True)
    record = lib.extract(hits[0], "form")
    assert_type(lib, Client)
    assert_type(report.added[0].name, str)
    assert_type(hits[0].image(highlight=True).size, tuple[int, int])
    assert_type(hits[:2], SearchResults)
    assert_type(answer.citations[0].boxes, tuple[tuple[float, float, float, float], ...])
    assert_type(next(pieces), str | PageCitation | CitedAnswer)
    assert_type(record.pages[0].number, int)
    assert_type(lib.list()[0].name, str)
    assert_type(lib.tags(), dict[str, int])
    assert_type(lib.explain("noise", hits[0]).tokens[0].word, str)


def best(found: pageglass.SearchResults) -> SearchHit:
    return found[0]


def wrong(lib: Client) -> CitedAnswer:
    lib.ingest("papers/", colour="red")  # type: ignore[call-arg]
    return lib.search("noise")  # type: ignore[return-value]
