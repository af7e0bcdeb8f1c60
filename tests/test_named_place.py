"""Pages, figures and tables that a question names by number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pymupdf
import pytest
from make_library import write_document

from ingest.add import AddSettings, add
from ingest.files.render import RenderSettings
from ingest.filter import PageFilter
from ingest.library.home import Home
from ingest.library.writer import LibraryWriter
from ingest.page import Word
from retrieval.named.printed_place import has_caption, has_number
from retrieval.query.named_place import NamedPart, read_places
from retrieval.search import Searcher

FIGURE, TABLE = 0, 1


def block(text: str, *, top: float = 0.5, role: str = "text", number: int = 1) -> tuple[Word, ...]:
    """Words of one block on one line."""
    return tuple(
        Word(t, (i / 40, top, (i + 1) / 40, top + 0.02), number, role)  # type: ignore[arg-type]
        for i, t in enumerate(text.split())
    )


@pytest.mark.parametrize(
    ("question", "pages", "parts"),
    [
        ("What is on slide 14?", ("14",), []),
        ("How many people are on pages three and four?", ("3", "4"), []),
        ("3쪽의 표 2는 무엇입니까?", ("3",), [(TABLE, "2")]),
        ("그림 3을 설명해 주세요", (), [(FIGURE, "3")]),
        ("What are the axes of Figure 3a?", (), [(FIGURE, "3")]),
        ("Compare Figs. 3 and 4", (), [(FIGURE, "3"), (FIGURE, "4")]),
        ("Table 2-1", (), [(TABLE, "2-1")]),
        ("Figures 1-3", (), [(FIGURE, "1-3"), (FIGURE, "1"), (FIGURE, "2"), (FIGURE, "3")]),
        ("Table A1 and Table II", (), [(TABLE, "a1"), (TABLE, "ii")]),
        ("Abb. 2.1", (), [(FIGURE, "2.1")]),
        ("How many figures are in the 3 reports?", (), []),
        ("A table in 3 colours", (), []),
        ("발표 2", (), []),
    ],
)
def test_places_of_a_question(
    question: str, pages: tuple[str, ...], parts: list[tuple[int, str]]
) -> None:
    places = read_places(question)
    assert places.pages == pages
    assert [(part.kind, part.number) for part in places.parts] == parts


@pytest.mark.parametrize(
    ("text", "role", "found"),
    [
        ("Figure 3: Catch by month", "caption", True),
        ("Fig. 3 Catch by month", "text", True),
        ("FIG . 3 .", "row", True),
        ("FIG . 2 . FIG . 3 .", "row", True),
        ("그림 3. 월별 어획량", "text", True),
        ("Figure 3 shows the catch", "text", False),
        ("Figure 3, on the other hand", "text", False),
        ("As seen in Figure 3: the catch", "text", False),
        ("Figure 31: Ships", "caption", False),
        ("Figure 3.1: Ships", "caption", False),
        ("Table 3: Ships", "caption", False),
        ("Figure 3: Catch by month . . . . . 12", "text", False),
        ("Figure 3: Catch", "hidden", False),
    ],
)
def test_captions_are_no_mentions(text: str, role: str, found: bool) -> None:
    assert has_caption(block(text, role=role), NamedPart(FIGURE, "3")) is found


@pytest.mark.parametrize(
    ("text", "top", "found"),
    [
        ("14", 0.95, True),
        ("14", 0.03, True),
        ("- 14 -", 0.95, True),
        ("Page 14 of 30", 0.95, True),
        ("14 / 30", 0.95, True),
        ("Annual Report 14", 0.95, True),
        ("14 Annual Report", 0.95, True),
        ("14", 0.5, False),
        ("3 of 14", 0.95, False),
        ("Page 3 / 14", 0.95, False),
        ("114", 0.95, False),
        ("14.5", 0.95, False),
        ("On 14 May the fleet came in", 0.95, False),
    ],
)
def test_numbers_at_the_edge(text: str, top: float, found: bool) -> None:
    assert has_number(block(text, top=top), "14") is found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("named") / "home")
    writer = LibraryWriter(home)
    write_document(
        writer,
        "catch",
        "Figure 1 and Figure 2 tell the axis of the catch: axis, axis and axis again",
        "Figure 1: Boats",
        "Nothing of note",
        "Figure 2: Nets",
        "The axis of the crane",
    )
    write_document(writer, "other", "The crane", "An axis", "The berths", "Figure 9: Ropes")
    return home


@pytest.fixture
def searcher(home: Home) -> Iterator[Searcher]:
    searcher = Searcher(home)
    yield searcher
    searcher.close()


def first(searcher: Searcher, query: str, filter: PageFilter | None = None) -> str:
    hit = searcher.search(query, top=1, filter=filter or PageFilter())[0]
    return f"{hit.page.document_name} {hit.page.number}"


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("the axis of Figure 1", "catch 2"),
        ("the axis of Figure 2", "catch 4"),
        ("the axis of Figure 7", "catch 1"),
        ("the axis on page 5", "catch 5"),
        ("What of the catch is on the last page?", "catch 5"),
    ],
)
def test_what_is_named_comes_first(searcher: Searcher, query: str, page: str) -> None:
    assert first(searcher, query) == page


def test_a_query_that_names_no_place_has_no_such_signal(searcher: Searcher) -> None:
    assert "place" in searcher.search("Figure 1")[0].signals
    assert all("place" not in hit.signals for hit in searcher.search("the axis of the crane"))


def test_a_filter_holds_for_what_is_named(home: Home) -> None:
    for exhaustive in (1_000, 1):
        searcher = Searcher(home, exhaustive_pages=exhaustive)
        ranking = searcher.rank("the axis on page 5", filter=PageFilter(last=3))
        assert {record.page.number for record in ranking.pages} <= {1, 2, 3}
        searcher.close()


def test_what_is_named_is_a_candidate_in_a_large_library(home: Home) -> None:
    searcher = Searcher(home, exhaustive_pages=1)
    assert "catch 3" in {
        f"{r.page.document_name} {r.page.number}" for r in searcher.rank("catch page 3").pages
    }
    searcher.close()


def test_labels_and_printed_numbers_of_a_pdf(tmp_path: Path) -> None:
    path = tmp_path / "guide.pdf"
    with pymupdf.open() as pdf:
        for number in range(1, 9):
            page = pdf.new_page()
            page.insert_text((72, 200), f"Sheet {'abcdefgh'[number - 1] * 4} about the harbour")
            if number > 4:
                page.insert_text((290, 820), str(number + 100))
        pdf.set_page_labels([{"startpage": 0, "prefix": "", "style": "r", "firstpagenum": 1}])
        pdf.save(path)
    home = Home(tmp_path / "home")
    list(add(home, [path], AddSettings(RenderSettings(dpi=40, ocr="none"), ("minilm",))))
    searcher = Searcher(home)
    assert first(searcher, "What is on page iii?") == "guide.pdf 3"
    assert first(searcher, "What is on page 107?") == "guide.pdf 7"
    assert first(searcher, "What is on page 2?") == "guide.pdf 2"
    searcher.close()
