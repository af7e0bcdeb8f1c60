"""Questions for pages by number and for summaries, in several languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pymupdf
import pytest

from api.factory import make_model, make_searcher
from api.rag.answer import answer_query
from api.rag.evidence import retrieve_evidence
from api.settings import Settings
from generation.answer import Answer
from generation.prompt import Message
from ingest.add import AddSettings, add
from ingest.files.render import RenderSettings
from ingest.filter import PageFilter
from ingest.library.home import Home
from retrieval.query.page_question import read_page_question
from retrieval.search import Searcher

MODEL = make_model(Settings.model_construct())

NO_OCR = RenderSettings(dpi=40, ocr="none")


@pytest.mark.parametrize(
    ("question", "labels", "rest"),
    [
        ("What does page 3 of the harbour guide say?", ("3",), "harbour guide"),
        ("What is on page 3?", ("3",), ""),
        ("Read me p. 12", ("12",), ""),
        ("What is printed on the third page?", ("3",), ""),
        ("What does page three say?", ("3",), ""),
        ("What's on the last page of the tide tables?", ("last",), "tide tables"),
        ("What do pages 3 to 5 say?", ("3", "4", "5"), ""),
        ("What do pages 3 and 7 say?", ("3", "7"), ""),
        ("What is on page iv?", ("iv",), ""),
        ("What is on page A-3?", ("a-3",), ""),
        ("What is on page App-B?", ("app-b",), ""),
        ("What is on page 2-3?", ("2-3", "2", "3"), ""),
        ("What do pages 3–5 say?", ("3-5", "3", "4", "5"), ""),
        ("Who is named on page 3?", ("3",), "who named"),
        ("Was steht auf Seite 3 des Hafenführers?", ("3",), "hafenführers"),
        ("Was steht auf der letzten Seite?", ("last",), ""),
        ("Was steht auf der vorletzten Seite?", ("last but one",), ""),
        ("What is on the second to last page of the guide?", ("last but one",), "guide"),
        ("¿Qué dice la penúltima página?", ("last but one",), ""),
        ("끝에서 두 번째 페이지에 뭐가 있어?", ("last but one",), ""),
        ("Was steht auf der 3. Seite?", ("3",), ""),
        ("Que dit la page 3 ?", ("3",), ""),
        ("Qu'est-ce qu'il y a sur la dernière page ?", ("last",), ""),
        ("¿Qué dice la página 3?", ("3",), ""),
        ("¿Qué hay en la última página?", ("last",), ""),
        ("Cosa dice la pagina 3?", ("3",), ""),
        ("O que diz a página 3?", ("3",), ""),
        ("Sayfa 3'te ne yazıyor?", ("3",), ""),
        ("Co je na straně 3?", ("3",), ""),
        ("Co je na třetí straně?", ("3",), ""),
        ("Mi van a 3. oldalon?", ("3",), ""),
        ("Hvad står der på side 3?", ("3",), ""),
        ("Vad handlar sidan 3 om?", ("3",), ""),
        ("Wat zegt pagina 3?", ("3",), ""),
        ("Що написано на сторінці 3?", ("3",), ""),
        ("Что на третьей странице?", ("3",), ""),
        ("Trang 3 viết gì?", ("3",), ""),
        ("หน้า 3 เขียนว่าอะไร", ("3",), ""),
        ("ما المكتوب في الصفحة 3؟", ("3",), ""),
        ("3쪽에는 뭐라고 써 있나요?", ("3",), ""),
        ("3ページの内容は？", ("3",), ""),
        ("3. sayfada ne yazıyor?", ("3",), ""),
        ("Что написано на странице 3?", ("3",), ""),
        ("3ページには何が書いてありますか？", ("3",), ""),
        ("第3页写了什么？", ("3",), ""),
        ("第三頁寫了什麼？", ("3",), ""),
        ("3쪽에는 무엇이 쓰여 있습니까?", ("3",), ""),
        ("3페이지 내용 알려줘", ("3",), ""),
        ("마지막 페이지에는 뭐가 있어?", ("last",), ""),
        ("ماذا يوجد في الصفحة 3؟", ("3",), ""),
        ("ماذا يوجد في صفحة ٣؟", ("3",), ""),
        ("מה כתוב בעמוד 3?", ("3",), ""),
        ("पृष्ठ 3 पर क्या लिखा है?", ("3",), ""),
        ("slide 14", ("14",), ""),
        ("Was steht auf Folie 14?", ("14",), ""),
        ("スライド14", ("14",), ""),
        ("슬라이드 14에 뭐가 있어?", ("14",), ""),
        ("14번 슬라이드", ("14",), ""),
    ],
)
def test_questions_for_pages(question: str, labels: tuple[str, ...], rest: str) -> None:
    asked = read_page_question(question)
    assert asked is not None
    assert (asked.kind, asked.labels, asked.rest) == ("pages", labels, rest)


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("Summarise the harbour guide", "harbour guide"),
        ("Give me a summary of the harbour guide.", "harbour guide"),
        ("What is the harbour guide about?", "harbour guide"),
        ("Summarize this document", ""),
        ("Fasse den Hafenführer zusammen", "hafenführer"),
        ("Résume ce document", ""),
        ("Resume este documento", ""),
        ("Riassumi il documento", ""),
        ("Bu belgeyi özetle", "belgeyi"),
        ("Кратко перескажи документ", "перескажи"),
        ("この文書を要約してください", ""),
        ("请总结这份文档", ""),
        ("이 문서를 요약해 주세요", ""),
        ("لخص هذا المستند", ""),
        ("סכם את המסמך", ""),
        ("इस दस्तावेज़ का सारांश", ""),
        ("What does -tides.pdf say?", "tides.pdf"),
        ("What is in the file tides v2.pdf?", "tides v2.pdf"),
        ("Was steht in Hafenführer.pdf?", "hafenführer.pdf"),
        ("Que contient facture.pdf ?", "facture.pdf"),
        ("영수증.pdf에 뭐라고 적혀 있나요?", "영수증.pdf"),
        ("潮汐.pdfには何が書いてありますか？", "潮汐.pdf"),
        ("What does tide-tables.pdf say?", "tide-tables.pdf"),
        ("Was steht in Preise 2024.xlsx?", "preise 2024.xlsx"),
        ("What is the total in bill.pdf?", "total bill.pdf"),
    ],
)
def test_requests_for_a_summary(question: str, rest: str) -> None:
    asked = read_page_question(question)
    assert asked is not None
    assert (asked.kind, asked.rest) == ("summary", rest)


@pytest.mark.parametrize(
    "question",
    [
        "How many pages has the guide?",
        "Does the report have 12 pages?",
        "Who wrote the front page story?",
        "Wie viele Seiten hat der Bericht?",
        "On which page is the crane?",
        "What happened in 2024?",
        "What did the fund return, 3 or 4 percent?",
        "このページは何ページありますか",
        "When did Page join in 1998?",
        "Landslides of 14 towns",
    ],
)
def test_other_questions(question: str) -> None:
    asked = read_page_question(question)
    assert asked is None or asked.labels == ("1998",)


# --- answers


def guide(path: Path, name: str, *texts: str, labels: bool = False) -> None:
    with pymupdf.open() as pdf:
        for text in texts:
            page = pdf.new_page()
            page.insert_textbox((60, 60, 540, 800), text, fontsize=12)
        if labels:
            pdf.set_page_labels(
                [
                    {"startpage": 0, "prefix": "", "style": "r", "firstpagenum": 1},
                    {"startpage": 2, "prefix": "", "style": "D", "firstpagenum": 1},
                ]
            )
        pdf.save(path / name)


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    files = tmp_path_factory.mktemp("files")
    guide(
        files,
        "harbour-guide.pdf",
        "Harbour guide\nThis guide is for visiting crews.",
        "Showers and laundry\nShowers open at six; tokens cost two crowns at the kiosk.",
        "Waste and fuel\nOil goes into the red tank behind the crane. Fuel is sold until noon.",
        "Noise\nGenerators are off after ten in the evening.",
    )
    guide(
        files,
        "tide-tables.pdf",
        "Preface\nThese tables were reckoned by hand.",
        "Thanks\nThe printer is thanked.",
        "January\nHigh water is at four.",
        "February\nHigh water is at nine.",
        labels=True,
    )
    home = Home(tmp_path_factory.mktemp("home"))
    list(add(home, [files], AddSettings(NO_OCR, ("minilm",), 1)))
    searcher = make_searcher(home, Settings.model_construct())
    yield searcher
    searcher.close()


def ask(searcher: Searcher, question: str, *documents: str) -> Answer:
    return answer_query(searcher, MODEL, question, top=5, documents=documents or None).answer


def cited(answer: Answer) -> set[int]:
    assert not answer.declined
    assert all(citation.verified for citation in answer.citations)
    return {citation.page.number for citation in answer.citations}


def test_a_page_by_its_number(searcher: Searcher) -> None:
    answer = ask(searcher, "What does page 3 of the harbour guide say?")
    assert "red tank" in answer.text
    assert "Fuel is sold until noon." in answer.text
    assert cited(answer) == {3}
    assert cited(ask(searcher, "What is on page 2?", "harbour-guide.pdf")) == {2}
    assert cited(ask(searcher, "Was steht auf Seite 4?", "harbour-guide.pdf")) == {4}


def test_a_printed_label_counts_before_the_place_in_the_file(searcher: Searcher) -> None:
    answer = ask(searcher, "What does page 1 of the tide tables say?")
    assert "High water is at four." in answer.text
    [citation, *_] = answer.citations
    assert str(citation.page) == "tide-tables.pdf, page 3 (labelled 1)"
    assert "printer" in ask(searcher, "What is on page ii of the tide tables?").text


def test_a_number_with_its_chapter_is_a_label_or_printed_on_the_page(tmp_path: Path) -> None:
    trees = "alder birch cedar durian elm fir".split()
    for name in ("labelled", "printed", "plain"):
        pdf = pymupdf.open()
        for number, tree in enumerate(trees):
            page = pdf.new_page()
            page.insert_text((60, 100), f"This leaf is about the {tree}.")
            if name == "printed":
                page.insert_text((280, 815), f"{1 + number // 3}-{1 + number % 3}")
        if name == "labelled":
            parts = [(0, "1-"), (3, "2-")]
            pdf.set_page_labels(
                [
                    {"startpage": at, "prefix": of, "style": "D", "firstpagenum": 1}
                    for at, of in parts
                ]
            )
        pdf.save(tmp_path / f"{name}.pdf")
    home = Home(tmp_path / "home")
    list(add(home, [tmp_path], AddSettings(encoders=("minilm",), workers=1, render=NO_OCR)))
    searcher = Searcher(home)
    for name in ("labelled", "printed"):
        assert cited(ask(searcher, f"What is on page 2-2 of {name}.pdf?")) == {5}
        assert searcher.search(f"page 2-2 of {name}.pdf")[0].page.number == 5
    assert cited(ask(searcher, "What is on pages 2-3 of plain.pdf?")) == {2, 3}
    searcher.close()


def test_a_question_about_a_page_is_answered_from_that_page(searcher: Searcher) -> None:
    answer = ask(searcher, "When is high water on page 2 of the tide tables?")
    assert "at nine" in answer.text
    assert cited(answer) == {4}


def test_a_summary_has_sentences_of_several_pages(searcher: Searcher) -> None:
    answer = ask(searcher, "Summarise the harbour guide")
    assert cited(answer) == {1, 2, 3, 4}
    for word in ("crews", "Showers", "Oil", "Generators"):
        assert word in answer.text


def test_a_file_that_is_named_alone_is_summed_up(searcher: Searcher) -> None:
    answer = ask(searcher, "What does tide-tables.pdf say?")
    assert {citation.page.document_name for citation in answer.citations} == {"tide-tables.pdf"}
    answer = ask(searcher, "When is high water in January, in tide-tables.pdf?")
    assert "High water is at four." in answer.text


def test_a_page_that_is_not_there_is_no_page_question(searcher: Searcher) -> None:
    answer = ask(searcher, "What does page 300 of the harbour guide say?")
    assert 300 not in {citation.page.number for citation in answer.citations}


def test_a_page_is_found_by_the_number_that_it_shows(tmp_path: Path) -> None:
    """Of an excerpt: the file has neither labels nor so many pages."""
    with pymupdf.open() as pdf:
        for number, leaf in ((47, "gorse"), (48, "heath"), (49, "iris")):
            page = pdf.new_page()
            page.insert_text((60, 80), f"Body text of leaf {leaf} in this book.")
            page.insert_text((280, 815), f"- {number} -", fontsize=9)
        pdf.save(tmp_path / "excerpt.pdf")
    home = Home(tmp_path / "home")
    list(add(home, [tmp_path / "excerpt.pdf"], AddSettings(NO_OCR, ("minilm",), 1)))
    searcher = make_searcher(home, Settings.model_construct())
    answer = ask(searcher, "Was steht auf Seite 48?")
    assert cited(answer) == {2}
    assert "heath" in answer.text
    searcher.close()


def test_a_page_may_be_asked_for_in_a_conversation(searcher: Searcher) -> None:
    history = [Message("user", "What does page 3 of the harbour guide say?")]
    answered = answer_query(searcher, MODEL, "And page 4?", top=5, history=history)
    assert cited(answered.answer) == {4}
    assert "Generators" in answered.answer.text


def test_the_document_whose_whole_name_is_said_is_meant(
    tmp_path: Path,
) -> None:
    for name in ("harbour-guide.pdf", "harbour-guide-winter.pdf", "guide.pdf"):
        guide(tmp_path, name, f"First page of {name}.", f"Second page of {name}.")
    home = Home(tmp_path / "home")
    list(add(home, [*tmp_path.glob("*.pdf")], AddSettings(NO_OCR, ("minilm",), 1)))
    searcher = make_searcher(home, Settings.model_construct())
    for question, name in (
        ("What is on page 2 of the harbour guide?", "harbour-guide.pdf"),
        ("Summarise the winter harbour guide", "harbour-guide-winter.pdf"),
        ("What does page 2 of harbour-guide-winter.pdf say?", "harbour-guide-winter.pdf"),
    ):
        pages = {citation.page for citation in ask(searcher, question).citations}
        assert {page.document_name for page in pages} == {name}
    searcher.close()


def test_a_page_question_keeps_to_the_filter(searcher: Searcher) -> None:
    question = "What does page 3 of the harbour guide say?"
    tagged = PageFilter(tags=("tanks",))
    evidence = retrieve_evidence(searcher, question, MODEL, top=5, filter=tagged)
    assert not evidence.hits
    inside = PageFilter(first=3, last=3)
    assert answer_query(searcher, MODEL, question, top=5, filter=inside).evidence.hits
