"""Yes-or-no questions: answered where the page is about what they ask of."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

from api.factory import make_model, make_searcher
from api.rag.answer import answer_query
from api.settings import Settings
from generation.answer import Answer
from ingest.add import AddSettings, add
from ingest.library.home import Home
from retrieval.search import Searcher

RULES = (
    "House rules of the ferry\nDogs are allowed on the upper deck. Dogs are not allowed in the"
    " cabin or the saloon.\nBicycles are allowed on the car deck. Scooters are not allowed on"
    " board.\nAll shops take cards except the bakery, which takes cash only.\nSmoking is forbidden"
    " everywhere.\nChildren under six travel free."
)


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    path: Path = tmp_path_factory.mktemp("files") / "rules.pdf"
    with pymupdf.open() as pdf:
        pdf.new_page().insert_textbox((60, 60, 540, 800), RULES, fontsize=12)
        pdf.save(path)
    home = Home(tmp_path_factory.mktemp("home"))
    list(add(home, [path], AddSettings(encoders=("minilm",), workers=1)))
    return make_searcher(home, Settings.model_construct())


def ask(searcher: Searcher, question: str) -> Answer:
    model = make_model(Settings.model_construct())
    return answer_query(searcher, model, question, top=3).answer


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("Are dogs allowed in the cabin?", "Dogs are not allowed in the cabin or the saloon."),
        ("Are dogs allowed on the upper deck?", "Dogs are allowed on the upper deck."),
        ("Are large dogs allowed in the cabin?", "Dogs are not allowed in the cabin"),
        ("Are bikes allowed on the car deck?", "Bicycles are allowed on the car deck."),
        ("Are scooters allowed on board?", "Scooters are not allowed on board."),
        ("Do all shops take cards?", "All shops take cards except the bakery"),
        ("Is smoking allowed?", "Smoking is forbidden everywhere."),
        ("Do kids travel free?", "Children under six travel free."),
        ("Can I bring my dog into the saloon?", "Dogs are not allowed in the cabin"),
    ],
)
def test_what_the_page_says_is_quoted(searcher: Searcher, question: str, quote: str) -> None:
    answer = ask(searcher, question)
    assert not answer.declined
    assert quote in answer.text.partition("\n")[0]


@pytest.mark.parametrize(
    "question",
    ["Are cats allowed in the saloon?", "Are drones allowed on board?", "Is a horse allowed?"],
)
def test_what_is_said_of_others_is_no_answer(searcher: Searcher, question: str) -> None:
    assert ask(searcher, question).declined
