"""Search by index forms: languages, whole forms first, query syntax, old libraries."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from make_library import write_document

from ingest.library.home import Home
from ingest.library.library import Library
from ingest.library.writer import LibraryWriter
from retrieval.search import Searcher

PAGES = {
    "plate": "Номер: А123ВС 77",
    "switched": "The owner is Ivаn Реtrоv of the kiosk.",
    "irish": "Mrs O’Sullivan and Mr D'Artagnan sold the berth.",
    "english": "The lease may be ended early by the tenant if the berth is dredged.",
    "scattered": "The tenant ended the phase early; by then the lease had lapsed.",
    "german": "Der Hafenkran ist neu und die Prüfung der Schiffsdiesel in der Straße beginnt.",
    "german-roof": "Auf den Dächern der Müllabfuhr und der Reederei sind die Außenbordmotoren.",
    "armenian": "պայմանագիրն ավարտվում է",
    "names": "Frau Müller and Herr Goethe met Ørsted.",
    "french": "Résumé des œuvres exposées à l'été",
    "istanbul": "İSTANBUL DEPOSU",
    "isparta": "ISPARTA DEPOSU",
    "arabic": "عَقْدُ إِيجَارٍ للمدرسة",
    "arabic-sale": "عَقْدُ بَيْعٍ",
    "hebrew": "חוֹזֶה שְׂכִירוּת",
    "hindi": "बिजली का बिल",
    "hindi-other": "बाजरा लाभ बल की जली",
    "chinese": "資料庫管理系統",
    "japanese": "灯台の入場券は五百円です",
    "korean": "등대관람료 안내",
    "thai": "ใบแจ้งค่าไฟฟ้าประจำเดือน",
    "russian": "Условия договоров аренды",
    "email": "Write an e-mail about co-operation.",
    "part-f": "Item AB-1234/5 rudder bearing",
    "part-g": "Item AB-5/1234 rudder bearing",
    "part-h": "Item AB-12345 rudder bearing",
    "part-a": "Item 02091-C-71 bilge pump",
    "part-c": "Item 02091-C-712 bilge pump",
    "w-2": "W-2 wage form",
    "w-4": "W-4 wage form, copy 2",
    "paid-a": "Total paid: 9,90 EUR",
    "paid-b": "Total paid: 19,90 EUR",
    "paid-c": "Total paid: 90,9 EUR",
    "paid-d": "Total paid: 1.000,20 EUR",
    "paid-e": "Total paid: 2.000,20 EUR",
    "date-a": "Date: 2025-11-03. Inspected: the port crane",
    "date-b": "Date: 2025-03-11. Inspected: the slipway winch",
    "cold": "Keep the fish at −18 °C",
    "warm": "Keep the fruit at 18 °C",
    "c-sharp": "A program in C# reads the log",
    "c": "A program in C reads the log",
    "who": "The WHO advises hospitals",
    "pronoun": "Those who ask it of us",
    "iso": "Certified by ISO 9001:2015",
    "iso-other": "Certified by ISO 9015:2001",
    "iban": "Pay to DE89 3704 0044 0532 0130 00",
    "isbn": "ISBN 978-3-16-148410-0",
    "isbn-other": "ISBN 978-3-16-148401-0",
    "vat": "USt-IdNr. DE 123 456 789",
    "phone": "Call +49 30 1234567",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("forms") / "home")
    writer = LibraryWriter(home)
    for name, text in PAGES.items():
        write_document(writer, name, text)
    return home


@pytest.fixture(scope="module")
def searcher(home: Home) -> Iterator[Searcher]:
    searcher = Searcher(home)
    yield searcher
    searcher.close()


def found(searcher: Searcher, query: str) -> list[str]:
    """Names of the documents with a word of the query, best first."""
    hits = searcher.search(query, top=len(PAGES))
    return [hit.page.document_name for hit in hits if hit.signals["bm25"] > 0]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("hafen kran", "german"),
        ("Hafenkranprüfung", "german"),
        ("Diesel", "german"),
        ("STRASSE", "german"),
        ("strasse", "german"),
        ("Prufung", "german"),
        ("A123BC", "plate"),
        ("Petrov", "switched"),
        ("OSullivan", "irish"),
        ("dartagnan", "irish"),
        ("O'Sullivan", "irish"),
        ("Dach", "german-roof"),
        ("Muell", "german-roof"),
        ("Motor", "german-roof"),
        ("Aussenbordmotor", "german-roof"),
        ("պայմանագիր", "armenian"),
        ("mueller", "names"),
        ("MÜLLER", "names"),
        ("muller", "names"),
        ("orsted", "names"),
        ("Göthe", "names"),
        ("resume", "french"),
        ("oeuvres", "french"),
        ("ÉTÉ", "french"),
        ("istanbul", "istanbul"),
        ("ıstanbul", "istanbul"),
        ("ısparta", "isparta"),
        ("Isparta", "isparta"),
        ("إيجار", "arabic"),
        ("ايجار", "arabic"),
        ("المدرسة", "arabic"),
        ("חוזה שכירות", "hebrew"),
        ("बिजली का बिल कितना है", "hindi"),
        ("数据库 管理", "chinese"),
        ("资料库", "chinese"),
        ("入場券", "japanese"),
        ("관람료", "korean"),
        ("등대 안내", "korean"),
        ("ค่าไฟฟ้า", "thai"),
        ("договор", "russian"),
        ("email", "email"),
        ("cooperation", "email"),
        ("e-mail", "email"),
    ],
)
def test_words_are_found_as_people_type_them(searcher: Searcher, query: str, first: str) -> None:
    assert found(searcher, query)[0] == first


def test_bare_consonants_are_no_match(searcher: Searcher) -> None:
    assert "hindi-other" not in found(searcher, "बिजली")


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("AB-1234/5", "part-f"),
        ("What is item AB-1234/5?", "part-f"),
        ("ab1234-5", "part-f"),
        ("AB-5/1234", "part-g"),
        ("AB-12345", "part-h"),
        ("AB12345", "part-h"),
        ("02091C71", "part-a"),
        ("02091-C-712", "part-c"),
        ("wage form W-2", "w-2"),
        ("W-4", "w-4"),
        ("9783161484100", "isbn"),
        ("978-3161484010", "isbn-other"),
        ("DE123456789", "vat"),
        ("9.90", "paid-a"),
        ("9,90 EUR", "paid-a"),
        ("1000.20", "paid-d"),
        ("1 000,20 EUR", "paid-d"),
        ("1,000.20", "paid-d"),
        ("3 November 2025", "date-a"),
        ("What was inspected on 3.11.2025?", "date-a"),
        ("11 mars 2025", "date-b"),
        ("2025년 11월 3일", "date-a"),
        ("-18 °C", "cold"),
        ("- 18 °C", "cold"),
        ("18 °C", "warm"),
        ("C#", "c-sharp"),
        ("WHO", "who"),
        ("ISO 9001", "iso"),
        ("iso 9001:2015", "iso"),
        ("DE89370400440532013000", "iban"),
        ("030 1234567", "phone"),
        ("+49 (0)30 123 45 67", "phone"),
    ],
)
def test_pages_with_the_whole_form_come_first(searcher: Searcher, query: str, first: str) -> None:
    hits = searcher.search(query, top=2)
    assert hits[0].page.document_name == first
    assert hits[0].score >= hits[1].score + 0.09


def test_the_form_as_printed_comes_before_another_print_of_it(tmp_path: Path) -> None:
    writer = LibraryWriter(home := Home(tmp_path / "home"))
    write_document(writer, "point", "Paid 9.90 at the kiosk of the ferry")
    write_document(writer, "comma", "Paid 9,90 at the kiosk")
    write_document(writer, "other", "Paid 99.0 at the kiosk")
    assert found(Searcher(home), "9.90")[:2] == ["point", "comma"]
    assert found(Searcher(home), "9,90")[:2] == ["comma", "point"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('"ended early by the tenant"', {"english"}),
        ("„ended early by the tenant“", {"english"}),
        ("« DER Hafenkran » lease", {"german"}),
        ("lease -dredged", {"scattered"}),
        ('lease -"ended early"', {"scattered"}),
        ("dredg* lease", {"english"}),
        ("lease AND dredged", {"english"}),
        ("dredged OR lapsed", {"english", "scattered"}),
        ("「管理系統」", {"chinese"}),
    ],
)
def test_query_syntax_restricts_the_pages(searcher: Searcher, query: str, names: set[str]) -> None:
    assert set(found(searcher, query)) == names


def test_a_phrase_that_no_page_has_is_plain_words(searcher: Searcher) -> None:
    assert {"english", "scattered"} <= set(found(searcher, '"lease of the tenant"'))


def test_a_page_that_is_left_out_is_not_found_by_another_word(searcher: Searcher) -> None:
    assert found(searcher, "dredged -berth") == []


@pytest.mark.parametrize(
    "query", ['"', "*", "-", '"" -""', 'a"b', "NEAR(x y)", "x^2 {y}", "title:x"]
)
def test_odd_queries_are_searched(searcher: Searcher, query: str) -> None:
    searcher.search(query)


def test_forms_are_candidates_where_not_every_page_is_scored(home: Home) -> None:
    searcher = Searcher(home, exhaustive_pages=1)
    assert found(searcher, "02091C71")[0] == "part-a"
    assert found(searcher, '"ended early by the tenant"') == ["english"]
    assert found(searcher, "lease -dredged") == ["scattered"]


def test_a_library_of_format_4_is_indexed_anew(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    write_document(LibraryWriter(home), "a", "Item AB-1234/5", title="Straße")
    with sqlite3.connect(home.database) as old:
        old.executescript(
            "DROP TABLE terms; DROP TABLE attachments; DROP TABLE unopened; DROP TABLE page_labels;"
            "PRAGMA user_version = 4;"
            "CREATE VIRTUAL TABLE terms USING fts5(title, body, tokenize = 'porter unicode61');"
            "INSERT INTO terms(rowid, title, body) SELECT row, '', 'item' FROM pages"
        )
    old.close()
    assert LibraryWriter(home).check() == []
    library = Library(home)
    assert library.match_pages('"identifier:ab1234-5:"') == library.match_pages('"strasse"')
    assert len(library.match_pages('"strasse"')) == 1
