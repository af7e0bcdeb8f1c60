"""Citations that a page or a model forges in any form: none comes out verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from cited_pages import PROMPT, answer, evidence

from generation.answer import Answer, SelfAssessment, Usage
from generation.ask import ask, stream_answer
from generation.attempt import UNCHECKED, UNCITED
from generation.context.prompt_template import build_request
from generation.models.model import ChatModel
from generation.prompt import Prompt

FORGED = [
    # A quote that spans two pages, or is stitched of two places.
    '"The keepers\' house is dry. The visitors count on three things" [1][2]',
    '"A visitor climbs 3.4 tonnes" [1]',
    '"142 steps ... 3.4 tonnes" [1]',
    '"142 steps […] The keepers\' house" [1]',
    '"142 steps" "3.5 tonnes" [2]',
    '"North: 900" [2]',
    '"North 1,200: 900" [2]',
    '"South | 1,200" [2]',
    '"East = 500" [2]',
    # Changed numbers, in every form of label.
    '**"143 steps"** [1]',
    '„143 steps“【1†source】',
    '[1]: "143 steps"',
    "| \'143 steps\' | [^1] |",
    '"climbs **143** steps" [1-2]',
    '"climbs 1**4**3 steps" [1]',
    '"143 steps [1]"',
    # The page of another label, and labels that no page has.
    '"142 steps" [2]',
    '"142 steps" [2-3]',
    '"light, fog and time" [1]',
    '"142 steps" [11], [0] and [9999]',
    '"142 steps" [11-40]',
    '[2] "142 steps"',
    '"142 steps" 【2】',
    # Apostrophes, and marks in the middle of words.
    "The keepers\' lamp is 143 steps up, it\'s the visitors\' [1]",
    "'90s keepers\' [2]",
    "rock 'n' roll\' [1]",
    # A label that is printed on a page, or quoted as if it were.
    '"as in \\"142 steps\\" [1], so it says" [2]',
    '"The sign says “143 steps” [1] today" [2]',
]  # fmt: skip


@pytest.mark.parametrize("text", FORGED)
def test_nothing_forged_is_verified(text: str) -> None:
    said = answer(text)
    assert not any(each.verified or each.boxes for each in said.citations)
    assert (said.grounded, said.support) == (False, 0)
    assert not said.declined
    assert said.note == (UNCHECKED if said.citations else UNCITED)
    assert {each.label for each in said.citations} <= set(range(1, 11))


def test_labels_that_a_page_prints_name_no_other_page() -> None:
    page = evidence(1, 'See "Nine hundred" [2] and 【2†source】 for it.')
    prompt = Prompt("?", (page, evidence(2, "The other page has words.")))
    text = 'It says "See "Nine hundred" [2] and 【2†source】 for it." [1]'
    said = ask(prompt, Scripted([text]))
    assert [(each.label, each.verified) for each in said.citations] == [(1, True)]


def test_an_unverified_citation_declines_nothing() -> None:
    said = answer('It has "143 steps" [1].')
    (citation,) = said.citations
    assert (citation.grounded, citation.verified) == ("none", False)
    assert (said.declined, said.grounded, said.support, said.note) == (False, False, 0, UNCHECKED)


def test_each_of_several_quotes_counts_for_its_claim() -> None:
    assert answer('It has "142 steps"\n[1]. It is old.').support == 0.5
    assert answer('It says "climbs 142\nsteps to the lamp" [1].').support == 1
    assert answer('[1]: "142 steps". [2]: "900 lamps".').support == 0.5
    assert answer('| "142 steps" | [1] |\n| "900 lamps" | [2] |').support == 0.5


@dataclass
class Scripted:
    """A model with a script of replies, and the prompts that it got."""

    replies: list[str]
    chat: ChatModel | None = None
    name: str = "scripted"
    uses_images: bool = True
    asked: list[Prompt] = field(default_factory=list)
    declines: bool = False

    def stream(self, prompt: Prompt) -> Iterator[str | Usage | SelfAssessment]:
        self.asked.append(prompt)
        yield self.replies[len(self.asked) - 1]
        yield Usage(self.name, 10, 2, cost=0.5)
        yield SelfAssessment(None, None, declined=self.declines)


class Chat:
    """A chat model that is there and is not asked."""

    name = "chat"


CHAT: ChatModel = Chat()  # type: ignore[assignment]


def asked_twice(*replies: str, **options: bool) -> tuple[Answer, Scripted]:
    model = Scripted([*replies], CHAT, **options)
    return ask(PROMPT, model), model


def test_an_answer_without_citations_is_asked_for_again() -> None:
    said, model = asked_twice("It has 142 steps.", 'It has "142 steps" [1].')
    assert (said.text, said.support, said.declined) == ('It has "142 steps" [1].', 1, False)
    assert said.question == PROMPT.question
    assert (said.usage.input_tokens, said.usage.output_tokens, said.usage.cost) == (20, 4, 1.0)
    request = build_request(model.asked[1], ())
    told = "\n".join(str(part) for turn in request.turns for part in turn.parts)
    assert "It has 142 steps." in told
    assert '"words as printed" [1]' in told


def test_it_is_asked_for_again_only_once() -> None:
    said, model = asked_twice("It has 142 steps.", "It really has.")
    assert len(model.asked) == 2
    assert (said.text, said.declined, said.grounded) == ("It has 142 steps.", False, False)
    assert (said.support, said.note) == (0, UNCITED)


@pytest.mark.parametrize(
    "text", ['"142 steps" [1]', '"143 steps" [1]', "It is high [1].", "„x“ 【2】"]
)
def test_an_answer_with_a_citation_is_not_asked_for_again(text: str) -> None:
    _, model = asked_twice(text)
    assert len(model.asked) == 1


def test_labels_of_no_page_are_no_citations() -> None:
    said, _ = asked_twice('"142 steps" [42]', '"142 steps" [1]')
    assert (said.support, said.dropped_labels) == (1, 0)


def test_a_refusal_is_not_asked_for_again() -> None:
    said, model = asked_twice("They do not say.", declines=True)
    assert (len(model.asked), said.declined) == (1, True)


def test_a_stream_is_not_asked_for_again() -> None:
    model = Scripted(["It has 142 steps."], CHAT)
    *pieces, last = stream_answer(PROMPT, model)
    assert pieces == ["It has 142 steps."]
    assert isinstance(last, Answer)
    assert (last.declined, last.grounded, len(model.asked)) == (False, False, 1)


def test_a_second_answer_counts_where_the_first_is_empty() -> None:
    said, model = asked_twice(" ", "It has 142 steps.")
    assert len(model.asked) == 2
    assert (said.text, said.declined, said.grounded) == ("It has 142 steps.", False, False)


def test_nothing_written_or_nothing_shown_is_no_answer() -> None:
    silent, _ = asked_twice("", "\n")
    assert (silent.declined, silent.grounded) == (True, False)
    unshown = ask(Prompt("?", ()), Scripted(["It has 142 steps."], CHAT))
    assert (unshown.declined, unshown.grounded) == (True, False)
