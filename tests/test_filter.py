"""Page filters: only the pages left are ranked, exactly and through candidates."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ingest.filter import PageFilter
from ingest.library.home import Home
from ingest.library.library import Library
from retrieval.search import Searcher

TOMORROW = "2999-01-01"


@pytest.fixture(scope="module", params=[1000, 0], ids=["exact", "through Chroma"])
def searcher(sample_home, request):
    searcher = Searcher(sample_home, exhaustive_pages=request.param)
    yield searcher
    searcher.close()


def found(searcher: Searcher, **narrow: object) -> list[tuple[str, int]]:
    hits = searcher.search("lamp and lens", top=100, filter=PageFilter(**narrow))  # type: ignore[arg-type]
    return [(hit.page.document_name, hit.page.number) for hit in hits]


def test_by_kind(searcher):
    kinds = {d.name: d.kind for d in searcher.library.documents()}
    for kind in ("pdf", "image"):
        names = {name for name, _ in found(searcher, kind=kind)}
        assert names
        assert {kinds[name] for name in names} == {kind}


def test_by_page_number(searcher):
    assert {number for _, number in found(searcher, first=2, last=3)} == {2, 3}
    assert {number for _, number in found(searcher, last=1)} == {1}


def test_by_day(searcher):
    assert found(searcher, since=TOMORROW) == []
    assert found(searcher, until="1999-12-31") == []
    assert len(found(searcher, until=TOMORROW)) == len(found(searcher))


def test_together_with_documents(searcher):
    report = searcher.library.document("annual-report.pdf")
    hits = searcher.search("visitors", filter=PageFilter((report.id,), first=2, last=2), top=9)
    assert [(hit.page.document_id, hit.page.number) for hit in hits] == [(report.id, 2)]


def test_counts_agree_with_the_pages(sample_home):
    library = Library(sample_home)
    for narrow in (
        PageFilter(),
        PageFilter(kind="pdf"),
        PageFilter(first=2),
        PageFilter(document_ids=()),
    ):
        records = library.page_records(narrow)
        assert library.count(narrow) == len(records)
        assert set(library.select_documents(narrow)) == {r.page.document_id for r in records}
    every = library.page_records()
    keys = [record.page.key for record in every[::3]]
    assert library.records_of([*keys, "nothing-1"]) == every[::3]


def test_bm25_of_some_pages_is_that_of_all(sample_home):
    library = Library(sample_home)
    every = library.match_terms(["lamp", "visitors"])
    best = sorted(every, key=lambda key: -every[key])[:2]
    assert list(library.match_terms(["lamp", "visitors"], most=2)) == best
    assert library.match_terms(["lamp", "visitors"], keys=best) == {k: every[k] for k in best}


@pytest.mark.parametrize(
    ("options", "numbers"), [(["--pages", "2-3"], {2, 3}), (["--pages", "2"], {2})]
)
def test_on_the_command_line(sample_home: Home, options, numbers):
    import json

    line = ["search", "visitors", "--json", "--home", str(sample_home.root), *options]
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 0, done.output
    assert {json.loads(row)["number"] for row in done.stdout.splitlines()} == numbers


@pytest.mark.parametrize(
    "options",
    [
        *(["--pages", pages] for pages in ("x", "-", "9-3", "0", "0-2", "-0")),
        ["--kind", "doc"],
    ],
)
def test_what_cannot_be_is_refused(sample_home: Home, options):
    done = CliRunner().invoke(app, ["search", "x", "--home", str(sample_home.root), *options])
    assert done.exit_code == 2
    assert any(word in done.output for word in ("Take", "Write", "count from 1"))
