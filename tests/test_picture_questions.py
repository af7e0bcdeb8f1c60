"""Seventeen questions about one photo: each reaches the model, each right answer counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from api.factory import make_searcher
from api.rag.answer import answer_query
from api.settings import Settings
from generation.answer import Usage
from generation.context.limits import Limits
from generation.models.chat_vision import ChatVisionModel
from generation.request import Request
from ingest.add import AddSettings, add
from ingest.files.render import RenderSettings
from ingest.library.home import Home
from retrieval.search import Searcher

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
QUESTIONS = [
    ("What is in this picture?", "A red bicycle leans against a brick wall [1]."),
    ("What colour is the bicycle?", "It is red [1]."),
    ("How many wheels can be seen?", "Two wheels [1]."),
    ("Is anybody riding it?", "No, nobody is on it [1]."),
    ("What is the wall made of?", "The wall is made of bricks [1]."),
    ("What is the weather like?", "It looks dry and bright [1]."),
    ("Is this indoors or outdoors?", "Outdoors [1]."),
    ("Describe the mood.", "Quiet and still [1]."),
    ("Which colours dominate?", "Red, brown and grey [1]."),
    ("Does it have a basket?", "There is no basket [1]."),
    ("Where is the saddle?", "The saddle is above the rear wheel [1]."),
    ("What could be improved about this photo?", "The bicycle could be less central [1]."),
    ("Write an alt text.", "A bicycle beside a wall [1]."),
    ("자전거는 무슨 색인가요?", "빨간색입니다 [1]."),
    ("이 사진에 무엇이 있나요?", "벽 앞에 자전거가 있습니다 [1]."),
    ("Was ist auf dem Bild zu sehen?", "Ein Fahrrad vor einer Mauer [1]."),
    ("这张照片里有什么？", "一辆自行车靠在墙边 [1]。"),
]


class Scripted:
    """Chat model that says one thing and keeps what it was asked."""

    name = "scripted:model"
    limits = Limits(max_images=5)

    def __init__(self, text: str) -> None:
        self.text = text
        self.seen: list[Request] = []

    def reply(self, request: Request) -> Iterator[str | Usage]:
        self.seen.append(request)
        yield self.text


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    """A photo among documents, so that no other page is near the questions."""
    folder = tmp_path_factory.mktemp("photos")
    with Image.open(SAMPLES / "bicycle-wall.png") as photo:
        photo.save(folder / "street.png")
    home = Home(tmp_path_factory.mktemp("home"))
    settings = AddSettings(render=RenderSettings(ocr="none"), workers=1)
    list(add(home, [folder, SAMPLES / "project-deck.pdf"], settings))
    searcher = make_searcher(home, Settings.model_construct())
    yield searcher
    searcher.close()


@pytest.mark.parametrize(("question", "answer"), QUESTIONS)
def test_a_right_answer_about_a_named_photo_counts(
    searcher: Searcher, question: str, answer: str
) -> None:
    model = Scripted(answer)
    answered = answer_query(
        searcher, ChatVisionModel(model), question, top=5, documents=["street.png"]
    )
    assert model.seen
    assert not answered.answer.declined
    assert answered.answer.citations[0].grounded in {"seen", "region"}
    assert not answered.answer.citations[0].verified


def test_a_named_page_of_words_is_shown_too(searcher: Searcher) -> None:
    model = Scripted("It is blue [1].")
    question = "What colour is the elephant's umbrella?"
    answer_query(searcher, ChatVisionModel(model), question, top=3, documents=["project-deck.pdf"])
    assert model.seen


def test_a_file_named_in_the_question_is_shown(searcher: Searcher) -> None:
    model = Scripted("A bicycle [1].")
    question = "Who painted project-deck.pdf in oil?"
    answer_query(searcher, ChatVisionModel(model), question, top=3)
    assert model.seen
