"""The glossary: line items of a ratio, for BM25 and candidates alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from make_library import write_document

from ingest.library.home import Home
from ingest.library.writer import LibraryWriter
from retrieval.query.glossary.glossary_file import GLOSSARY, InvalidGlossary, load_glossary
from retrieval.query.lexical import LexicalQuery
from retrieval.search import Searcher

BALANCE = "As of 31 December: cash and cash equivalents 120 total assets 900 total liabilities 400"
MENTION = "The return of the fleet: what the board made of its ships, on the whole"
PAGES = {"balance": BALANCE, "mention": MENTION, "other": "The harbour is dredged in May"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    writer = LibraryWriter(home)
    for name, text in PAGES.items():
        write_document(writer, name, text)
    return home


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is the return on assets in 2019?", {'"net income"', '"total assets"'}),
        ("ROA of the group", {'"net income"', '"total assets"'}),
        ("the effective tax rates", {'"income before taxes"', '"tax expense"'}),
        ("the acid-test ratio", {'"current liabilities"', '"inventories"'}),
        ("How much was capex?", {'"purchases of property and equipment"'}),
        ("advertising expense to sales ratio", {'"advertising costs"', '"revenue"'}),
        ("2023년 총자산이익률은 얼마인가요?", {'"순이 이익"', '"total assets"'}),
    ],
)
def test_a_ratio_is_expanded_into_its_line_items(question: str, expected: set[str]) -> None:
    assert expected <= set(load_glossary(Path("nowhere")).expand(question))


@pytest.mark.parametrize(
    "question",
    [
        "How were the sales of tickets in May?",
        "Which roads lead to the harbour?",
        "roa and roe",
        "WHO PAYS THE R&D LAB?",
        "What is the aspect ratio of the picture?",
        "What is the current speed?",
        "등대 관람료는 얼마인가요?",
        "",
    ],
)
def test_a_question_without_a_name_of_the_glossary_is_the_same_query(question: str) -> None:
    glossary = load_glossary(Path("nowhere"))
    assert LexicalQuery.of(question, glossary=glossary) == LexicalQuery.of(question)


def test_a_longer_name_stands_for_itself_alone() -> None:
    glossary = load_glossary(Path("nowhere"))
    assert glossary.expand("the quick ratio") != glossary.expand("the current ratio")
    assert '"total assets"' not in glossary.expand("sales to stockholder equity ratio")


def test_names_are_not_asked_for_twice() -> None:
    phrases = load_glossary(Path("nowhere")).expand("What is the net profit margin on net income?")
    assert '"net income"' not in phrases
    assert {'"net earnings"', '"revenue"'} <= set(phrases)
    assert len(phrases) == len(set(phrases))
    assert not {'"net revenue"', '"total revenues"', '"revenues"'} & set(phrases)


def test_only_the_words_looked_for_change() -> None:
    question = "What is the return on assets?"
    plain = LexicalQuery.of(question)
    wide = LexicalQuery.of(question, glossary=load_glossary(Path("nowhere")))
    assert wide.expansions
    assert (wide.text, wide.terms, wide.forms) == (plain.text, plain.terms, plain.forms)


def test_a_statement_is_found_by_the_ratio(home: Home) -> None:
    searcher = Searcher(home)
    hits = searcher.search("debt ratio", top=1)
    assert [hit.page.document_name for hit in hits] == ["balance"]
    searcher.close()


def test_a_ratio_is_among_the_candidates_of_a_large_library(home: Home) -> None:
    searcher = Searcher(home, exhaustive_pages=1)
    assert [r.page.document_name for r in searcher.rank("debt ratio").pages] == ["balance"]
    searcher.close()


def test_the_home_adds_entries(home: Home) -> None:
    (home.root / GLOSSARY).write_text(
        '[[ratio]]\nnames = ["berth occupancy"]\nitems = ["dredged"]\n', encoding="utf-8"
    )
    searcher = Searcher(home)
    hits = searcher.search("berth occupancy", top=1)
    assert [hit.page.document_name for hit in hits] == ["other"]
    searcher.close()


@pytest.mark.parametrize(
    "text",
    [
        "names = ",
        '[[ratios]]\nnames = ["a"]\nitems = ["b"]',
        '[[item]]\nnames = "cash"',
        '[[item]]\nname = ["cash"]',
        '[[ratio]]\nnames = ["cash ratio"]',
        '[[item]]\nnames = ["???"]',
        "item = 3",
    ],
)
def test_a_file_that_is_no_glossary_is_an_error_that_names_it(home: Home, text: str) -> None:
    (home.root / GLOSSARY).write_text(text, encoding="utf-8")
    with pytest.raises(InvalidGlossary, match="glossary.toml"):
        Searcher(home)
