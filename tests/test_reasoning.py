"""Reasoning between think tags is no part of a reply, in pieces of any size."""

from __future__ import annotations

import pytest

from generation.text.reasoning import (
    ReasoningFilter,
    is_reasoning_model,
    is_think_tag,
    opens_reasoning,
)


def read(text: str, size: int, **more: bool) -> str:
    reasoning = ReasoningFilter(**more)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return "".join(map(reasoning.feed, pieces)) + reasoning.close()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<think>one\ntwo</think>\n\nThree.", "Three."),
        ("\n<think>\n</think>\n\nNOT IN THE PAGES", "NOT IN THE PAGES"),
        ("<THINKING>a</thinking>b", "b"),
        ("[THINK]a[/THINK]b", "b"),
        ("<think>never closed", ""),
        ("</think>\nAfter.", "After."),
        ("First.\n<think>again</think>\nSecond.", "First.\n\nSecond."),
        ("<thinker> is a word, a < b", "<thinker> is a word, a < b"),
        ('The page prints "<think>" [1].', 'The page prints "<think>" [1].'),
        ("<", "<"),
        ("Plain\ntext.\n", "Plain\ntext.\n"),
    ],
)
def test_what_is_shown(text: str, shown: str, size: int) -> None:
    assert read(text, size) == shown


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_only_the_closing_tag(size: int) -> None:
    text = "Okay, the user wants the year.\nIt is 1888.</think>\n\nIn 1888."
    assert read(text, size, hold=True) == "In 1888."
    assert read(text, size, wary=True) == "In 1888."
    assert read("Okay, so it is.", size, wary=True) == "Okay, so it is."
    assert read("In 1888.", size, hold=True) == "In 1888."


@pytest.mark.parametrize("size", [1, 4, 1000])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It is 1888.\n</think>\n\nIn 1888.", "In 1888."),
        ("<think>\nIt is 1888.</think>In 1888.", "In 1888."),
        ("It is 1888, or perhaps", ""),
        ("a</think>b\n<think>c</think>\nd", "b\n\nd"),
    ],
)
def test_a_prompt_that_opens_the_reasoning(text: str, shown: str, size: int) -> None:
    assert read(text, size, opened=True, hold=True, wary=True) == shown


def test_what_follows_the_reasoning_streams() -> None:
    reasoning = ReasoningFilter(opened=True, hold=True)
    assert reasoning.feed("Okay, ") == ""
    assert reasoning.feed("1888.</think>The lens") == "The lens"
    assert reasoning.feed(" was repaired") == " was repaired"


def test_tags_and_prompts() -> None:
    assert all(map(is_think_tag, ("<think>", "</think>", "[THINK]", "[/THINK]", "</thought>")))
    assert not any(map(is_think_tag, ("<thinker>", "think", "<|im_end|>", "a<think>")))
    assert opens_reasoning("user: hi\nassistant: <think>\n")
    assert not opens_reasoning("<think>\n\n</think>\n\n")


def test_a_reply_that_is_no_reasoning_streams_at_once() -> None:
    reasoning = ReasoningFilter(wary=True)
    assert reasoning.feed("The lens was repaired") == "The lens was repaired"
    assert reasoning.feed(" in 1888.") == " in 1888."


def test_names() -> None:
    assert is_reasoning_model("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B")
    assert is_reasoning_model("Qwen/Qwen3-VL-8B-Thinking")
    assert not is_reasoning_model("qwen2.5vl")
