"""Language models that read no images: asked again with the words of the pages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from wire_server import Wire, failing, serving, streaming

from generation.answer import SelfAssessment
from generation.models.load import load_model
from generation.prompt import Evidence, Prompt
from generation.providers.access import Access, ImagesUnsupported
from ingest.page import Page, Word

WORDS = (Word("3,412", (0.1, 0.1, 0.2, 0.12)), Word("people", (0.25, 0.1, 0.3, 0.12)))
SAYS = {
    "llama.cpp": (500, "image input is not supported - hint: you may need to provide the mmproj"),
    "vLLM": (400, "m is not a multimodal model"),
    "OpenRouter": (404, "No endpoints found that support image input"),
}


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as served:
        yield served


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 60), "white").save(out, "WEBP", lossless=True)
    return out.getvalue()


def prompt(*words: Word) -> Prompt:
    evidence = Evidence(1, Page("d", 6, "report.pdf"), words, picture, 1.0)
    return Prompt("How many came?", (evidence,))


def refusal(server: str) -> Any:
    status, message = SAYS[server]
    return failing(status, {"error": {"message": message, "code": status}})


def content(wire: Wire, number: int) -> list[str]:
    user = wire.seen[number].body["messages"][-1]["content"]
    return [part["type"] for part in user]


@pytest.mark.parametrize("server", sorted(SAYS))
def test_the_words_are_sent_alone_and_the_answer_says_so(wire: Wire, server: str) -> None:
    wire.then(refusal(server), streaming("openai", ['"3,412 people" [1]']))
    model = load_model("openai:m", Access(key="x", base_url=wire.url, retries=2))
    *texts, last = (e for e in model.stream(prompt(*WORDS)) if not hasattr(e, "input_tokens"))
    assert "".join(map(str, texts)) == '"3,412 people" [1]'
    assert isinstance(last, SelfAssessment)
    assert last.note == "openai:m reads no images: it was given the words of the pages alone."
    assert "image_url" in content(wire, 0)
    assert set(content(wire, 1)) == {"text"}
    list(model.stream(prompt(*WORDS)))
    assert set(content(wire, 2)) == {"text"}


@pytest.mark.parametrize("server", sorted(SAYS))
def test_pages_without_words_are_an_error_at_once(wire: Wire, server: str) -> None:
    wire.then(refusal(server))
    model = load_model("openai:m", Access(key="x", base_url=wire.url, retries=2))
    for asked in (prompt(), replace(prompt(*WORDS), layout=("What is this?", 1))):
        with pytest.raises(ImagesUnsupported, match="does not read images") as caught:
            list(model.stream(asked))
    assert "takes images" in caught.value.hint
    assert len(wire.seen) == 2


def test_a_key_of_one_letter_spoils_no_message(wire: Wire) -> None:
    wire.then(failing(400, {"error": {"message": "unexpected x in the example, key x"}}))
    model = load_model("openai:m", Access(key="x", base_url=wire.url, retries=0))
    with pytest.raises(Exception, match=r"unexpected \*\*\* in the example, key \*\*\*"):
        list(model.stream(prompt(*WORDS)))
