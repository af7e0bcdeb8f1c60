"""Names of documents: told apart, searched, and what a name means."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest
from PIL import Image

from api.rag.query_filters import filter_documents
from ingest.add import AddSettings, add
from ingest.event import Gone
from ingest.files.render import RenderSettings
from ingest.library.documents import DocumentNotFound
from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.names import is_in_folder, name_documents, searchable_name
from retrieval.search import Searcher


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


NO_OCR = RenderSettings(dpi=40, ocr="none")


def make_pdf(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with pymupdf.open() as pdf:
        pdf.new_page().insert_text((72, 72), text)
        pdf.save(path)
    return path


def read(home: Home, *paths: Path, **options: bool) -> Library:
    settings = AddSettings(encoders=("minilm",), workers=1, render=NO_OCR, **options)  # type: ignore[arg-type]
    list(add(home, paths, settings))
    return Library(home)


def matched(library: Library, *terms: str) -> set[str]:
    names = library.display_names()
    return {names[key.rpartition("-")[0]] for key in library.match_terms(terms)}


# --- names as text


def test_equal_file_names_are_shown_with_as_much_path_as_it_takes() -> None:
    addresses = {"a": "/x/1/b/c.pdf", "b": "/x/2/b/c.pdf", "c": "/x/2/d/c.pdf", "d": "/c.pdf"}
    named = name_documents(addresses | {"e": "/x/other.pdf"})
    assert named == {"a": "1/b/c.pdf", "b": "2/b/c.pdf", "c": "d/c.pdf", "d": "/c.pdf"} | {
        "e": "other.pdf"
    }


def test_names_that_differ_only_in_how_accents_are_written_are_told_apart() -> None:
    named = name_documents({"a": "/x/1/caf\u00e9.pdf", "b": "/x/2/cafe\u0301.pdf"})
    assert set(named.values()) == {"1/caf\u00e9.pdf", "2/cafe\u0301.pdf"}


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/d/Zahnarzt_Rechnung-2025.pdf", {"Zahnarzt", "Rechnung-2025", "d"}),
        ("/d/BudgetReport2024.pdf", {"BudgetReport2024", "Budget", "Report", "2024"}),
        ("/d/annual%20report.pdf", {"annual", "report"}),
        ("/d/発注書_4月.pdf", {"発注書", "4月"}),
        ("/d/Übersicht.2024.pdf", {"Übersicht.2024"}),
        ("/d/p.pdf › TenderHull.pdf", {"p", "Tender", "Hull"}),
    ],
)
def test_names_are_split_where_people_join_words(address: str, words: set[str]) -> None:
    assert words <= set(searchable_name([address], "/home/uploads").split())


def test_folders_of_uploads_are_not_searched() -> None:
    assert searchable_name(["/home/uploads/0a1b/x.pdf"], "/home/uploads") == "x"


@pytest.mark.parametrize(
    ("folder", "inside"),
    [("2024", True), ("b/2024", True), ("/a", True), ("/b", False), ("x.pdf", False), ("", False)],
)
def test_a_folder_is_any_on_the_path(folder: str, inside: bool) -> None:
    assert is_in_folder("/a/b/2024/x.pdf", folder) is inside


# --- in a library


def test_words_of_file_names_and_folders_are_found(home: Home, tmp_path: Path) -> None:
    make_pdf(tmp_path / "in/taxes/Zahnarzt_Rechnung_Kowalewska_2025.pdf", "Lamp")
    make_pdf(tmp_path / "in/other.pdf", "Boat")
    Image.new("RGB", (40, 30), "red").save(tmp_path / "in/grandma_birthday.jpg")
    library = read(home, tmp_path / "in")
    assert matched(library, "kowalewska") == {"Zahnarzt_Rechnung_Kowalewska_2025.pdf"}
    assert matched(library, "taxes") == {"Zahnarzt_Rechnung_Kowalewska_2025.pdf"}
    assert matched(library, "grandma") == {"grandma_birthday.jpg"}


def test_names_are_found_in_other_spellings(home: Home, tmp_path: Path) -> None:
    make_pdf(tmp_path / "in/Müller_Großauftrag.pdf", "Lamp")
    library = read(home, tmp_path / "in")
    searcher = Searcher(home)
    for query in ("mueller", "Müller", "grossauftrag", "GROẞAUFTRAG"):
        [hit, *_] = searcher.search(query)
        assert "bm25" in hit.signals, query
        assert hit.signals["bm25"] > 0, query
    searcher.close()
    assert library.documents()


def test_a_document_with_another_name_is_found_by_it(home: Home, tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "in/before.pdf", "Lamp")
    read(home, tmp_path / "in")
    path.rename(tmp_path / "in/after.pdf")
    library = read(home, tmp_path / "in")
    assert matched(library, "after") == {"after.pdf"}
    assert matched(library, "before") == set()


def test_equal_names_are_told_by_folder(home: Home, tmp_path: Path) -> None:
    make_pdf(tmp_path / "in/2024/budget.pdf", "Lamp")
    make_pdf(tmp_path / "in/2025/budget.pdf", "Boat")
    library = read(home, tmp_path / "in")
    assert [d.name for d in library.documents()] == ["2024/budget.pdf", "2025/budget.pdf"]
    assert {str(record.page) for record in library.page_records()} == {
        "2024/budget.pdf, page 1",
        "2025/budget.pdf, page 1",
    }
    first, second = library.documents()
    assert library.document("2024/budget.pdf") == first
    with pytest.raises(DocumentNotFound) as caught:
        library.document("budget.pdf")
    assert "2024/budget.pdf" in caught.value.hint
    assert "2025/budget.pdf" in caught.value.hint
    assert filter_documents(library, None, folder="2024").document_ids == (first.id,)
    assert filter_documents(library, ["2025"]).document_ids == (second.id,)
    assert filter_documents(library, ["2025/budget.pdf"], folder="2024").document_ids == ()
    with pytest.raises(DocumentNotFound) as caught:
        filter_documents(library, None, folder="1999")
    assert "2024, 2025" in caught.value.hint


def test_a_renamed_file_loses_its_old_name_and_keeps_its_document(
    home: Home, tmp_path: Path
) -> None:
    path = make_pdf(tmp_path / "in/before.pdf", "Lamp")
    other = make_pdf(tmp_path / "in/other.pdf", "Boat")
    [first] = [d for d in read(home, tmp_path / "in").documents() if d.name == "before.pdf"]
    path.rename(tmp_path / "in/after.pdf")
    other.unlink()
    events = list(add(home, [tmp_path / "in"], AddSettings(NO_OCR, ("minilm",), 1)))
    [gone] = [event for event in events if isinstance(event, Gone)]
    assert gone.path == str(other)
    renamed = Library(home).document("after.pdf")
    assert (renamed.id, renamed.revision) == (first.id, first.revision)
    assert renamed.paths == (str(tmp_path / "in/after.pdf"),)
    assert Library(home).document("other.pdf").id == gone.document_id


@pytest.mark.parametrize("wanted", ["harbour-guide", "Harbour-Guide.PDF", "in/harbour-guide"])
def test_a_document_is_named_without_its_suffix_and_in_either_case(
    home: Home, tmp_path: Path, wanted: str
) -> None:
    make_pdf(tmp_path / "in/harbour-guide.pdf", "Lamp")
    make_pdf(tmp_path / "in/harbour-guide-2.pdf", "Boat")
    assert read(home, tmp_path / "in").document(wanted).name == "harbour-guide.pdf"


def test_a_photo_is_found_by_its_name_before_photos_of_anything(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for at, color in enumerate(("red", "green", "blue", "orange")):
        folder.mkdir(exist_ok=True)
        Image.new("RGB", (200, 150), color).save(folder / f"IMG_000{at}.jpg")
    Image.new("RGB", (200, 150), "gray").save(folder / "grandma_birthday_lanzarote.jpg")
    make_pdf(folder / "a.pdf", "The last boat leaves at nine.")
    list(add(home, [folder], AddSettings(encoders=("minilm", "conse"), workers=1)))
    searcher = Searcher(home)
    for query in ("grandma birthday lanzarote", "grandma's birthday", "IMG_0002"):
        wanted = "IMG_0002.jpg" if "IMG" in query else "grandma_birthday_lanzarote.jpg"
        assert searcher.search(query)[0].page.document_name == wanted
    assert searcher.search("when does the last boat leave")[0].page.document_name == "a.pdf"
    searcher.close()


def test_a_file_whose_name_alone_says_the_query_comes_first(home: Home, tmp_path: Path) -> None:
    """Though its text is far from it, and that of another page is nearer."""
    make_pdf(tmp_path / "Lease_Ostwick.pdf", "Page 1 of 1")
    make_pdf(tmp_path / "a.pdf", "The rent of the house in the town")
    make_pdf(tmp_path / "b.pdf", "Tenants sign the contract of the flat")
    read(home, tmp_path)
    hits = Searcher(home).search("lease Ostwick")
    assert hits[0].page.document_name == "Lease_Ostwick.pdf"
    make_pdf(tmp_path / "c.pdf", "The lease of the house at Ostwick")
    read(home, tmp_path)
    hits = Searcher(home).search("lease Ostwick")
    assert hits[0].page.document_name == "c.pdf"
