"""OpenAI's chat protocol: its own SDK against a real server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from test_ask_events import FOLLOW_UP, LENS, Scripted, serving

from api.rag.footnotes import without_footnotes, write_footnotes
from generation.answer import Citation
from generation.providers.access import Overloaded
from ingest.library.home import Home
from ingest.page import Page

TOKEN = "s3cret-token"


@pytest.fixture(scope="module")
def url(sample_home: Home) -> Iterator[str]:
    with serving(sample_home, token=SecretStr(TOKEN)) as url:
        yield url


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key=TOKEN, max_retries=0) as client:
        yield client


def test_a_cited_conversation(client: openai.OpenAI, url: str) -> None:
    said: list[Any] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": LENS},
    ]
    first = client.chat.completions.create(model="pageglass", messages=said, temperature=0)
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "stop"
    assert message.content is not None
    assert "Hanneke Vos" in message.content
    assert "[1] [annual-report.pdf, page 4](" in message.content
    assert message.annotations
    cited = message.annotations[0].url_citation
    assert message.content[cited.start_index : cited.end_index] == cited.url
    picture = httpx2.get(cited.url, headers={"Authorization": f"Bearer {TOKEN}"})
    assert picture.headers["content-type"] == "image/webp"
    assert message.model_extra is not None
    assert message.model_extra["citations"][0]["verified"]

    said += [
        {"role": "assistant", "content": message.content},
        {"role": "user", "content": [{"type": "text", "text": FOLLOW_UP}]},
    ]
    chunks = list(
        client.chat.completions.create(
            model="pageglass/annual-report.pdf",
            messages=said,
            stream=True,
            stream_options={"include_usage": True},
            extra_body={"top": 3},
        )
    )
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert "annual-report.pdf, page" in text
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert len({c.id for c in chunks}) == 1
    cited_chunks = [c for c in chunks if c.choices and c.choices[0].delta.model_extra]
    (extra,) = [c.choices[0].delta.model_extra for c in cited_chunks]
    assert extra is not None
    assert extra["citations"][0]["verified"]
    assert len(extra["annotations"]) == len(extra["citations"])


def test_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["pageglass"]
    assert client.models.retrieve("pageglass/sailboat.png").id == "pageglass/sailboat.png"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-5")


@pytest.mark.parametrize(
    "wanted",
    [
        {"n": 2},
        {"logprobs": True},
        {"tool_choice": "required"},
        {"response_format": {"type": "json_object"}},
        {"messages": []},
        {"messages": [{"role": "assistant", "content": "x"}]},
        {"messages": [{"role": "user", "content": " "}]},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": "data:image/png,x"}}],
                }
            ]
        },
    ],
)
def test_refused(client: openai.OpenAI, wanted: dict[str, Any]) -> None:
    asked: dict[str, Any] = {
        "model": "pageglass",
        "messages": [{"role": "user", "content": LENS}],
        **wanted,
    }
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(**asked)
    assert refused.value.type == "invalid_request_error"
    assert isinstance(refused.value.body, dict)
    assert refused.value.body["message"]


def test_errors_in_their_shape(client: openai.OpenAI, url: str) -> None:
    said: Any = [{"role": "user", "content": LENS}]
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="gpt-5", messages=said)
    assert unknown.value.code == "chat_model_not_found"
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="pageglass/none.pdf", messages=said)
    with pytest.raises(openai.APIStatusError, match="reads no whole document"):
        client.chat.completions.create(
            model="pageglass/annual-report.pdf", messages=said, extra_body={"whole": True}
        )
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.models.list()


def test_a_fault_on_the_way(sample_home: Home) -> None:
    fault = Overloaded("It has too much to do.", hint="Come back later.")
    with (
        serving(sample_home, Scripted(["Well, ", fault])) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client,
    ):
        stream = client.chat.completions.create(
            model="pageglass", messages=[{"role": "user", "content": LENS}], stream=True
        )
        with pytest.raises(openai.APIError, match="too much to do"):
            list(stream)


@given(st.text(), st.lists(st.tuples(st.integers(1, 9), st.text()), max_size=3))
def test_footnotes_come_off_again(text: str, quotes: list[tuple[int, str]]) -> None:
    page = Page("8c1f0a5be2d94c7713aa", 3, "a [b](c).pdf")
    box = (0.1, 0.2, 0.3, 0.4)
    cited = [Citation(label, page, quote, (box,), verified=True) for label, quote in quotes]
    body = without_footnotes(text)
    assert without_footnotes(body + write_footnotes(cited, "http://127.0.0.1:8000/")) == body
